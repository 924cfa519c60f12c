// Keys of attestations: any text is refused or read, and what was read can be written; any key is
// refused or written, and reads as itself.
#include <jobqueue/attestation.hpp>

#include <string>

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

}  // namespace
}  // namespace jobqueue::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  jobqueue::fuzz::read_text({reinterpret_cast<const char*>(data), size});
  jobqueue::fuzz::write_key(jobqueue::fuzz::choices(data, size));
  return 0;
}
