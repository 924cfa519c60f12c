#include <array>

#include "core/attestation_chain.hpp"

namespace jobqueue {
namespace {

constexpr std::array<std::string_view, 12> fault_words = {
    "malformed",         "unchained",    "chain_malformed", "digest_mismatch", "hmac_mismatch",
    "previous_mismatch", "sequence_gap", "out_of_order",    "duplicate",       "fork",
    "truncated",         "beyond_head",
};

// What is said of a record; of the chain in the last two.
constexpr std::array<std::string_view, 12> fault_sentences = {
    "is no object of JSON",
    "has no chain: it was never sealed, or its chain was taken away",
    "has a chain that is not as it was written: it was edited, or a store printed the JSON anew; "
    "keep records as text or json, not as jsonb",
    "was edited: its bytes are not those that were sealed",
    "was sealed by none of the secrets: it was forged, or a secret is missing in the list",
    "was sealed behind another record than the one before it",
    "comes too early: records before it are missing",
    "comes too late: it belongs before a record that has come",
    "has come before",
    "has the number of another one: both were sealed behind the same record",
    "the newest records are missing",
    "the chain goes on behind the head or the count that was expected",
};

}  // namespace

std::string detail::sentence_of(attestation_fault fault) {
  const auto i = static_cast<std::size_t>(fault);
  return std::string(i < fault_sentences.size() ? fault_sentences.at(i) : "");
}

inline namespace v1 {

std::string_view to_string(attestation_fault fault) noexcept {
  const auto i = static_cast<std::size_t>(fault);
  return i < fault_words.size() ? fault_words.at(i) : std::string_view();
}

errc code_of(attestation_fault fault) noexcept {
  switch (fault) {
    case attestation_fault::malformed: return errc::invalid_json;
    case attestation_fault::unchained: return errc::signature_missing;
    case attestation_fault::chain_malformed: return errc::signature_malformed;
    default: return errc::signature_mismatch;
  }
}

std::string describe_attestation_problem(const attestation_problem& problem) {
  const bool is_of_chain = problem.reason >= attestation_fault::truncated;
  std::string words =
      is_of_chain ? "" : "record " + std::to_string(problem.index + 1) + " of those given ";
  words += detail::sentence_of(problem.reason);
  if (problem.reason == attestation_fault::sequence_gap) {
    words += " (its number is " + std::to_string(problem.sequence) + ", and " +
             std::to_string(problem.expected) + " was due)";
  }
  return words;
}

std::string to_json(const attestation_report& report) {
  const auto number_or_null = [](std::uint64_t number) {
    return number == 0 ? std::string("null") : std::to_string(number);
  };
  std::string json = report.ok() ? R"({"ok":true,"count":)" : R"({"ok":false,"count":)";
  json += std::to_string(report.count);
  json += R"(,"head":{"sequence":)" + std::to_string(report.head.sequence);
  json += R"(,"digest":")" + report.head.digest + R"("},"problems":[)";
  for (const attestation_problem& problem : report.problems) {
    if (json.back() == '}') json += ',';
    json += R"({"index":)" + std::to_string(problem.index) + R"(,"reason":")";
    json += to_string(problem.reason);
    json += R"(","sequence":)" + number_or_null(problem.sequence) + R"(,"expected":)" +
            std::to_string(problem.expected) + "}";
  }
  return json + "]}";
}

}  // namespace v1
}  // namespace jobqueue
