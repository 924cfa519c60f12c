#include <jobqueue/jobqueue.h>

#include <string_view>

#include "vectors/signature_runner.hpp"

namespace {

using namespace jobqueue;
using nlohmann::json;

jobqueue_string borrow(const std::string& text) { return {text.data(), text.size()}; }

std::uint32_t scheme_of(std::string_view word) {
  std::uint32_t scheme = 0;
  while (jobqueue_signature_scheme_name(scheme) != word) ++scheme;
  return scheme;
}

json sign(const test::signature_vector& vector, const std::vector<jobqueue_string>& secrets) {
  jobqueue_payload_signer* signer = nullptr;
  jobqueue_buffer out = JOBQUEUE_BUFFER_INIT;
  jobqueue_status status = jobqueue_payload_signer_new(&signer, scheme_of(vector.scheme),
                                                       secrets.data(), secrets.size(), nullptr);
  if (status == JOBQUEUE_OK) {
    status = jobqueue_payload_signer_sign(&out, signer, vector.body.data(), vector.body.size(),
                                          vector.id.data(), vector.id.size(), vector.now, nullptr);
  }
  json headers = json::array();
  std::string_view lines(out.data == nullptr ? "" : out.data, out.size);
  while (!lines.empty()) {
    const std::string_view line = lines.substr(0, lines.find('\n'));
    const std::size_t colon = line.find(": ");
    headers.push_back({line.substr(0, colon), line.substr(colon + 2)});
    lines.remove_prefix(line.size() + 1);
  }
  jobqueue_buffer_dispose(&out);
  jobqueue_payload_signer_free(signer);
  if (status != JOBQUEUE_OK) return test::error_answer(jobqueue_status_name(status));
  return {{"headers", headers}};
}

json verify(const test::signature_vector& vector, const std::vector<jobqueue_string>& secrets) {
  jobqueue_signature_options options = JOBQUEUE_SIGNATURE_OPTIONS_INIT;
  options.tolerance_seconds = vector.tolerance;
  jobqueue_signature_verifier* verifier = nullptr;
  jobqueue_status status = jobqueue_signature_verifier_new(
      &verifier, scheme_of(vector.scheme), secrets.data(), secrets.size(), &options, nullptr);
  if (status != JOBQUEUE_OK) return test::error_answer(jobqueue_status_name(status));
  std::vector<jobqueue_header> headers;
  for (const auto& [name, value] : vector.headers) headers.push_back({borrow(name), borrow(value)});
  jobqueue_verification answer = JOBQUEUE_VERIFICATION_INIT;
  status = jobqueue_signature_verifier_verify(&answer, verifier, headers.data(), headers.size(),
                                              vector.body.data(), vector.body.size(), vector.now,
                                              nullptr);
  jobqueue_signature_verifier_free(verifier);
  if (status != answer.reason) return {{"error", "the status is not the reason"}};
  json index;
  if (answer.secret_index != JOBQUEUE_NO_SECRET) index = answer.secret_index;
  const bool ok = status == JOBQUEUE_OK;
  return {{"ok", ok},
          {"scheme", jobqueue_signature_scheme_name(answer.scheme)},
          {"secret_index", index},
          {"reason", test::null_or(ok ? "" : test::lower_case(jobqueue_status_name(status)))},
          {"hint", test::null_or(answer.hint)}};
}

}  // namespace

int main(int argc, char** argv) {
  return test::run_signature_vectors(argc, argv, [](const test::signature_vector& vector) {
    std::vector<jobqueue_string> secrets;
    for (const std::string& one : vector.secrets) secrets.push_back(borrow(one));
    return vector.verifies ? verify(vector, secrets) : sign(vector, secrets);
  });
}
