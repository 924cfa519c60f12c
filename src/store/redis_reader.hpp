// Reads keys and values of a Redis in pages of bounded memory, over a connection that may be lost
// in between and from a server that may be restarted. It sends only what can be sent twice.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <jobqueue/result.hpp>
#include <jobqueue/store/redis.hpp>
#include "store/redis_connection.hpp"

namespace jobqueue::detail {

class redis_reader {
 public:
  redis_reader(redis_address address, const redis_options& options);
  [[nodiscard]] status open();

  // Gives the keys that match, page by page; some more than once.
  using take_keys = std::function<status(std::span<const std::string>)>;
  [[nodiscard]] status scan(std::string_view pattern, const take_keys& take);
  // The same of the members of a set. Gives whether there is such a set.
  [[nodiscard]] result<bool> scan_set(const std::string& key, const take_keys& take);

  // Gives the values of those keys that hold a string, in pages. Other types and values over the
  // limit are counted as skipped.
  using take_values = std::function<status(std::span<redis_attestation>)>;
  [[nodiscard]] status read_strings(std::span<const std::string> keys, const take_values& take);

  // The same of the first `count` elements of lists; all of one list in its order.
  struct element {
    std::string_view key;
    std::string value;
  };
  using take_elements = std::function<status(std::span<element>)>;
  [[nodiscard]] status read_lists(std::span<const std::string> keys, std::size_t count,
                                  const take_elements& take);

  [[nodiscard]] const redis_skipped& skipped() const noexcept { return skipped_; }

 private:
  using replies = std::vector<redis_reply>;
  // One page of commands. Reconnects once, and waits for a server that is loading or busy.
  [[nodiscard]] result<replies> read(std::span<const redis_command> commands);
  [[nodiscard]] status reconnect();
  [[nodiscard]] status identify();
  [[nodiscard]] status scan_pages(redis_command command, std::size_t cursor_word,
                                  const take_keys& take);
  // The command for a key, sent for as many keys at a time as their answers allow; `take` is given
  // the places of the first of them and their answers, and `take_alone` the place of a key whose
  // answer is too large.
  using make_command = std::function<redis_command(std::size_t)>;
  using take_replies = std::function<status(std::size_t, std::span<redis_reply>)>;
  using take_alone = std::function<status(std::size_t)>;
  [[nodiscard]] status read_each(std::size_t count, const make_command& make,
                                 const std::function<std::size_t(std::size_t)>& expected_bytes,
                                 const take_replies& take, const take_alone& too_large);
  [[nodiscard]] status read_elements(const std::string& key, std::size_t count,
                                     const take_elements& take);
  [[nodiscard]] status check(const redis_reply& reply, redis_reply::kind wanted,
                             std::string_view name);

  redis_connection connection_;
  redis_options options_;
  std::size_t max_reply_bytes_;
  std::size_t depth_ = 16;      // commands in a page, as the size of answers has taught
  std::string run_id_;          // of the server process
  std::uint64_t restarts_ = 0;  // how often it was another one
  redis_skipped skipped_;
};

}  // namespace jobqueue::detail
