// Reads a vector file and writes out its texts; README.md has the grammar. It needs nothing of the
// library, so that the runner of any face can use it.
#pragma once

#include <cstdint>
#include <fstream>
#include <initializer_list>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace jobqueue::vectors {

using json = nlohmann::json;

// The file does not keep to the grammar.
struct bad_vector_file : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// What a call must answer: an output, that nothing has changed, or an error.
struct outcome {
  bool unchanged = false;
  std::string output;
  std::string error_code;  // not empty: an error
  std::optional<std::uint64_t> error_offset;
};

// One case. `cuts`, `kept`, `restored` and `missing` are null where the case does not tell.
struct vector_case {
  std::string name;
  std::string input;
  std::vector<std::string> objects;
  json options = json::object();
  outcome expect;
  std::optional<outcome> with_vault;
  json cuts;
  json kept;
  json restored;
  json missing;
};

struct vector_file {
  std::string kind;  // "sanitize", "restore" or "truncate"
  std::vector<vector_case> cases;
};

namespace detail {

inline void check_keys(const std::string& what, const json& given,
                       std::initializer_list<std::string_view> known) {
  const std::set<std::string_view> allowed(known);
  for (const auto& [key, value] : given.items()) {
    if (!allowed.contains(key)) throw bad_vector_file(what + " has what no runner knows: " + key);
  }
}

// Writes out texts; the files are ours, so that recursion is no danger.
class expander {
 public:
  explicit expander(const json& define) : define_(define) {}

  [[nodiscard]] std::string expand(const json& text) const {
    if (text.is_string()) return text.get<std::string>();
    if (text.is_array()) {
      std::string out;
      for (const json& piece : text) out += expand(piece);
      return out;
    }
    if (text.contains("hex")) {
      check_keys("a part", text, {"hex"});
      return from_hex(text["hex"].get_ref<const std::string&>());
    }
    if (text.contains("noise")) {
      check_keys("a part", text, {"noise", "seed"});
      return noise(text["noise"], text.value("seed", 1U));
    }
    if (text.contains("repeat")) {
      check_keys("a part", text, {"repeat", "count"});
      const std::string once = expand(text["repeat"]);
      std::string out;
      for (std::size_t i = text["count"]; i != 0; --i) out += once;
      return out;
    }
    if (text.contains("base64")) {
      check_keys("a part", text, {"base64", "alphabet", "pad", "wrap", "line"});
      return encode(expand(text["base64"]), text);
    }
    if (text.contains("json")) {
      check_keys("a part", text, {"json", "times"});
      std::string out = expand(text["json"]);
      for (unsigned i = text.value("times", 1U); i != 0; --i) out = quote(out);
      return out;
    }
    if (text.contains("replace")) {
      check_keys("a part", text, {"replace", "in"});
      return replace(expand(text.at("in")), text["replace"]);
    }
    check_keys("a part", text, {"use"});
    return expand(define_.at(text.at("use")));
  }

 private:
  static std::string from_hex(const std::string& digits) {
    if (digits.size() % 2 != 0) throw bad_vector_file("an odd number of hexadecimal digits");
    std::string out;
    for (std::size_t i = 0; i < digits.size(); i += 2) {
      out += static_cast<char>(std::stoul(digits.substr(i, 2), nullptr, 16));
    }
    return out;
  }

  // The upper bytes of a linear congruential generator.
  static std::string noise(std::size_t size, std::uint32_t state) {
    std::string out;
    for (; size != 0; --size) {
      state = state * 1103515245U + 12345U;
      out += static_cast<char>(state >> 24U);
    }
    return out;
  }

