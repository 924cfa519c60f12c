// Compare-and-set in a Redis, with WATCH: nothing is written over a change of somebody else.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "service/redis_value.hpp"
#include "store/redis_nodes.hpp"

namespace jobqueue::detail {

enum class swap_outcome : std::uint8_t {
  written,
  left,  // It was decided so.
  gone,  // There is no such value any more.
  held,  // Its job is being worked on.
  busy,  // It changed each time it was tried.
};

// The commands that ask whether the job of a value is being worked on, and what they say.
void append_hold(std::vector<redis_command>& commands, std::string_view key, redis_type type,
                 const std::string& lock);
// `answers` are those to the commands; their count is taken off the front.
struct redis_hold_answer {
  bool has_lock = false;
  std::string status;
  [[nodiscard]] bool is_held(redis_hold by) const;
};
[[nodiscard]] redis_hold_answer take_hold(std::span<redis_reply>& answers, std::string_view key,
                                          redis_type type, const std::string& lock);

// What a transaction came to: MULTI, what was queued, EXEC.
enum class exec_outcome : std::uint8_t { written, aborted, redirected };
[[nodiscard]] result<exec_outcome> read_exec(const redis_connection& connection,
                                             std::span<const redis_reply> answers);

class redis_swapper {
 public:
  // A value is at most `max_bytes`; larger ones count as gone.
  redis_swapper(redis_nodes& nodes, std::size_t max_bytes) : nodes_(nodes), max_bytes_(max_bytes) {}

  // Given what there is now, what shall be there; nothing to leave it. The text may be used up.
  using decide = std::function<result<std::optional<std::string>>(redis_value& now)>;
  // `hold` is what may keep the value from being replaced. `route` is where to begin, and where it
  // was in the end; `expected_bytes` how large the value probably is. Of a list, it is also looked
  // at the same distance from the end, if `choose` leaves what is where it was.
  [[nodiscard]] result<swap_outcome> swap(redis_route& route, redis_value value, redis_hold hold,
                                          std::size_t expected_bytes, const decide& choose);

 private:
  struct reading;
  [[nodiscard]] result<reading> read(const redis_route& route, const redis_value& value,
                                     redis_hold hold, std::size_t expected_bytes);

  redis_nodes& nodes_;
  std::size_t max_bytes_;
};

}  // namespace jobqueue::detail
