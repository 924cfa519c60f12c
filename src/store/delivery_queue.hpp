// What is to be sent to the endpoints of webhooks.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include <jobqueue/result.hpp>
#include <jobqueue/rules.hpp>

#include "store/sql_connection.hpp"

namespace jobqueue::detail {

struct outgoing_event {
  std::string id;  // of the event: 1 to 255 of [A-Za-z0-9_-]
  std::string type;
  std::string workflow_id;
  std::string body;  // JSON, byte for byte what is sent
};

// `text` if it can be the id of an event that goes out, else one that stands for it.
[[nodiscard]] std::string make_event_id(std::string_view text);

// Adds a pending delivery for each active endpoint that wants the type of an event; one that has
// that event already keeps what it has. In the transaction of the caller. Gives how many are new.
[[nodiscard]] result<std::size_t> queue_deliveries(sql_connection& connection,
                                                   std::span<const outgoing_event> events,
                                                   instant now);

}  // namespace jobqueue::detail
