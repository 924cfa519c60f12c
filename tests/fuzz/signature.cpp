// Webhooks: any headers and any body get one of the answers, the same with and without hints and
// through C; a good one has what the signer makes. Any text is refused as a secret, or signs what
// it verifies. Choices: scheme; then lines "name: value" up to an empty one, then the body.
#include <jobqueue/signature.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include <jobqueue/jobqueue.h>

#include "fuzz/fuzz.hpp"

namespace jobqueue::fuzz {
namespace {

const std::chrono::sys_seconds now{std::chrono::seconds(1'700'000'000)};
constexpr std::array<std::string_view, 3> secrets = {
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4="};

struct message {
  std::vector<exact_text> texts;  // names and values by turns
  std::vector<header_field> headers;
};

message read_headers(std::string_view& text) {
  constexpr std::size_t max_headers = 40;
  message made;
  while (!text.empty() && made.texts.size() < 2 * max_headers) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.empty()) break;
    const std::size_t colon = std::min(line.find(':'), line.size());
    made.texts.emplace_back(line.substr(0, colon));
    made.texts.emplace_back(line.substr(std::min(line.size(), colon + 1)));
  }
  for (std::size_t i = 0; i + 1 < made.texts.size(); i += 2) {
    made.headers.push_back({made.texts[i].view(), made.texts[i + 1].view()});
  }
  return made;
}

const header_field* find(const std::vector<header_field>& headers, std::string_view lower) {
  for (const header_field& one : headers) {
    const bool same =
        std::equal(one.name.begin(), one.name.end(), lower.begin(), lower.end(),
                   [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; });
    if (same) return &one;
  }
  return nullptr;
}

std::string_view trim(std::string_view text) {
  const std::size_t begin = std::min(text.find_first_not_of(" \t"), text.size());
  return text.substr(begin, text.find_last_not_of(" \t") + 1 - begin);
}

bool is_answer(errc reason) {
  return reason == errc::ok || reason == errc::signature_missing ||
         reason == errc::signature_malformed || reason == errc::signature_mismatch ||
         reason == errc::timestamp_out_of_tolerance;
}

void check_c(signature_scheme by, const std::vector<header_field>& headers, std::string_view body,
             const verification& wanted) {
  std::array<jobqueue_string, secrets.size()> list{};
  for (std::size_t i = 0; i < list.size(); ++i) list[i] = {secrets[i].data(), secrets[i].size()};
  std::vector<jobqueue_header> fields;
  for (const auto& one : headers) {
    fields.push_back({{one.name.data(), one.name.size()}, {one.value.data(), one.value.size()}});
  }
  jobqueue_signature_verifier* verifier = nullptr;
  jobqueue_verification answer = JOBQUEUE_VERIFICATION_INIT;
  jobqueue_error error;
  require(jobqueue_signature_verifier_new(&verifier, static_cast<std::uint32_t>(by), list.data(),
                                          list.size(), nullptr, &error) == JOBQUEUE_OK,
          "C takes what C++ takes");
  const jobqueue_status status = jobqueue_signature_verifier_verify(
      &answer, verifier, fields.data(), fields.size(), body.data(), body.size(),
      now.time_since_epoch().count(), &error);
  jobqueue_signature_verifier_free(verifier);
  require(status == static_cast<jobqueue_status>(wanted.reason), "C says what C++ says");
  require(answer.hint == to_string(wanted.hint), "C has the hint of C++");
}

void verify(signature_scheme by, std::string_view text) {
  const message made = read_headers(text);
  const exact_text body(text);
  const auto loud = signature_verifier::create(by, secrets).value();
  const auto quiet = signature_verifier::create(by, secrets, {.hints = false}).value();
  const auto answer = loud.verify(made.headers, body.view(), now);
  const auto again = quiet.verify(made.headers, body.view(), now);
  require(is_answer(answer.reason), "one of the answers");
  require(answer.reason == again.reason && answer.scheme == again.scheme, "hints change nothing");
  require(answer.secret_index == again.secret_index, "hints change nothing");
  require(!answer.ok() || answer.hint == signature_hint::none, "what is right has no hint");
  const bool knows = answer.ok() || answer.reason == errc::timestamp_out_of_tolerance;
  require(knows == (answer.secret_index != no_secret), "a secret, or none");
  require(!describe_verification(answer).empty(), "it is described");
  check_c(by, made.headers, body.view(), answer);
  if (!answer.ok() || answer.scheme == signature_scheme::convoy) return;
  // The MAC that a signer makes is in one of the headers.
  const bool is_svix =
      answer.scheme == signature_scheme::svix && find(made.headers, "svix-signature") != nullptr;
  const header_field* const id_header = find(made.headers, is_svix ? "svix-id" : "webhook-id");
  const std::string_view id = id_header == nullptr ? "" : trim(id_header->value);
  const bool has_id =
      answer.scheme == signature_scheme::standard || answer.scheme == signature_scheme::svix;
  const auto own = sign_payload(answer.scheme, secrets[answer.secret_index], body.view(),
                                has_id ? id : "", now - std::chrono::seconds(answer.age_seconds));
  if (!own) return;
  const std::string_view mac =
      std::string_view(own->back().value).substr(own->back().value.size() - 40);
  bool found = false;
  for (const auto& header : made.headers) {
    found = found || header.value.find(mac) != std::string_view::npos;
  }
  require(found, "what is accepted is what the signer makes");
}

void use_secret(signature_scheme by, std::string_view text) {
  const exact_text secret(text);
  const auto verifier = signature_verifier::create(by, secret.view());
  const auto signer = payload_signer::create(by, secret.view());
  require(!signer || verifier, "what can sign can verify");
  if (!verifier) {
    require(verifier.problem().code == errc::secret_invalid, "a secret is refused as one");
    const bool tells =
        text.size() > 12 && verifier.problem().message.find(text) != std::string::npos;
    require(!tells, "no message has a secret in it");
  }
  if (!signer) return;
  const bool has_id = by == signature_scheme::standard || by == signature_scheme::svix;
  const auto headers = signer->sign("body", has_id ? "id" : "", now).value();
  std::vector<header_field> fields;
  for (const auto& one : headers) fields.push_back({one.name, one.value});
  require(verifier->verify(fields, "body", now).ok(), "verify(sign(x)) is ok");
}

}  // namespace
}  // namespace jobqueue::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace jobqueue;
  fuzz::choices input(data, size);
  const unsigned choice = input.nibble();
  const auto by = static_cast<signature_scheme>(choice % 8);
  const std::string_view rest = input.rest();
  if (choice < 8) {
    fuzz::verify(by, rest);
  } else {
    fuzz::use_secret(by, rest);
  }
  return 0;
}
