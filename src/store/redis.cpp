#include <jobqueue/store/redis.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

#include <jobqueue/attestation.hpp>
#include "core/json_text.hpp"
#include "core/sha256.hpp"
#include "store/redis_reader.hpp"
#include "store/redis_url.hpp"

namespace jobqueue {
namespace {

constexpr std::string_view notification_prefix = "workflow_notifications:";
constexpr std::string_view attestation_prefixes[] = {
    "worker:completion:", "worker:failure:", "workflow:failure:", "workflow:attestation:failure:",
    "api:workflow:"};
// All of these in one pass over the keys: a pass for each would read the same keys five times.
constexpr std::string_view attestation_pattern = "[wa][op][ri]*:*:*";
constexpr std::size_t max_id_bytes = 256;
constexpr std::size_t max_page = 100'000;

bool is_attestation_key(std::string_view key) noexcept {
  return std::any_of(std::begin(attestation_prefixes), std::end(attestation_prefixes),
                     [key](std::string_view prefix) { return key.starts_with(prefix); });
}

error invalid(std::string message) {
  return {errc::invalid_argument, no_offset, std::move(message)};
}

std::string notification_id(std::string_view key, std::string_view record) {
  std::string id = find_member_text(detail::check_json_members(record), "attestation_id");
  if (!id.empty() && id.size() <= max_id_bytes) return id;
  detail::sha256_stream digest;
  const std::string_view end_of_key("\0", 1);
  for (const std::string_view part : {key, end_of_key, record}) {
    digest.update(std::as_bytes(std::span(part)));
  }
  return digest.finish().hex();
}

// What is known of a key before its record is read.
enum class ownership { ours, others, in_record };

ownership owner_of(std::string_view key, std::string_view workflow_id) {
  const auto readings = attestation_key_readings(key);
  bool may_be_ours = readings.empty();
  for (const attestation_key& reading : readings) {
    if (reading.workflow_id == workflow_id) return ownership::ours;
    may_be_ours |= reading.workflow_id.empty();
  }
  return may_be_ours ? ownership::in_record : ownership::others;
}

// The order of the keys, those that cannot be read last.
void sort_and_unite(std::vector<redis_attestation>& found) {
  struct ranked {
    result<attestation_key> key;
    redis_attestation attestation;
  };
  std::vector<ranked> all;
  all.reserve(found.size());
  for (redis_attestation& one : found) {
    auto key = parse_attestation_key(one.key);
    all.push_back({std::move(key), std::move(one)});
  }
  std::stable_sort(all.begin(), all.end(), [](const ranked& a, const ranked& b) {
    if (a.key && b.key && *a.key != *b.key) return *a.key < *b.key;
    if (a.key.has_value() != b.key.has_value()) return a.key.has_value();
    return a.attestation.key < b.attestation.key;
  });
  found.clear();
  for (ranked& one : all) {
    if (found.empty() || found.back().key != one.attestation.key) {
      found.push_back(std::move(one.attestation));
    }
  }
}

}  // namespace

inline namespace v1 {

redis_store::redis_store(std::unique_ptr<detail::redis_reader> reader)
    : reader_(std::move(reader)) {}

redis_store::~redis_store() = default;

result<std::unique_ptr<redis_store>> redis_store::open(std::string_view url,
                                                       const redis_options& options) {
  if (options.page == 0 || options.page > max_page) {
    return invalid("the page must be from 1 to 100000");
  }
  if (options.connect_timeout.count() <= 0 || options.command_timeout.count() <= 0) {
    return invalid("the timeouts must be positive");
  }
  if (options.max_record_bytes == 0 || options.max_record_bytes > std::size_t{1} << 32) {
    return invalid("the largest record must be from 1 byte to 4 GiB");
  }
  auto address = detail::parse_redis_url(url);
  if (!address) return address.problem();
  auto reader = std::make_unique<detail::redis_reader>(*std::move(address), options);
  if (const status opened = reader->open(); !opened) return opened.problem();
  return std::unique_ptr<redis_store>(new redis_store(std::move(reader)));
}

status redis_store::each_notification(
    const std::function<status(std::span<const redis_notification>)>& take) {
  std::vector<redis_notification> page;
  const auto take_elements = [&](std::span<detail::redis_reader::element> elements) -> status {
    page.clear();
    for (auto& one : elements) {
      std::string id = notification_id(one.key, one.value);
      page.push_back({std::string(one.key.substr(notification_prefix.size())), std::move(id),
                      std::move(one.value)});
    }
    return take(page);
  };
  return reader_->scan(std::string(notification_prefix) + "*",
                       [&](std::span<const std::string> keys) {
                         return reader_->read_lists(keys, max_notifications, take_elements);
                       });
}

status redis_store::each_attestation(
    const std::function<status(std::span<const redis_attestation>)>& take) {
  std::vector<std::string> wanted;
  return reader_->scan(attestation_pattern, [&](std::span<const std::string> keys) {
    wanted.clear();
    std::copy_if(keys.begin(), keys.end(), std::back_inserter(wanted), is_attestation_key);
    return reader_->read_strings(wanted,
                                 [&](std::span<redis_attestation> page) { return take(page); });
  });
}

result<std::vector<redis_attestation>> redis_store::attestations_of(std::string_view workflow_id) {
  const std::string id(workflow_id);
  const std::string known[] = {"api:workflow:completion:" + id, "api:workflow:failure:" + id,
                               "workflow:attestation:failure:" + id,
                               "workflow:failure:" + id + ":permanent"};
  if (!parse_attestation_key(known[0])) {
    return invalid(
        "no key can hold this id of a workflow: it is empty, too long, or holds a colon "
        "or a control character");
  }
  std::vector<redis_attestation> found;
  const auto keep = [&found](std::span<redis_attestation> page) -> status {
    std::move(page.begin(), page.end(), std::back_inserter(found));
    return done;
  };
  const auto keep_if_ours = [&](std::span<redis_attestation> page) -> status {
    for (redis_attestation& one : page) {
      const auto members = detail::check_json_members(one.record);
      if (find_member_text(members, "workflow_id") == workflow_id) found.push_back(std::move(one));
    }
    return done;
  };

  const auto indexed = reader_->scan_set(
      "attestations:" + id,
      [&](std::span<const std::string> keys) { return reader_->read_strings(keys, keep); });
  if (!indexed) return indexed.problem();
  status read = done;
  if (*indexed) {
    read = reader_->read_strings(known, keep);
  } else {
    std::vector<std::string> ours;
    std::vector<std::string> doubtful;
    read = reader_->scan(attestation_pattern, [&](std::span<const std::string> keys) -> status {
      ours.clear();
      doubtful.clear();
      for (const std::string& key : keys) {
        if (!is_attestation_key(key)) continue;
        const ownership owner = owner_of(key, workflow_id);
        if (owner == ownership::ours) ours.push_back(key);
        if (owner == ownership::in_record) doubtful.push_back(key);
      }
      if (status kept = reader_->read_strings(ours, keep); !kept) return kept;
      return reader_->read_strings(doubtful, keep_if_ours);
    });
  }
  if (!read) return read.problem();
  sort_and_unite(found);
  return found;
}

redis_skipped redis_store::skipped() const noexcept { return reader_->skipped(); }

}  // namespace v1
}  // namespace jobqueue
