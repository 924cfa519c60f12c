// The texts of signatures and secrets: hexadecimal digits, base64, decimal seconds. They are read
// strictly: each value has one spelling.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <jobqueue/signature.hpp>

namespace jobqueue::detail {

// Bytes that are cleansed when they end; never moved, so that there is no other copy.
class secret_bytes {
 public:
  secret_bytes() = default;
  secret_bytes(const secret_bytes&) = delete;
  secret_bytes& operator=(const secret_bytes&) = delete;
  ~secret_bytes();

  [[nodiscard]] std::string_view view() const noexcept {
    return {reinterpret_cast<const char*>(bytes_.data()), size_};
  }
  [[nodiscard]] std::span<std::uint8_t> room() noexcept { return bytes_; }
  void set_size(std::size_t size) noexcept { size_ = size; }
  // Nothing that does not fit.
  void append(std::string_view text) noexcept;

 private:
  // With room for a prefix that is put before a secret.
  std::array<std::uint8_t, max_secret_bytes + 16> bytes_;  // NOLINT: `size_` of it count
  std::size_t size_ = 0;
};

enum class hex_case : std::uint8_t { lower, any };

// Exactly `out.size()` bytes.
[[nodiscard]] bool decode_hex(std::string_view text, std::span<std::uint8_t> out,
                              hex_case digits = hex_case::lower) noexcept;

enum class base64_form : std::uint8_t {
  strict,   // the standard alphabet, padded, unused bits 0
  lenient,  // either alphabet, padded or not
};

// The bytes written to `out`; nothing if it is no base64 or does not fit.
[[nodiscard]] std::optional<std::size_t> decode_base64_bytes(
    std::string_view text, std::span<std::uint8_t> out,
    base64_form form = base64_form::strict) noexcept;

void append_hex(std::span<const std::uint8_t> bytes, std::string& out);
void append_base64(std::span<const std::uint8_t> bytes, std::string& out);

// Seconds since 1970 as senders write them: at most 15 digits, without zeros in front.
[[nodiscard]] std::optional<std::int64_t> read_seconds(std::string_view text) noexcept;

[[nodiscard]] constexpr bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }
[[nodiscard]] std::string_view trim_blanks(std::string_view text) noexcept;

}  // namespace jobqueue::detail
