// Documents full of what the sanitizer must find or leave alone, made from a seed.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace jobqueue::test {

// JOBQUEUE_TEST_SEED and JOBQUEUE_TEST_MULTIPLIER reproduce and lengthen a run.
inline std::uint64_t seed_from_environment() {
  const char* text = std::getenv("JOBQUEUE_TEST_SEED");
  return text != nullptr ? std::strtoull(text, nullptr, 0) : 20261123U;
}
inline std::size_t repeated(std::size_t count) {
  const char* text = std::getenv("JOBQUEUE_TEST_MULTIPLIER");
  return count * (text != nullptr ? std::strtoull(text, nullptr, 0) : 1U);
}

class random_documents {
 public:
  explicit random_documents(std::uint64_t seed) : engine_(seed) {}

  std::size_t below(std::size_t bound) {
    return std::uniform_int_distribution<std::size_t>(0, bound - 1)(engine_);
  }
  bool one_in(std::size_t n) { return below(n) == 0; }
  template <class T>
  const T& pick(const std::vector<T>& from) {
    return from[below(from.size())];
  }

  std::string bytes(std::size_t size) {
    std::string out(size, '\0');
    for (char& c : out) c = static_cast<char>(below(256));
    return out;
  }

  static std::string base64(std::string_view bytes, bool url = false, bool padded = true) {
    static constexpr std::string_view standard =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    unsigned bits = 0;
    unsigned held = 0;
    for (const char c : bytes) {
      held = held << 8U | static_cast<unsigned char>(c);
      for (bits += 8; bits >= 6; bits -= 6) out += standard[held >> (bits - 6) & 63U];
    }
    if (bits != 0) out += standard[held << (6 - bits) & 63U];
    while (padded && out.size() % 4 != 0) out += '=';
    if (url) {
      for (char& c : out) c = c == '+' ? '-' : c == '/' ? '_' : c;
    }
    return out;
  }

  // Bytes of a kind that is recognised, or of none.
  std::string blob() {
    static const std::vector<std::string> heads{
        std::string("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\1\0\0\0\1\0\x08\6\0\0\0", 29),
        std::string("\xFF\xD8\xFF\xE0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0", 20),
        std::string("GIF89a\x10\0\x10\0\xF7\0\0", 13),
        "%PDF-1.7\n%\xE2\xE3\xCF\xD3\n",
        "",
    };
    return pick(heads) + bytes(below(one_in(8) ? 3000 : 300));
  }

  // Base64 in one of its many dresses, as the value of a string (not escaped).
  std::string encoded() {
    const bool url = one_in(4);
    std::string text = base64(blob(), url, !one_in(4));
    if (one_in(4)) {
      const std::size_t width = pick(std::vector<std::size_t>{60, 64, 76, 70, 20});
      const std::string line_break = one_in(3) ? "\r\n" : "\n";
      std::string wrapped;
      for (std::size_t i = 0; i < text.size(); i += width) {
        wrapped += text.substr(i, width);
        if (i + width < text.size() || one_in(3)) wrapped += line_break;
      }
      text = wrapped;
    }
    if (one_in(5) && !text.empty()) text.back() = static_cast<char>('A' + below(26));
    if (one_in(3)) {
      static const std::vector<std::string> headers{
          "data:image/png;base64,", "data:;base64,", "DATA:text/plain;charset=utf-8;BASE64,",
          "data:application/octet-stream;base64,", "data:image/svg+xml;base64,"};
      text = pick(headers) + text;
    }
    return text;
  }

  // What must stay.
  std::string ordinary() {
    switch (below(12)) {
      case 0: return digits("0123456789abcdef", 64 + below(120));
      case 1: return digits("ACGT", 80 + below(200));
      case 2:
        return "src/main/java/com/example/service/controllers/internal/handlers/impl/" +
               digits("abcdefghijklmnop", 60) + "/Handler.java";
      case 3:
        return base64("{\"alg\":\"HS256\",\"typ\":\"JWT\"}", true, false) + "." +
               base64(bytes(150), true, false) + "." + base64(bytes(32), true, false);
      case 4: return "https://cdn.example.com/a/" + base64(bytes(120), true, false) + "?x=1";
      case 5: return "[BASE64_IMAGE_REMOVED]";
      case 6: return "";
      case 7: return "line one\nline two\twith \"quotes\" and \\ backslash / slash \xC3\xA9";
      case 8: return std::string(below(200), 'A');
      case 9: return "C:\\new\\data\\users\\bin";
      case 10: return base64(std::string("\0\0\0\7ssh-rsa", 11) + bytes(140));
      default: return digits("abcdefghij klmnopqrstuvwxyz", below(200));
    }
  }

