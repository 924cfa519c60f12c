// Events that webhooks have told: each recorded once, with all that follows from it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <jobqueue/result.hpp>
#include <jobqueue/rules.hpp>
#include <jobqueue/store/job_store.hpp>

#include "store/delivery_queue.hpp"

namespace jobqueue::detail {

// What an event says of a job that is not final yet.
struct job_outcome {
  std::string job_id;
  std::string status;           // "completed" or "failed"
  std::string workflow_output;  // empty: none; kept only where the job has none
  std::string error_message;
};

struct incoming_event {
  std::string id;
  std::string digest;  // of the body as it came, hexadecimal
  std::string type;
  std::string workflow_id;
  std::string job_id;
  std::string scheme;  // empty: it came with a token
  std::optional<std::size_t> secret_index;
  std::string body;  // as it is kept; any bytes
  // What is written beside it if it is new. At most one of each.
  std::optional<job_outcome> outcome;
  std::optional<attestation_record> attestation;
  std::optional<notification_record> notification;
  std::optional<outgoing_event> outgoing;
};

enum class event_fate : std::uint8_t {
  recorded,
  known,     // the same id with the same body
  conflict,  // the same id with another body
};

// Records events and what follows from them in one transaction, so that all of it is there when
// this returns, or nothing. Their ids differ from each other. `refused_values` says, if it fails,
// whether the fault may be with one of the events.
[[nodiscard]] result<std::vector<event_fate>> record_events(job_store& store,
                                                            std::span<const incoming_event> events,
                                                            instant now, bool& refused_values);

}  // namespace jobqueue::detail
