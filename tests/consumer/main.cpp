// What a project in C++ does with the library: everything that has to be linked is called.
#include <iostream>
#include <span>
#include <string>

#include <jobqueue/jobqueue.hpp>

int main() {
  const std::string png =
      "\"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5Erk"
      "Jg"
      "gg==\"";
  const std::string document = "{\"id\":1.0,\"data\":" + png + ",\"more\":[" + png + "]}";
  jobqueue::sanitize_options options;
  options.min_run_chars = 64;
  const auto lean = jobqueue::sanitize_base64(document, options).value();
  std::cout << lean.view(document) << ' ' << lean.cut_count << '\n';

  // A reference is longer than this picture, so nothing is cut.
  const auto vault = jobqueue::open_directory_vault("blobs", {.create = true}).value();
  options.store = vault.get();
  std::cout << jobqueue::sanitize_base64(document, options).value().changed << '\n';
  const auto digest = vault->add(std::as_bytes(std::span("abc", 3))).value();
  std::cout << digest.hex() << ' ' << vault->get(digest, 3).value() << '\n';

  options.format = jobqueue::document_format::json;
  const auto refused = jobqueue::sanitize_base64("[1,", options);
  std::cout << jobqueue::error_name(refused.problem().code) << ' ' << refused.problem().offset
            << '\n';
  std::cout << "jobqueue " JOBQUEUE_VERSION_STRING "\n";
}
