// What the body of a webhook says.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <jobqueue/service/webhook_receiver.hpp>

#include "store/event_store.hpp"

namespace jobqueue::detail {

// The id that was signed, or the one that a caller with a token gives; empty: there is none.
[[nodiscard]] std::string signed_event_id(signature_scheme scheme,
                                          std::span<const header_field> headers);

// Reads a body that was verified. `invalid_argument` says what it lacks. `signed_id` may be empty.
[[nodiscard]] result<incoming_event> read_event(webhook_kind kind, std::string_view body,
                                                std::span<const header_field> headers,
                                                std::string signed_id, std::string_view digest,
                                                instant now);

}  // namespace jobqueue::detail
