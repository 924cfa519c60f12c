#include <jobqueue/attestation.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vectors/vector_loop.hpp"

namespace {

using namespace jobqueue;
using nlohmann::json;

json error_of(const error& problem) {
  return test::error_answer(std::string(error_name(problem.code)));
}

json to_json(const attestation_key& key) {
  return {{"writer", to_string(key.writer)},
          {"kind", to_string(key.kind)},
          {"form", to_string(key.form)},
          {"workflow_id", test::null_or(key.workflow_id)},
          {"step_id", test::null_or(key.step_id)},
          {"attempt", key.attempt ? json(*key.attempt) : json()},
          {"permanent", key.permanent},
          {"has_step_prefix", key.has_step_prefix},
          {"ambiguous", key.ambiguous}};
}

// The value of an enumeration by its word.
template <class Value>
Value value_of(const json& word) {
  unsigned i = 0;
  while (word != to_string(static_cast<Value>(i))) ++i;
  return static_cast<Value>(i);
}

std::string text_or_empty(const json& value) {
  return value.is_null() ? std::string() : value.get<std::string>();
}

attestation_key key_of(const json& one) {
  attestation_key key;
  key.writer = value_of<attestation_writer>(one.at("writer"));
  key.kind = value_of<attestation_kind>(one.at("kind"));
  key.form = value_of<attestation_form>(one.at("form"));
  key.workflow_id = text_or_empty(one.at("workflow_id"));
  key.step_id = text_or_empty(one.at("step_id"));
  if (!one.at("attempt").is_null()) key.attempt = one["attempt"].get<std::uint64_t>();
  key.permanent = one.at("permanent");
  key.has_step_prefix = one.at("has_step_prefix");
  return key;
}

json parse(const std::string& text) {
  const auto best = parse_attestation_key(text);
  if (!best) return error_of(best.problem());
  json readings = json::array();
  for (const attestation_key& one : attestation_key_readings(text))
    readings.push_back(to_json(one));
  return {{"readings", readings}, {"written", format_attestation_key(*best).value()}};
}

json sort(std::vector<std::string> keys) {
  std::sort(keys.begin(), keys.end(), [](const std::string& a, const std::string& b) {
    return parse_attestation_key(a).value() < parse_attestation_key(b).value();
  });
  return {{"keys", keys}};
}

// The place behind the record before, if there is one.
result<attestation_head> head_before(const json& one, const attestation_verifier& verifier) {
  if (!one.contains("previous")) return attestation_head();
  return verifier.head_of(one["previous"].get<std::string>());
}

json seal(const json& one, const attestation_verifier& verifier, std::string_view secret) {
  const auto signer = attestation_signer::create(secret).value();
  auto head = head_before(one, verifier);
  if (!head) return error_of(head.problem());
  json records = json::array();
  for (const std::string record : one.at("records")) {
    const auto sealed = signer.seal(record, *head);
    if (!sealed) return error_of(sealed.problem());
    records.push_back(sealed->text);
    *head = sealed->head;
  }
  return {{"records", records}};
}

json verify(const json& one, const attestation_verifier& verifier) {
  attestation_expectation known;
  const auto head = head_before(one, verifier);
  if (!head) return error_of(head.problem());
  known.after = *head;
  known.expected_head = one.value("expected_head", "");
  if (one.contains("expected_count")) known.expected_count = one["expected_count"];
  const auto records = one.at("records").get<std::vector<std::string>>();
  const auto report =
      verifier.verify(std::vector<std::string_view>(records.begin(), records.end()), known);
  if (!report) return error_of(report.problem());
  return json::parse(to_json(*report));
}

json replay(const json& one) {
  const std::string what = one.at("do");
  if (what == "parse") return parse(one.at("key"));
  if (what == "sort") return sort(one.at("keys"));
  if (what == "format") {
    const auto text = format_attestation_key(key_of(one.at("key")));
    return text ? json{{"written", *text}} : error_of(text.problem());
  }
  const auto secrets = one.at("secrets").get<std::vector<std::string>>();
  const std::vector<std::string_view> views(secrets.begin(), secrets.end());
  const auto verifier = attestation_verifier::create(views);
  if (!verifier) return error_of(verifier.problem());
  return what == "seal" ? seal(one, *verifier, views.front()) : verify(one, *verifier);
}

}  // namespace

int main(int argc, char** argv) { return test::run_answers(argc, argv, 150, replay); }
