// What is known about the keys of job systems: which of their values may be rewritten.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace jobqueue::detail {

enum class redis_type : std::uint8_t { string, hash, list, set, zset, stream, other };

[[nodiscard]] std::string_view to_string(redis_type type) noexcept;
// Reads what TYPE says; `other` for types of modules, and for a key that is not there.
[[nodiscard]] redis_type parse_redis_type(std::string_view name) noexcept;

// Which values of a key are cleaned.
enum class rewrite : std::uint8_t {
  all,
  only,    // the named fields of the hash
  except,  // all but the named fields
  never,
};

// What says that a job is being worked on; then all of its values are left alone.
enum class redis_hold : std::uint8_t {
  none,
  lock,    // The key with ":lock" behind it is there.
  log,     // The same for the rows of a log, without the ":logs" of its key.
  status,  // The field `status` of the hash says so.
};

struct redis_rule {
  std::string_view system;  // whose keys these are
  std::string_view keys;    // `*` stands for anything
  redis_type type;          // `other` stands for any type
  std::string_view marks;   // fields that such a hash has, between spaces
  rewrite what;
  std::string_view fields;  // between spaces
  redis_hold hold;
};

// All rules; of a key the first one applies.
[[nodiscard]] std::span<const redis_rule> redis_rules() noexcept;

// The rule for a key. The names are those of the fields of a hash, as far as they are known.
[[nodiscard]] const redis_rule& find_redis_rule(std::string_view key, redis_type type,
                                                std::span<const std::string_view> names);
[[nodiscard]] bool may_rewrite_field(const redis_rule& rule, std::string_view field) noexcept;
// Whether a status in a job's hash means that a worker has it, or will need its payload.
[[nodiscard]] bool is_unfinished_status(std::string_view status) noexcept;

// Whether a value can lose bytes in its middle. Not if it is binary, or says how long its parts
// are, as what PHP serializes does.
[[nodiscard]] bool is_plain_text(std::string_view value) noexcept;

// The key with `*` in place of ids: "worker:completion:step-id:*:attempt:*".
[[nodiscard]] std::string redis_place_of(std::string_view key);

}  // namespace jobqueue::detail
