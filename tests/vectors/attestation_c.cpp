#include <jobqueue/jobqueue.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "vectors/vector_loop.hpp"

namespace {

using namespace jobqueue;
using nlohmann::json;

jobqueue_string borrow(const std::string& text) { return {text.data(), text.size()}; }

json error_of(jobqueue_status status) { return test::error_answer(jobqueue_status_name(status)); }

json text_or_null(const jobqueue_string& text) {
  return text.size == 0 ? json() : json(std::string(text.data, text.size));
}

jobqueue_status parse_one(const std::string& text, std::size_t reading,
                          jobqueue_attestation_key& key) {
  key = JOBQUEUE_ATTESTATION_KEY_INIT;
  return jobqueue_parse_attestation_key(&key, text.data(), text.size(), reading, nullptr);
}

json to_json(const jobqueue_attestation_key& key) {
  return {{"writer", jobqueue_attestation_writer_name(key.writer)},
          {"kind", jobqueue_attestation_kind_name(key.kind)},
          {"form", jobqueue_attestation_form_name(key.form)},
          {"workflow_id", text_or_null(key.workflow_id)},
          {"step_id", text_or_null(key.step_id)},
          {"attempt", key.attempt == 0 ? json() : json(key.attempt)},
          {"permanent", (key.flags & JOBQUEUE_ATTESTATION_KEY_PERMANENT) != 0},
          {"has_step_prefix", (key.flags & JOBQUEUE_ATTESTATION_KEY_STEP_PREFIX) != 0},
          {"ambiguous", (key.flags & JOBQUEUE_ATTESTATION_KEY_AMBIGUOUS) != 0}};
}

json written(const jobqueue_attestation_key& key) {
  jobqueue_buffer out = JOBQUEUE_BUFFER_INIT;
  const jobqueue_status status = jobqueue_format_attestation_key(&out, &key, nullptr);
  const json answer = status == JOBQUEUE_OK ? json(out.data) : error_of(status);
  jobqueue_buffer_dispose(&out);
  return answer;
}

json parse(const std::string& text) {
  jobqueue_attestation_key key;
  json readings = json::array();
  jobqueue_status status = parse_one(text, 0, key);
  if (status != JOBQUEUE_OK) return error_of(status);
  const json again = written(key);
  for (; status == JOBQUEUE_OK; status = parse_one(text, readings.size(), key)) {
    readings.push_back(to_json(key));
  }
  return {{"readings", readings}, {"written", again}};
}

json format(const json& one) {
  const auto number_of = [&](const char* member, const char* (*name_of)(std::uint32_t)) {
    std::uint32_t number = 0;
    while (one.at(member) != name_of(number)) ++number;
    return number;
  };
  const auto text_of = [&](const char* member) {
    return one.at(member).is_null() ? std::string() : one[member].get<std::string>();
  };
  const std::string workflow = text_of("workflow_id");
  const std::string step = text_of("step_id");
  jobqueue_attestation_key key = JOBQUEUE_ATTESTATION_KEY_INIT;
  key.writer = number_of("writer", jobqueue_attestation_writer_name);
  key.kind = number_of("kind", jobqueue_attestation_kind_name);
  key.form = number_of("form", jobqueue_attestation_form_name);
  key.flags = (one.at("permanent") ? JOBQUEUE_ATTESTATION_KEY_PERMANENT : 0U) |
              (one.at("has_step_prefix") ? JOBQUEUE_ATTESTATION_KEY_STEP_PREFIX : 0U);
  key.workflow_id = borrow(workflow);
  key.step_id = borrow(step);
  if (!one.at("attempt").is_null()) key.attempt = one["attempt"];
  const json answer = written(key);
  return answer.is_string() ? json{{"written", answer}} : answer;
}

json sort(std::vector<std::string> keys) {
  std::sort(keys.begin(), keys.end(), [](const std::string& a, const std::string& b) {
    jobqueue_attestation_key first;
    jobqueue_attestation_key second;
    return parse_one(a, 0, first) == JOBQUEUE_OK && parse_one(b, 0, second) == JOBQUEUE_OK &&
           jobqueue_compare_attestation_keys(&first, &second) < 0;
  });
  return {{"keys", keys}};
}

json seal(const json& one, const std::string& secret, jobqueue_attestation_head head) {
  jobqueue_attestation_signer* signer = nullptr;
  jobqueue_buffer out = JOBQUEUE_BUFFER_INIT;
  jobqueue_status status =
      jobqueue_attestation_signer_new(&signer, secret.data(), secret.size(), nullptr);
  json records = json::array();
  for (const std::string record : one.at("records")) {
    if (status != JOBQUEUE_OK) break;
    status = jobqueue_attestation_signer_seal(&out, &head, signer, record.data(), record.size(),
                                              nullptr);
    if (status == JOBQUEUE_OK) records.push_back(std::string(out.data, out.size));
  }
  jobqueue_buffer_dispose(&out);
  jobqueue_attestation_signer_free(signer);
  return status == JOBQUEUE_OK ? json{{"records", records}} : error_of(status);
}

json verify(const json& one, const jobqueue_attestation_verifier* verifier,
            const jobqueue_attestation_head& head) {
  const auto texts = one.at("records").get<std::vector<std::string>>();
  std::vector<jobqueue_string> records;
  for (const std::string& text : texts) records.push_back(borrow(text));
  const std::string expected_head = one.value("expected_head", "");
  jobqueue_attestation_options options = JOBQUEUE_ATTESTATION_OPTIONS_INIT;
  options.after = &head;
  options.expected_head = borrow(expected_head);
  options.expected_count = one.value("expected_count", JOBQUEUE_ANY_COUNT);
  jobqueue_buffer out = JOBQUEUE_BUFFER_INIT;
  const jobqueue_status status = jobqueue_attestation_verifier_verify(
      &out, verifier, records.data(), records.size(), &options, nullptr);
  const json answer = out.data == nullptr ? error_of(status) : json::parse(out.data);
  jobqueue_buffer_dispose(&out);
  if (answer.contains("ok") && answer["ok"] != (status == JOBQUEUE_OK)) {
    return {{"error", "the status is not that of the report"}};
  }
  return answer;
}

json replay(const json& one) {
  const std::string what = one.at("do");
  if (what == "parse") return parse(one.at("key"));
  if (what == "sort") return sort(one.at("keys"));
  if (what == "format") return format(one.at("key"));
  const auto secrets = one.at("secrets").get<std::vector<std::string>>();
  std::vector<jobqueue_string> list;
  for (const std::string& secret : secrets) list.push_back(borrow(secret));
  jobqueue_attestation_verifier* verifier = nullptr;
  jobqueue_status status =
      jobqueue_attestation_verifier_new(&verifier, list.data(), list.size(), nullptr);
  jobqueue_attestation_head head = JOBQUEUE_ATTESTATION_HEAD_INIT;
  if (status == JOBQUEUE_OK && one.contains("previous")) {
    const std::string previous = one["previous"];
    status = jobqueue_attestation_verifier_head(&head, verifier, previous.data(), previous.size(),
                                                nullptr);
  }
  const json answer = status != JOBQUEUE_OK ? error_of(status)
                      : what == "seal"      ? seal(one, secrets.front(), head)
                                            : verify(one, verifier, head);
  jobqueue_attestation_verifier_free(verifier);
  return answer;
}

}  // namespace

int main(int argc, char** argv) { return test::run_answers(argc, argv, 150, replay); }
