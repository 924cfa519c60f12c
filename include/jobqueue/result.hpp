// jobqueue - errors and results. Header only.
//
//   #include <iostream>
//   #include <jobqueue/jobqueue.hpp>
//
//   int main() {
//     jobqueue::sanitize_options options;
//     options.format = jobqueue::document_format::json;
//     const auto answer = jobqueue::sanitize_base64("[1,]", options);
//     if (!answer) std::cout << answer.problem().message << " at byte " << answer.problem().offset;
//     // or, where exceptions are wanted: answer.value()
//   }
//
// prints "expected a value at byte 3".
#pragma once

#include <cstdint>
#include <exception>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace jobqueue {
inline namespace v1 {

/// Error codes. The numbers are pinned for ever and equal in C, Python and Node; below 80 the input
/// or the call is at fault, from 80 on the machine is. docs/errors.md explains each.
enum class errc : std::int32_t {
  ok = 0,
  invalid_argument = 1,
  invalid_json = 10,
  invalid_utf8 = 12,
  depth_exceeded = 14,
  input_too_large = 16,
  budget_too_small = 20,
  signature_missing = 30,
  signature_malformed = 32,
  signature_mismatch = 34,
  timestamp_out_of_tolerance = 36,
  secret_invalid = 38,
  replayed = 39,
  ruleset_invalid = 40,
  unknown_fact = 42,
  blob_missing = 50,
  blob_corrupt = 52,
  address_forbidden = 60,
  store_error = 80,
  network_error = 82,
  out_of_memory = 90,
  internal = 99,
};

/// The word for a code, the same in every language: `errc::invalid_json` is "INVALID_JSON".
/// A code that this version does not know is "UNKNOWN". The text is static.
[[nodiscard]] constexpr std::string_view error_name(errc code) noexcept {
  switch (code) {
    case errc::ok: return "OK";
    case errc::invalid_argument: return "INVALID_ARGUMENT";
    case errc::invalid_json: return "INVALID_JSON";
    case errc::invalid_utf8: return "INVALID_UTF8";
    case errc::depth_exceeded: return "DEPTH_EXCEEDED";
    case errc::input_too_large: return "INPUT_TOO_LARGE";
    case errc::budget_too_small: return "BUDGET_TOO_SMALL";
    case errc::signature_missing: return "SIGNATURE_MISSING";
    case errc::signature_malformed: return "SIGNATURE_MALFORMED";
    case errc::signature_mismatch: return "SIGNATURE_MISMATCH";
    case errc::timestamp_out_of_tolerance: return "TIMESTAMP_OUT_OF_TOLERANCE";
    case errc::secret_invalid: return "SECRET_INVALID";
    case errc::replayed: return "REPLAYED";
    case errc::ruleset_invalid: return "RULESET_INVALID";
    case errc::unknown_fact: return "UNKNOWN_FACT";
    case errc::blob_missing: return "BLOB_MISSING";
    case errc::blob_corrupt: return "BLOB_CORRUPT";
    case errc::address_forbidden: return "ADDRESS_FORBIDDEN";
    case errc::store_error: return "STORE_ERROR";
    case errc::network_error: return "NETWORK_ERROR";
    case errc::out_of_memory: return "OUT_OF_MEMORY";
    case errc::internal: return "INTERNAL";
  }
  return "UNKNOWN";
}

/// `error::offset` when an error has no place in the input.
inline constexpr std::uint64_t no_offset = std::numeric_limits<std::uint64_t>::max();

/// What went wrong, where, and what to do about it.
struct error {
  errc code = errc::internal;
  std::uint64_t offset = no_offset;  ///< Byte offset in the input, or `no_offset`.
  std::string message;               ///< One sentence. Never contains payload or secret bytes.
};

/// Thrown by `result<T>::value()`, and by nothing else in the library.
class exception : public std::exception {
 public:
  explicit exception(error problem) : problem_(std::move(problem)) {}
  [[nodiscard]] const char* what() const noexcept override { return problem_.message.c_str(); }
  [[nodiscard]] const error& problem() const noexcept { return problem_; }

 private:
  error problem_;
};

/// A value or the reason why there is none. Test it, or call `value()` to throw `exception`.
template <class T>
class [[nodiscard]] result {
 public:
  result(T value) : state_(std::in_place_index<0>, std::move(value)) {}          // NOLINT implicit
  result(error problem) : state_(std::in_place_index<1>, std::move(problem)) {}  // NOLINT implicit

  [[nodiscard]] bool has_value() const noexcept { return state_.index() == 0; }
  [[nodiscard]] explicit operator bool() const noexcept { return has_value(); }

  /// The value; undefined unless `has_value()`.
  [[nodiscard]] T& operator*() & noexcept { return *std::get_if<0>(&state_); }
  [[nodiscard]] const T& operator*() const& noexcept { return *std::get_if<0>(&state_); }
  [[nodiscard]] T&& operator*() && noexcept { return std::move(*std::get_if<0>(&state_)); }
  [[nodiscard]] T* operator->() noexcept { return std::get_if<0>(&state_); }
  [[nodiscard]] const T* operator->() const noexcept { return std::get_if<0>(&state_); }

  /// The value, or `exception` with the problem. Of a temporary it is a value of its own, so that
  /// `for (auto& x : f().value())` has something to walk over.
  [[nodiscard]] T& value() & { return require(), **this; }
  [[nodiscard]] const T& value() const& { return require(), **this; }
  [[nodiscard]] T value() && { return require(), *std::move(*this); }

  /// The problem; undefined if `has_value()`.
  [[nodiscard]] const error& problem() const noexcept { return *std::get_if<1>(&state_); }

 private:
  void require() const {
    if (!has_value()) throw exception(problem());
  }
  std::variant<T, error> state_;
};

/// The result of an operation that returns nothing: `return done;`.
using status = result<std::monostate>;
inline constexpr std::monostate done{};

}  // namespace v1
}  // namespace jobqueue
