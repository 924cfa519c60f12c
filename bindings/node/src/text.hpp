// Strings of JavaScript as UTF-8, and back.
#pragma once

#include <napi.h>

#include <algorithm>
#include <string>
#include <string_view>

#include <jobqueue/jobqueue.h>

namespace jobqueue_node {

inline bool is_high(char32_t unit) { return unit >= 0xD800 && unit < 0xDC00; }
inline bool is_low(char32_t unit) { return unit >= 0xDC00 && unit < 0xE000; }

inline std::size_t utf16_units(std::string_view utf8) {
  std::size_t units = 0;
  for (const char c : utf8) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xC0U) != 0x80U) units += byte >= 0xF0U ? 2 : 1;
  }
  return units;
}

// A JavaScript string as UTF-8; a lone surrogate as the three bytes it would have.
class text {
 public:
  explicit text(const Napi::String& value) {
    const napi_env env = value.Env();
    std::size_t units = 0;
    std::size_t bytes = 0;
    napi_get_value_string_utf16(env, value, nullptr, 0, &units);
    napi_get_value_string_utf8(env, value, nullptr, 0, &bytes);
    if (units == bytes) {
      utf8_.resize(units + 1);
      napi_get_value_string_latin1(env, value, utf8_.data(), utf8_.size(), &units);
      utf8_.resize(units);
      return;
    }
    ascii_ = false;
    std::u16string wide(units + 1, u'\0');
    napi_get_value_string_utf16(env, value, wide.data(), wide.size(), &units);
    wide.resize(units);
    utf8_.reserve(bytes);
    for (std::size_t i = 0; i < wide.size(); ++i) {
      char32_t c = wide[i];
      if (is_high(c) && i + 1 < wide.size() && is_low(wide[i + 1])) {
        c = 0x10000 + ((c - 0xD800) << 10U) + (wide[++i] - 0xDC00U);
      }
      append(c);
    }
  }

  [[nodiscard]] std::string_view view() const { return utf8_; }
  [[nodiscard]] jobqueue_string c() const { return {utf8_.data(), utf8_.size()}; }
  [[nodiscard]] bool ascii() const { return ascii_; }

  [[nodiscard]] std::size_t units_before(std::size_t offset) const {
    return ascii_ ? offset : utf16_units(view().substr(0, offset));
  }

 private:
  void append(char32_t c) {
    const auto put = [this](char32_t byte) { utf8_ += static_cast<char>(byte); };
    if (c < 0x80) {
      put(c);
    } else if (c < 0x800) {
      put(0xC0 | c >> 6U);
      put(0x80 | (c & 0x3FU));
    } else if (c < 0x10000) {
      put(0xE0 | c >> 12U);
      put(0x80 | (c >> 6U & 0x3FU));
      put(0x80 | (c & 0x3FU));
    } else {
      put(0xF0 | c >> 18U);
      put(0x80 | (c >> 12U & 0x3FU));
      put(0x80 | (c >> 6U & 0x3FU));
      put(0x80 | (c & 0x3FU));
    }
  }

  std::string utf8_;
  bool ascii_ = true;
};

// What the library gives out is what it was given, so it is well formed but for surrogates.
inline Napi::Value to_js_string(Napi::Env env, std::string_view utf8) {
  const bool ascii =
      std::all_of(utf8.begin(), utf8.end(), [](char c) { return (c & '\x80') == 0; });
  napi_value made = nullptr;
  napi_status status = napi_ok;
  if (ascii) {
    status = napi_create_string_latin1(env, utf8.data(), utf8.size(), &made);
  } else {
    std::u16string wide;
    wide.reserve(utf8.size());
    for (std::size_t i = 0; i < utf8.size();) {
      const auto lead = static_cast<unsigned char>(utf8[i]);
      const std::size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
      char32_t c = length == 1 ? lead : lead & (0xFFU >> (length + 1));
      for (std::size_t k = 1; k < length && i + k < utf8.size(); ++k) {
        c = c << 6U | (static_cast<unsigned char>(utf8[i + k]) & 0x3FU);
      }
      i += length;
      if (c >= 0x10000) {
        wide += static_cast<char16_t>(0xD800 + ((c - 0x10000) >> 10U));
        wide += static_cast<char16_t>(0xDC00 + (c & 0x3FFU));
      } else {
        wide += static_cast<char16_t>(c);
      }
    }
    status = napi_create_string_utf16(env, wide.data(), wide.size(), &made);
  }
  if (status != napi_ok) throw Napi::RangeError::New(env, "the result is too long for a string");
  return {env, made};
}

}  // namespace jobqueue_node
