// Each kernel once, between two marks for callgrind, whose counts check.py compares with those of
// figures.json. Without valgrind the marks do nothing, and the kernels just run.
#include <valgrind/callgrind.h>

#include <cstdlib>
#include <functional>
#include <iostream>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <jobqueue/attestation.hpp>
#include <jobqueue/base64.hpp>
#include <jobqueue/content_type.hpp>
#include <jobqueue/failure.hpp>
#include <jobqueue/retry.hpp>
#include <jobqueue/rules.hpp>
#include <jobqueue/signature.hpp>
#include <jobqueue/truncate.hpp>

#include "../../benchmarks/base64_corpora.hpp"

namespace {

using namespace jobqueue;
using namespace std::string_literals;

// Whether it did what it should.
using kernel = std::function<bool()>;

const std::string& document(const std::string& name) { return benchmarks::corpus(name, 200'000); }

kernel sanitizing(const std::string& name, bool changes, simd_target target) {
  return [&text = document(name), changes, target] {
    sanitize_options options;
    options.simd = target;
    const auto answer = sanitize_base64(text, options);
    return answer && answer->changed == changes;
  };
}

kernel truncating(const std::string& name, simd_target target) {
  return [&text = document(name), target] {
    truncate_options options;
    options.max_bytes = 2000;
    options.simd = target;
    const auto answer = truncate_payload(text, options);
    return answer && answer->view(text).size() <= 2000;
  };
}

kernel detecting(std::string head, std::string_view media_type) {
  head += benchmarks::maker().base64(content_head_bytes);
  head.resize(content_head_bytes);
  return [head = std::move(head), media_type] {
    return detect_content_type(std::as_bytes(std::span(head))).media_type.view() == media_type;
  };
}

kernel verifying() {
  constexpr std::string_view secret = "8f742231b10e8888abcd99yyyzzz85a5";
  const std::chrono::sys_seconds now{std::chrono::seconds(1'700'000'000)};
  const std::string body(64, 'b');
  const auto signature = std::make_shared<std::vector<signature_header>>(
      sign_payload(signature_scheme::jobqueue, secret, body, "", now).value());
  const auto verifier = std::make_shared<signature_verifier>(
      signature_verifier::create(signature_scheme::jobqueue, secret).value());
  return [signature, verifier, body, now] {
    std::vector<header_field> fields;
    for (const auto& one : *signature) fields.push_back({one.name, one.value});
    return verifier->verify(fields, body, now).ok();
  };
}

kernel deciding() {
  const auto reader = std::make_shared<record_reader>(ruleset::standard());
  const auto facts = reader
                         ->read(R"({"id":"7","status":"failed","retry_count":1,"max_retries":3,)"
                                R"("error_message":"boom"})")
                         .value();
  return [reader, facts, now = parse_instant("2026-01-05T12:00:00Z").value()] {
    return ruleset::standard().decide(facts, now).holds == truth::yes;
  };
}

std::vector<std::pair<std::string, kernel>> all_kernels() {
  std::vector<std::pair<std::string, kernel>> all;
  for (const simd_target target : {simd_target::avx2, simd_target::scalar}) {
    const std::string suffix = "." + std::string(to_string(target));
    for (const auto& [name, changes] :
         {std::pair("clean_job_6kB", false), std::pair("images_1MB", true),
          std::pair("runs_of_99", false), std::pair("broken_tails", true)}) {
      all.emplace_back("sanitize." + std::string(name) + suffix, sanitizing(name, changes, target));
    }
    for (const std::string name : {"clean_job_6kB", "images_1MB"}) {
      all.emplace_back("truncate." + name + suffix, truncating(name, target));
    }
  }
  all.emplace_back(
      "detect.png",
      detecting("\x89PNG\r\n\x1A\n\0\0\0\rIHDR\0\0\4\0\0\0\4\0\x08\6\0\0\0"s, "image/png"));
  all.emplace_back("detect.text", detecting("The quick brown fox.\n"s, "text/plain"));
  all.emplace_back("verify.64B", verifying());
  all.emplace_back("decide.failed", deciding());
  all.emplace_back("classify.refused", [] {
    return classify_failure("connect ECONNREFUSED 127.0.0.1:6379").reason ==
           failure_reason::connection_failed;
  });
  all.emplace_back("parse_attestation_key", [] {
    return parse_attestation_key("worker:completion:job-id:w1:step-id:s1:attempt:2").has_value();
  });
  all.emplace_back("retry_attempt", [] {
    return retry_attempt(R"({"ctx":{"workflow_context":{"retry_attempt":2}}})").value() == 2;
  });
  return all;
}

}  // namespace

int main() {
  for (const auto& [name, run] : all_kernels()) {
    // The first time makes tables and learns what the processor can do.
    bool right = run();
    CALLGRIND_TOGGLE_COLLECT;
    right = run() && right;
    CALLGRIND_TOGGLE_COLLECT;
    CALLGRIND_DUMP_STATS_AT(name.c_str());
    if (!right) {
      std::cerr << name << " gave a wrong answer\n";
      return EXIT_FAILURE;
    }
  }
  return EXIT_SUCCESS;
}
