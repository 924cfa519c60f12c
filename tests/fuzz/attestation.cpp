// Attestations. Keys: any text is refused or read, and what was read can be written; any key is
// refused or written, and reads as itself. Records: any text is refused or sealed; a chain that is
// as it was sealed is whole, one that is not is not; C says what C++ says.
#include <jobqueue/attestation.hpp>

#include <algorithm>
#include <string>
#include <vector>

#include <jobqueue/jobqueue.h>

#include "fuzz/fuzz.hpp"

namespace jobqueue::fuzz {
namespace {

void read_text(std::string_view text) {
  const exact_text exact(text);
  const auto readings = attestation_key_readings(exact.view());
  const auto best = parse_attestation_key(exact.view());
  require(best.has_value() == !readings.empty(), "a key has a reading");
  if (!best) return;
  require(*best == readings.front(), "the best reading is the first");
  for (const attestation_key& reading : readings) {
    require(reading.ambiguous == (readings.size() > 1), "a key says that it is ambiguous");
    require(reading.workflow_id.find(':') == std::string::npos, "no id has a colon");
    require(reading.step_id.find(':') == std::string::npos, "no id has a colon");
  }
  const auto written = format_attestation_key(*best);
  require(!written || *parse_attestation_key(*written) == *best, "parse(format(x)) == x");
}

// Every reading is the same in C.
void read_text_in_c(std::string_view text) {
  const exact_text exact(text);
  const auto readings = attestation_key_readings(exact.view());
  jobqueue_buffer written = JOBQUEUE_BUFFER_INIT;
  for (std::size_t i = 0; i <= readings.size(); ++i) {
    jobqueue_attestation_key key = JOBQUEUE_ATTESTATION_KEY_INIT;
    const jobqueue_status status =
        jobqueue_parse_attestation_key(&key, exact.view().data(), exact.view().size(), i, nullptr);
    require((status == JOBQUEUE_OK) == (i < readings.size()), "C reads what C++ reads");
    if (status != JOBQUEUE_OK) continue;
    const std::string_view workflow(key.workflow_id.data, key.workflow_id.size);
    require(workflow == readings[i].workflow_id, "with the same id");
    require(key.attempt == readings[i].attempt.value_or(0), "and the same attempt");
    require(jobqueue_compare_attestation_keys(&key, &key) == 0, "a key is itself");
    const auto wanted = format_attestation_key(readings[i]);
    const bool is_written = jobqueue_format_attestation_key(&written, &key, nullptr) == JOBQUEUE_OK;
    require(is_written == wanted.has_value(), "C writes what C++ writes");
    require(!is_written || *wanted == written.data, "to the byte");
  }
  jobqueue_buffer_dispose(&written);
}

void write_key(choices input) {
  attestation_key key;
  key.writer = static_cast<attestation_writer>(input.nibble() % 3);
  key.kind = static_cast<attestation_kind>(input.nibble() % 2);
  key.form = static_cast<attestation_form>(input.nibble() % 4);
  const unsigned flags = input.nibble();
  key.permanent = (flags & 1U) != 0;
  key.has_step_prefix = (flags & 2U) != 0;
  if ((flags & 4U) != 0) key.attempt = input.nibble();
  if ((flags & 8U) != 0) key.attempt = max_attestation_attempt + 4 - input.nibble();
  key.workflow_id = input.text(input.nibble());
  key.step_id = input.rest();
  const auto written = format_attestation_key(key);
  if (!written) {
    require(!written.problem().message.empty(), "a refusal says why");
    return;
  }
  const auto read = parse_attestation_key(*written);
  require(read && *read == key, "parse(format(x)) == x");
}

// The records of a chain, and what is known of them.
struct records {
  std::vector<exact_text> texts;
  bool is_whole = true;
  bool is_edited = false;
};

// Up to 8 records, each a choice of what is done with the text that follows it.
records read_records(choices input, const attestation_signer& signer) {
  constexpr std::size_t max_records = 8;
  enum : unsigned { as_it_is, sealed, sealed_and_edited, again };
  records made;
  attestation_head head;
  while (!input.done() && made.texts.size() < max_records) {
    const unsigned what = input.nibble() % 4;
    const std::size_t where = input.byte();
    const std::string_view text = input.text(input.byte());
    if (what == again && !made.texts.empty()) {
      made.texts.emplace_back(made.texts[where % made.texts.size()].view());
      made.is_whole = false;
      continue;
    }
    const exact_text exact(text);
    const auto one = signer.seal(exact.view(), head);
    if (!one) require(!one.problem().message.empty(), "a refusal says why");
    if (!one || what == as_it_is || what == again) {
      made.texts.emplace_back(text);
      made.is_whole = false;
      continue;
    }
    std::string changed = one->text;
    if (what == sealed_and_edited) {
      // Of the object, and not of what is around it.
      const std::size_t begin = changed.find('{');
      changed[begin + where * (changed.rfind('}') - begin) / 255] ^= 1;
      made.is_edited = true;
    } else {
      require(one->text.size() > text.size() + 200 && one->head.sequence == head.sequence + 1,
              "a record gets its chain");
    }
    made.texts.emplace_back(changed);
    head = one->head;
  }
  return made;
}

void verify_in_c(const std::vector<std::string_view>& texts, const attestation_report& wanted) {
  std::vector<jobqueue_string> list;
  for (const std::string_view one : texts) list.push_back({one.data(), one.size()});
  const jobqueue_string secret{"s", 1};
  jobqueue_attestation_verifier* verifier = nullptr;
  jobqueue_buffer out = JOBQUEUE_BUFFER_INIT;
  jobqueue_error error;
  require(jobqueue_attestation_verifier_new(&verifier, &secret, 1, &error) == JOBQUEUE_OK,
          "C takes what C++ takes");
  const jobqueue_status status = jobqueue_attestation_verifier_verify(&out, verifier, list.data(),
                                                                      list.size(), nullptr, &error);
  require(status == (wanted.ok()
                         ? JOBQUEUE_OK
                         : static_cast<jobqueue_status>(code_of(wanted.problems.front().reason))),
          "C has the status of the first problem");
  require(to_json(wanted) == out.data, "C has the report of C++");
  jobqueue_buffer_dispose(&out);
  jobqueue_attestation_verifier_free(verifier);
}

void verify_records(choices input) {
  static const auto signer = attestation_signer::create("s").value();
  static const auto verifier = attestation_verifier::create("s").value();
  const records made = read_records(input, signer);
  std::vector<std::string_view> texts;
  for (const exact_text& one : made.texts) texts.push_back(one.view());
  const auto report = verifier.verify(texts).value();
  require(!made.is_whole || made.is_edited || report.ok(), "verify(seal(x)) is ok");
  require(!made.is_edited || !report.ok(), "an edit is detected");
  require(report.count <= texts.size(), "no record counts twice");
  for (const attestation_problem& problem : report.problems) {
    require(problem.index < texts.size(), "a problem has its record");
    require(!describe_attestation_problem(problem).empty(), "it is described");
  }
  for (const std::string_view text : texts) {
    const auto head = verifier.head_of(text);
    require(head || head.problem().message.size() > 10, "a refusal says why");
  }
  verify_in_c(texts, report);
}

}  // namespace
}  // namespace jobqueue::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  jobqueue::fuzz::read_text({reinterpret_cast<const char*>(data), size});
  jobqueue::fuzz::read_text_in_c({reinterpret_cast<const char*>(data), size});
  jobqueue::fuzz::write_key(jobqueue::fuzz::choices(data, size));
  jobqueue::fuzz::verify_records(jobqueue::fuzz::choices(data, size));
  return 0;
}
