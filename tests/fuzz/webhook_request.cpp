// A header of the service and the body of a webhook: any bytes are refused, or are read as what
// they say. What is accepted has one length and one host; an event that is read has an id that was
// given or is a digest, and what is sent on is JSON.
#include <string>
#include <string_view>
#include <vector>

#include "core/json_check.hpp"
#include "fuzz/fuzz.hpp"
#include "net/http_text.hpp"
#include "service/http_framing.hpp"
#include "service/webhook_event.hpp"

namespace jobqueue::fuzz {
namespace {

void check_head(std::string_view bytes) {
  detail::http_head head;
  if (!detail::read_head(bytes, head).empty()) return;
  std::size_t hosts = 0;
  std::size_t lengths = 0;
  for (const detail::http_field& one : head.fields) {
    require(!one.name.empty() && one.name.find(':') == std::string_view::npos, "a name");
    require(one.value == detail::trimmed(one.value), "a value without white space around it");
    require(one.value.find('\0') == std::string_view::npos, "no NUL");
    hosts += detail::same_name(one.name, "host") ? 1 : 0;
    lengths += detail::same_name(one.name, "content-length") ? 1 : 0;
  }
  require(hosts <= 1 && lengths <= 1, "once only");
  require(!head.is_chunked || lengths == 0, "one way to tell the length");
  require(head.target.find(' ') == std::string_view::npos, "a target is one word");
}

void check_event(webhook_kind kind, std::string_view body, std::string_view id) {
  const std::string digest(64, 'd');
  const header_field headers[]{{"x-webhook-event", "type"}, {"webhook-id", id}};
  const auto event = detail::read_event(kind, body, headers, {}, digest, instant());
  if (!event) {
    require(event.problem().code == errc::invalid_argument, "a reason");
    return;
  }
  require(!event->id.empty() && event->id.size() <= 300, "an id");
  require(event->body == body && event->digest == digest, "the body stays");
  require(kind == webhook_kind::workflow || event->notification, "a notification");
  if (event->notification) {
    require(detail::check_json(event->notification->record).has_value(), "its record is JSON");
  }
  if (event->outgoing) {
    require(detail::check_json(event->outgoing->body).has_value(), "what is sent on is JSON");
    require(event->outgoing->id.find('.') == std::string::npos, "an id without a dot");
  }
  if (event->outcome) require(!event->outcome->job_id.empty(), "an outcome is of a job");
}

}  // namespace
}  // namespace jobqueue::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace jobqueue;
  fuzz::choices input(data, size);
  const unsigned choice = input.nibble();
  const fuzz::exact_text rest(input.rest());
  fuzz::check_head(rest.view());
  fuzz::check_event(choice % 2 == 0 ? webhook_kind::workflow : webhook_kind::user_notified,
                    rest.view(), "id.of.a.header");
  return 0;
}
