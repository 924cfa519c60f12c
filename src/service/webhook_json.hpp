// Endpoints of webhooks as JSON, and the test that one can be sent.
#pragma once

#include <string>
#include <string_view>

#include <jobqueue/service/webhook_sender.hpp>

namespace jobqueue::detail {

// Without its secret, unless it was made just now and is shown this once.
[[nodiscard]] std::string endpoint_to_json(const webhook_endpoint& endpoint, bool with_secret);
// An endpoint of `{"url","id","description","event_types","headers","scheme","secret"}`, completed
// and checked.
[[nodiscard]] result<webhook_endpoint> read_endpoint(std::string_view json);
// Queues a delivery that says that it is a test; gives its id.
[[nodiscard]] result<std::string> send_test(webhook_store& store, const webhook_endpoint& endpoint,
                                            instant now);

}  // namespace jobqueue::detail
