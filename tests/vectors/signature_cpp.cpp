#include <jobqueue/signature.hpp>

#include "vectors/signature_runner.hpp"

namespace {

using namespace jobqueue;
using nlohmann::json;

json replay(const test::signature_vector& vector) {
  const auto by = parse_signature_scheme(vector.scheme).value();
  const std::vector<std::string_view> secrets(vector.secrets.begin(), vector.secrets.end());
  const std::chrono::sys_seconds now{std::chrono::seconds(vector.now)};
  if (!vector.verifies) {
    const auto signer = payload_signer::create(by, secrets);
    if (!signer) return test::error_answer(std::string(error_name(signer.problem().code)));
    json headers = json::array();
    for (const auto& header : signer->sign(vector.body, vector.id, now).value()) {
      headers.push_back({header.name, header.value});
    }
    return {{"headers", headers}};
  }
  signature_options options;
  options.tolerance = std::chrono::seconds(vector.tolerance);
  const auto verifier = signature_verifier::create(by, secrets, options);
  if (!verifier) return test::error_answer(std::string(error_name(verifier.problem().code)));
  std::vector<header_field> headers;
  for (const auto& [name, value] : vector.headers) headers.push_back({name, value});
  const auto answer = verifier->verify(headers, vector.body, now);
  json index;
  if (answer.secret_index != no_secret) index = answer.secret_index;
  const std::string reason = test::lower_case(std::string(error_name(answer.reason)));
  return {{"ok", answer.ok()},
          {"scheme", to_string(answer.scheme)},
          {"secret_index", index},
          {"reason", test::null_or(answer.ok() ? "" : reason)},
          {"hint", test::null_or(std::string(to_string(answer.hint)))}};
}

}  // namespace

int main(int argc, char** argv) { return test::run_signature_vectors(argc, argv, replay); }
