// One run of the Redis cleaner. Keys come page by page from SCAN; small ones are cleaned together,
// large ones in pieces, so that little is in memory at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <future>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include <jobqueue/service/redis_cleaner.hpp>

#include "service/redis_rules.hpp"
#include "service/redis_swap.hpp"
#include "service/redis_value.hpp"
#include "service/value_cleaner.hpp"
#include "store/redis_nodes.hpp"

namespace jobqueue::detail {

class redis_cleaning {
 public:
  redis_cleaning(redis_address address, const redis_options& options,
                 std::span<const std::string> patterns, const clean_options& cleaning);
  [[nodiscard]] result<clean_report> run();

 private:
  using replies = std::vector<redis_reply>;

  struct key_info {
    std::string name;
    redis_type type = redis_type::other;
    std::uint64_t count = 1;  // of values
    std::uint64_t bytes = 0;  // of all of them, about
  };
  // Values of one key that were read together.
  struct loaded_key {
    std::string_view name;
    redis_type type = redis_type::other;
    const redis_rule* rule = nullptr;
    redis_hold_answer hold;
    std::vector<redis_value> values;
  };
  // What is to be written; equal indices belong together.
  struct changes {
    std::vector<redis_value> values;
    std::vector<const redis_rule*> rules;
    std::vector<cleaned_value> cleaned;
  };
  // A batch that was read: it is written when its way back is durable. Meanwhile the next is read.
  struct waiting_batch {
    redis_route route;
    bool is_watched = false;
    changes found;
    std::future<status> durable;  // the last, for it is waited for before the others go
  };

  // redis_cleaning.cpp: from keys to values.
  [[nodiscard]] status clean_all();
  [[nodiscard]] status scan(const std::string& primary, const std::string& pattern);
  [[nodiscard]] status clean_keys(const redis_route& route, std::vector<std::string> names);
  [[nodiscard]] status clean_moved();
  [[nodiscard]] result<std::vector<key_info>> examine(const redis_route& route,
                                                      std::vector<std::string> names);
  [[nodiscard]] static status measure(const redis_route& route, std::vector<key_info>& keys);
  [[nodiscard]] status clean_batch(const redis_route& main_route, std::span<const key_info> keys);

  // redis_cleaning_large.cpp: keys that are read in pieces.
  [[nodiscard]] status clean_large(const redis_route& route, const key_info& key);
  [[nodiscard]] status clean_fields(const redis_route& route, const key_info& key);
  [[nodiscard]] status clean_named_fields(const redis_route& route, const key_info& key,
                                          const redis_rule& rule,
                                          const std::vector<std::string>& names);
  [[nodiscard]] status clean_elements(const redis_route& route, const key_info& key);
  [[nodiscard]] status clean_scanned(const redis_route& route, const key_info& key,
                                     const redis_rule& rule);
  [[nodiscard]] status clean_single(const redis_route& route, const redis_value& value,
                                    const redis_rule& rule);
  [[nodiscard]] status look_at_stream(const redis_route& route, const key_info& key);
  // Reads a piece of a key under WATCH.
  struct piece {
    bool is_there = false;  // Otherwise it is gone, or too large, or noted as moved.
    bool is_too_large = false;
    redis_hold_answer hold;
    std::int64_t length = 0;  // of a list
    redis_reply answer;
  };
  [[nodiscard]] result<piece> read_piece(const redis_route& route, const key_info& key,
                                         const redis_command& command, bool as_text = false);
  [[nodiscard]] status clean_piece(const redis_route& route, const key_info& key,
                                   const redis_rule& rule, const piece& read,
                                   std::vector<redis_value> values);

  // redis_cleaning_values.cpp: from values to writes.
  [[nodiscard]] status clean_values(const redis_route& route, std::span<loaded_key> keys,
                                    bool is_watched);
  // The same without waiting for what can be done meanwhile; `finish_waiting` does the rest.
  [[nodiscard]] status begin_values(const redis_route& route, std::span<loaded_key> keys,
                                    bool is_watched);
  [[nodiscard]] status finish_waiting();
  [[nodiscard]] status find_changes(const redis_route& route, std::span<loaded_key> keys,
                                    changes& found);
  [[nodiscard]] status write_changes(const redis_route& route, changes& found, bool is_watched);
  [[nodiscard]] result<std::optional<cleaned_value>> clean_text(const std::string& place,
                                                                redis_value& value);
  [[nodiscard]] status collect(loaded_key& key, changes& found);
  [[nodiscard]] status drop_unwritable(const redis_route& route, changes& found);
  [[nodiscard]] status write(const redis_route& route, changes& found, bool is_watched);
  [[nodiscard]] status swap(const redis_route& route, const redis_value& value, redis_hold hold,
                            cleaned_value& cleaned);
  [[nodiscard]] static status measure_sample(const redis_route& route, const changes& found,
                                             std::uint64_t& bytes);
  [[nodiscard]] std::string place_of(std::string_view key);

  // Whether several keys can be watched and written together.
  [[nodiscard]] bool can_join() const noexcept { return !nodes_.is_cluster(); }
  [[nodiscard]] redis_command watch_command(std::span<const key_info> keys) const;
  // Where a batch can be read while another waits: WATCH is of a connection, EXEC ends all of it.
  [[nodiscard]] redis_route route_beside(const redis_route& route);
  [[nodiscard]] bool end_batch(std::uint64_t bytes);
  [[nodiscard]] bool is_stopped() { return cleaner_.report().stopped; }

  redis_nodes nodes_;
  redis_nodes others_;  // the same, by other connections
  redis_options options_;
  std::vector<std::string> patterns_;
  value_cleaner cleaner_;
  value_cleaner stream_cleaner_;  // which only counts
  redis_swapper swapper_;
  pacer pacer_;
  bool is_dry_;
  bool has_field_times_ = false;  // Fields can expire by themselves: Redis 7.4 or later.
  std::string primary_;           // whose keys are being cleaned
  std::vector<std::string> moved_;
  std::set<std::string, std::less<>> places_;
  // In a dry run: keys with blobs, for SCAN may repeat a key and patterns overlap.
  std::unordered_set<std::uint64_t> counted_keys_;
  // Members that were made of others of the key at hand.
  std::unordered_set<std::uint64_t> made_members_;
  std::uint64_t keys_done_ = 0;
  std::uint64_t keys_all_ = 0;
  std::uint64_t samples_left_ = 1000;
  std::unique_ptr<waiting_batch> waiting_;
};

}  // namespace jobqueue::detail