  std::string digits(std::string_view alphabet, std::size_t size) {
    std::string out;
    for (std::size_t i = 0; i < size; ++i) out += alphabet[below(alphabet.size())];
    return out;
  }

  // JSON text of a string, in the spelling of one writer or another.
  std::string quoted(std::string_view value, unsigned dialect) {
    static constexpr std::string_view hex = "0123456789abcdef";
    std::string out = "\"";
    for (const char c : value) {
      const auto byte = static_cast<unsigned char>(c);
      if (c == '"' || c == '\\') {
        out += '\\';
        out += c;
      } else if (c == '\n') {
        out += "\\n";
      } else if (c == '\r') {
        out += "\\r";
      } else if (byte < 0x20) {
        out += "\\u00";
        out += hex[byte >> 4U];
        out += hex[byte & 15U];
      } else if (dialect == 1 && c == '/') {  // PHP
        out += "\\/";
      } else if (dialect == 2 && c == '+') {  // System.Text.Json
        out += "\\u002B";
      } else if (dialect == 3 && c == '=') {  // Gson
        out += "\\u003d";
      } else {
        out += c;
      }
    }
    return out + '"';
  }

  // A JSON document. Objects get members that name, type or protect each other.
  std::string document(unsigned depth = 3) {
    const unsigned dialect = static_cast<unsigned>(below(4));
    return value(depth, dialect);
  }

  // The same with bytes changed, so that it is most likely no JSON any more.
  std::string damaged() {
    std::string text = document();
    for (std::size_t i = 1 + below(8); i != 0 && !text.empty(); --i) {
      const std::size_t at = below(text.size());
      switch (below(4)) {
        case 0: text[at] = static_cast<char>(below(256)); break;
        case 1: text.erase(at, 1 + below(20)); break;
        case 2: text.insert(at, 1, "\"\\{}[],:\n="[below(10)]); break;
        default: text.insert(at, text.substr(below(text.size()), below(200))); break;
      }
    }
    return text;
  }

 private:
  std::string space() {
    static const std::vector<std::string> spaces{"", "", "", " ", "\n  ", "\t"};
    return pick(spaces);
  }
  std::string name() {
    static const std::vector<std::string> names{"data",
                                                "image",
                                                "image_base64",
                                                "IMG_DATA",
                                                "b64_json",
                                                "token",
                                                "signature",
                                                "result",
                                                "content",
                                                "encoding",
                                                "mimeType",
                                                "body",
                                                "body_encoding",
                                                "properties",
                                                "media_type",
                                                "type",
                                                "text",
                                                "inline_data",
                                                "image/png",
                                                "id",
                                                "awslogs",
                                                "error_backtrace",
                                                "x"};
    return one_in(30) ? ordinary() + encoded() : pick(names);
  }
  std::string string_value() {
    switch (below(6)) {
      case 0:
      case 1: return encoded();
      case 2: return ordinary();
      case 3: return pick(std::vector<std::string>{"image/png", "base64", "text/plain", "ok"});
      case 4: return ordinary() + encoded() + ordinary();
      default: return "see " + encoded() + (one_in(2) ? " and \"" + encoded() + "\"" : "");
    }
  }
  std::string value(unsigned depth, unsigned dialect) {
    if (depth == 0 || one_in(3)) {
      if (one_in(5)) {
        return pick(std::vector<std::string>{"0", "-1.50e+10", "12345678901234567890", "true",
                                             "null", "1.0"});
      }
      return quoted(string_value(), dialect);
    }
    if (one_in(4)) return quoted(value(depth - 1, static_cast<unsigned>(below(4))), dialect);
    std::string out;
    if (one_in(3)) {
      out = "[" + space();
      for (std::size_t i = 0, n = below(5); i < n; ++i) {
        out += (i == 0 ? "" : "," + space()) + value(depth - 1, dialect);
      }
      return out + space() + "]";
    }
    out = "{" + space();
    for (std::size_t i = 0, n = below(7); i < n; ++i) {
      out += (i == 0 ? "" : "," + space()) + quoted(name(), dialect) + space() + ":" + space() +
             value(depth - 1, dialect);
    }
    return out + space() + "}";
  }

  std::mt19937_64 engine_;
};

}  // namespace jobqueue::test
