// The seeded corpora of the benchmarks of base64: the same bytes on every machine and in every
// language (bench_base64 --write_corpora=DIR).
#pragma once

#include <cstdint>
#include <map>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>

namespace jobqueue::benchmarks {

inline constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// Text from a seed; the same on every machine.
class maker {
 public:
  std::string base64(std::size_t chars) {
    std::string out(chars, '\0');
    for (char& c : out) c = alphabet[engine_() >> 58U];
    return out;
  }
  std::string png(std::size_t chars) {
    return "iVBORw0KGgoAAAANSUhEUgAAAQAAAAEACAYAAABc" + base64(chars);
  }
  std::string hex(std::size_t digits) {
    std::string out(digits, '\0');
    for (char& c : out) c = "0123456789abcdef"[engine_() >> 60U];
    return out;
  }
  std::uint64_t number(std::uint64_t below) { return engine_() % below; }
  std::string uuid() { return hex(8) + "-" + hex(4) + "-" + hex(4) + "-" + hex(4) + "-" + hex(12); }
  std::string words(std::size_t count) {
    static constexpr std::string_view list[] = {
        "a",      "photo",  "of",     "mountain", "lake", "sunset", "cinematic", "light",
        "detail", "forest", "render", "portrait", "\\n",  "4k",     "the",       "style"};
    std::string out;
    for (std::size_t i = 0; i < count; ++i) {
      if (i != 0) out += ' ';
      out += list[engine_() >> 60U];
    }
    return out;
  }
  // A job as queues hold them, about 1.2 KB.
  std::string job(const std::string& image = {}) {
    std::string out = R"({"id":")" + uuid() + R"(","type":"text2img","status":"completed",)" +
                      R"("created_at":"2025-09-20T12:34:56.789Z","attempt":)" +
                      std::to_string(number(4)) + R"(,"worker_id":"worker-)" +
                      std::to_string(number(100)) + R"(","payload":{"prompt":")" + words(60) +
                      R"(","seed":)" + std::to_string(engine_() >> 12U) +
                      R"(,"steps":30,"cfg":7.5,"url":"https://cdn.example.com/generations/)" +
                      uuid() + R"(_r1.png","model":"sdxl-base-1.0","size":[1024,1024]},)" +
                      R"("checksum":")" + hex(64) + R"(","history":[)";
    for (int i = 0; i < 4; ++i) {
      out += (i == 0 ? "" : ",") + std::string(R"({"at":)") +
             std::to_string(1758370000000 + number(100000000)) +
             R"(,"event":"progress","node":"KSampler","value":)" + std::to_string(number(100)) +
             "}";
    }
    out += "]";
    if (!image.empty()) out += R"(,"result":{"image_url":null,"image":")" + image + "\"}";
    return out + "}";
  }

 private:
  std::mt19937_64 engine_{20261123};
};

inline std::string array_of(std::size_t bytes, maker& make, std::size_t least_image,
                            std::size_t most_image) {
  std::string out = "[";
  while (out.size() < bytes) {
    if (out.size() > 1) out += ',';
    out +=
        make.job(most_image == 0 ? std::string()
                                 : make.png(least_image + make.number(most_image - least_image)));
  }
  return out + "]";
}

inline std::string escaped(std::string_view json) {
  std::string out;
  for (const char c : json) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

inline std::string repeated(std::string_view part, std::size_t bytes) {
  std::string out;
  while (out.size() < bytes) out += part;
  return out;
}

// The corpus of that name, made at the first call; `bytes` is the size of a worst case.
inline const std::string& corpus(const std::string& name, std::size_t bytes = 0) {
  static std::map<std::string, std::string> made;
  std::string& text = made[name + std::to_string(bytes)];
  if (!text.empty()) return text;
  maker make;
  if (name == "clean_job_6kB") {
    text = array_of(6000, make, 0, 0);
  } else if (name == "clean_dump_7MB") {
    text = array_of(7000000, make, 0, 0);
  } else if (name == "images_1MB") {
    text = array_of(1300000, make, 20000, 200000);
  } else if (name == "image_1MB") {
    text = make.job(make.png(1000000));
  } else if (name == "images_15MB") {
    text = array_of(15000000, make, 100000, 1000000);
  } else if (name == "json_in_json_11MB") {
    text = R"({"payload":")" +
           escaped(R"({"inner":")" + escaped(array_of(7500000, make, 20000, 200000)) + "\"}") +
           "\"}";
  } else if (name == "runs_of_99") {
    text = "\"" + repeated(make.base64(99) + "!", bytes) + "\"";
  } else if (name == "hex_runs_of_128") {
    text = "[" + repeated("\"" + make.hex(128) + "\",", bytes) + "1]";
  } else if (name == "alternating_alphabets") {
    text = "\"" + repeated(make.base64(40) + "-" + make.base64(3) + "_+", bytes) + "\"";
  } else if (name == "deep_nesting") {
    text = repeated("[", bytes / 2) + repeated("]", bytes / 2);
  } else if (name == "backslashes") {
    text = "\"" + repeated(std::string(62, '\\') + "\\\"", bytes) + "\"";
  } else if (name == "escaped_base64") {
    text = "\"" + repeated("iVBORw0KGgoAAAAN\\/" + make.base64(11) + "\\u002b", bytes) + "\"";
  } else if (name == "broken_tails") {
    text = "[" + repeated("\"" + make.png(160) + "=*\",", bytes) + "1]";
  } else if (name == "wrapped_broken") {
    text = "\"" + repeated(make.base64(64) + "\\n" + make.base64(63) + " \\n", bytes) + "\"";
  } else if (name == "announcements") {
    text = "[" + repeated("\"data:;base64,;BASE64,\",{\"image_base64\":\"A\"},", bytes) + "1]";
  } else if (name == "protected_neighbours") {
    text = "[" +
           repeated(R"({"alg":"x","signature":"y","data":")" + make.base64(1000) + "\"},", bytes) +
           "1]";
  } else {
    throw std::invalid_argument("no corpus " + name);
  }
  return text;
}

}  // namespace jobqueue::benchmarks
