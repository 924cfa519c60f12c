// In an input of a base64 target a control character stands for a text that mutation would hardly
// find: a blob in one dress or another, a token, the filling of a window. Small inputs are
// interesting documents that way, and a fuzzer can move a blob with one byte.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "core/base64_codec.hpp"

namespace jobqueue::fuzz {

// A snippet that would make the text longer is left out, so that no input is slow.
inline constexpr std::size_t max_expanded_bytes = 72U << 10U;

// Bytes that look random, the same every time.
inline std::string noise(std::size_t size, std::uint32_t seed) {
  std::string bytes(size, '\0');
  for (char& c : bytes) {
    seed = seed * 1664525U + 1013904223U;
    c = static_cast<char>(seed >> 24U);
  }
  return bytes;
}

inline std::string encoded(std::string_view bytes,
                           blob_encoding encoding = blob_encoding::std_padded) {
  std::string text;
  detail::encode_base64(bytes, encoding, text);
  return text;
}

inline std::string in_lines(std::string_view text, std::size_t width, std::string_view line_break) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); at += width) {
    out += text.substr(at, width);
    if (at + width < text.size()) out += line_break;
  }
  return out;
}

inline std::string replaced(std::string text, char what, std::string_view with) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size()) {
    text.replace(at, 1, with);
  }
  return text;
}

inline std::string png_bytes(std::size_t size) {
  using namespace std::string_literals;
  return "\x89PNG\r\n\x1A\n\0\0\0\rIHDR\0\0\0\x10\0\0\0\x10\x08\6\0\0\0"s + noise(size, 1);
}

inline std::string repeated(std::string_view text, std::size_t count) {
  std::string out;
  while (count-- != 0) out += text;
  return out;
}

// The texts by their control characters; empty where there is none.
inline const std::array<std::string, 32>& snippets() {
  using namespace std::string_literals;
  static const std::array<std::string, 32> table = [] {
    const std::string png = encoded(png_bytes(61));
    std::array<std::string, 32> texts;
    texts[0x01] = png;
    texts[0x02] = encoded(png_bytes(62), blob_encoding::url_unpadded);
    texts[0x03] = encoded(noise(800, 2));
    texts[0x04] = in_lines(encoded(png_bytes(150)), 76, "\n");
    texts[0x05] = in_lines(encoded(png_bytes(151)), 64, "\\r\\n");
    texts[0x06] = replaced(png, '/', "\\/");
    texts[0x07] = "data:image/gif;base64,"s + encoded("GIF89a\1\0\1\0"s + noise(60, 3));
    texts[0x08] = encoded(noise(40, 4));  // too short to be judged by its content
    // 0x09, 0x0A and 0x0D stand for themselves.
    texts[0x0B] = replaced(replaced(encoded(noise(790, 5)), '+', "\\u002B"), '=', "\\u003d");
    texts[0x0C] = encoded("{\"alg\":\"none\"}") + "." + encoded(noise(120, 6));
    texts[0x0E] = repeated("0123456789abcdef", 8);
    texts[0x0F] = encoded(repeated("Plain text, as a log would have it. ", 30));
    texts[0x10] = "[BASE64_IMAGE_REMOVED]";
    texts[0x11] =
        "[BASE64_DATA_REMOVED sha256-" + std::string(64, '0') + " application/octet-stream 12 std]";
    texts[0x12] = repeated("\"name\":\"value\",", 30);  // as many neighbours as are looked at
    texts[0x13] = std::string(4000, ' ');               // most of the window of neighbours
    texts[0x14] = encoded(noise(2900, 7));              // the same, of base64
    texts[0x15] = encoded(noise(49300, 8));             // more than is judged of one run
    texts[0x16] = repeated("\\", 31);
    texts[0x17] = "https://example.com/a/b?sig="s + encoded(noise(90, 9));
    texts[0x18] = "-----BEGIN EXAMPLE-----\\n"s + in_lines(encoded(noise(140, 10)), 64, "\\n");
    texts[0x19] = std::string(100, 'A');
    texts[0x1A] = std::string(63, '7');
    texts[0x1C] = "\\\"image_base64\\\":\\\""s + png + "\\\""s;
    texts[0x1D] = ";base64,";
    texts[0x1E] = "\\\\\\\"";
    texts[0x1F] = "\\u0022";
    return texts;
  }();
  return table;
}

inline std::string expanded(std::string_view input) {
  std::string text;
  for (const char c : input) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= snippets().size() || snippets()[byte].empty()) {
      text += c;
    } else if (text.size() + snippets()[byte].size() <= max_expanded_bytes) {
      text += snippets()[byte];
    }
  }
  return text;
}

}  // namespace jobqueue::fuzz
