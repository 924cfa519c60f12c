// Jobs and their verdicts in words.
#pragma once

#include <string>

#include <jobqueue/service/evaluator.hpp>

namespace jobqueue::cli {

// A job of a list (`job_list`) in a line or two: when, id, status, what is the matter.
[[nodiscard]] std::string describe_job(const std::string& job);

// An explained verdict in indented lines: which conditions decided, with both values, and what
// would complete the job.
[[nodiscard]] std::string describe_verdict(const evaluation& verdict);

// `job`, a JSON object, with the verdict as its member `evaluation`.
[[nodiscard]] std::string add_verdict(const std::string& job, const evaluation& verdict);

}  // namespace jobqueue::cli