  static std::string encode(const std::string& bytes, const json& part) {
    std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    alphabet += part.value("alphabet", "std") == "url" ? "-_" : "+/";
    std::string chars;
    unsigned bits = 0;
    unsigned held = 0;
    for (const char c : bytes) {
      held = held << 8U | static_cast<unsigned char>(c);
      for (bits += 8; bits >= 6; bits -= 6) chars += alphabet[held >> (bits - 6) & 63U];
    }
    if (bits != 0) chars += alphabet[held << (6 - bits) & 63U];
    while (part.value("pad", true) && chars.size() % 4 != 0) chars += '=';

    const std::size_t width = part.value("wrap", std::size_t{0});
    if (width == 0) return chars;
    const std::string line_break = part.value("line", "\n");
    std::string lines;
    for (std::size_t i = 0; i < chars.size(); i += width) {
      if (i != 0) lines += line_break;
      lines += chars.substr(i, width);
    }
    return lines;
  }

  // The content of the JSON string that holds `text`.
  static std::string quote(const std::string& text) {
    const std::string quoted = json(text).dump();
    return quoted.substr(1, quoted.size() - 2);
  }

  static std::string replace(const std::string& text, const json& table) {
    std::string out;
    for (const char c : text) {
      const auto found = table.find(std::string(1, c));
      out += found != table.end() ? found->get<std::string>() : std::string(1, c);
    }
    return out;
  }

  const json& define_;
};

inline outcome read_outcome(const std::string& what, const json& given, const expander& texts) {
  check_keys(what, given, {"output", "unchanged", "error"});
  if (given.size() != 1) throw bad_vector_file(what + " must have one outcome");
  outcome read;
  if (given.contains("output")) read.output = texts.expand(given["output"]);
  read.unchanged = given.contains("unchanged");
  if (given.contains("error")) {
    read.error_code = given["error"].at("code");
    if (given["error"].contains("offset")) read.error_offset = given["error"]["offset"];
  }
  return read;
}

inline void check_list(const std::string& what, const json& list,
                       std::initializer_list<std::string_view> known) {
  for (const json& entry : list) check_keys(what, entry, known);
}

}  // namespace detail

// The cases of a file, with their texts written out.
inline vector_file load(const std::string& path) {
  std::ifstream stream(path);
  if (!stream) throw bad_vector_file("cannot open " + path);
  const json content = json::parse(stream);
  detail::check_keys("the file", content, {"about", "kind", "define", "cases"});
  const detail::expander texts(content.at("define"));
  vector_file file{content.at("kind"), {}};
  std::set<std::string> names;
  for (const json& given : content.at("cases")) {
    vector_case read;
    read.name = given.at("name");
    if (!names.insert(read.name).second) {
      throw bad_vector_file("two cases are called " + read.name);
    }
    read.input = texts.expand(given.at("input"));
    if (file.kind == "sanitize") {
      detail::check_keys(
          read.name, given,
          {"name", "why", "input", "options", "expect", "cuts", "kept", "with_vault"});
    } else if (file.kind == "truncate") {
      detail::check_keys(read.name, given, {"name", "why", "input", "options", "expect", "cuts"});
    } else {
      detail::check_keys(
          read.name, given,
          {"name", "why", "input", "objects", "options", "expect", "restored", "missing"});
      for (const json& object : given.at("objects")) read.objects.push_back(texts.expand(object));
    }
    if (given.contains("options")) read.options = given["options"];
    read.expect = detail::read_outcome(read.name, given.at("expect"), texts);
    if (given.contains("with_vault")) {
      read.with_vault = detail::read_outcome(read.name, given["with_vault"], texts);
    }
    read.cuts = given.value("cuts", json());
    read.kept = given.value("kept", json());
    detail::check_list(
        read.name, read.cuts,
        {"offset", "size", "decoded_size", "form", "class", "media_type", "evidence", "encoding",
         "pointer", "line", "sha256", "reason", "bytes_before", "bytes_after"});
    detail::check_list(read.name, read.kept, {"offset", "size", "reason"});
    read.restored = given.value("restored", json());
    read.missing = given.value("missing", json());
    file.cases.push_back(std::move(read));
  }
  if (file.cases.empty()) throw bad_vector_file("there are no cases in " + path);
  return file;
}

}  // namespace jobqueue::vectors
