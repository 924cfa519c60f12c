// jobqueue - retry: what a retry may change in the data of a job, and which attempt a job is at.
//
//   #include <iostream>
//   #include <jobqueue/jobqueue.hpp>
//
//   int main() {
//     using namespace jobqueue;
//     const auto at = parse_instant("2026-01-05T12:00:00Z").value();
//     const std::string_view job = R"({"ctx":{"workflow_context":{"retry_attempt":2}}})";
//     const std::uint64_t attempt = retry_attempt(job).value();
//     const auto data = preserve_job_data(R"({"outputs":"old","k":1e0})", R"("new")", attempt, at);
//     std::cout << retry_asset_filename("out.png", attempt) << ' ' << data.value().substr(0, 25);
//   }
//
// prints "out_r2.png {"outputs":"new","k":1e0,".
//
// docs/api/retry.md has more examples.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <jobqueue/result.hpp>
#include <jobqueue/rules.hpp>

namespace jobqueue {
inline namespace v1 {

/// The largest attempt: JavaScript has no larger number that is exact.
inline constexpr std::uint64_t max_attempt = 9'007'199'254'740'991;

/// Records in the data of a job what a retry gave, so that nothing else in it changes. `original`
/// is an object of JSON, `result` any JSON, both at any depth; `at` is from year 1 to 9999.
///
/// `outputs` and `retry_execution_data` become `result`, `last_retry_attempt` becomes `attempt` and
/// `retry_completed_at` becomes `at` (as `format_instant` writes it). A member that is there gets
/// its new value in its place; one that is not there comes behind the last one, with the white
/// space of that. Of members with the same name the last counts, as with most readers; the others
/// stay. With `p(d, r, n) = preserve_job_data(d, r, n, t)` and `m` any member of `d`:
///
///     p(d, r, n).m == d.m               byte for byte, and in their order, but for these four and
///                                       `retry_replaced`
///     p(d, r, n).outputs == r           byte for byte, without the white space around it
///     p(p(d, r, n), r', n) == p(d, r', n)     an attempt that is recorded again replaces its own
///     p(p(d, r, n), r', k) fails        for k < n
///
/// What an attempt replaces is not lost: if `d` was recorded by another attempt or by none, each of
/// the four values that were there goes, byte for byte, to `retry_replaced["<n>"]`, by its name. If
/// none was there, `retry_replaced` is not written. What stands in the way of that, a
/// `retry_replaced` that is no object or that has the number already, goes there, too, by the name
/// `retry_replaced`.
///
///     p(d, r, n).retry_replaced[n].outputs == d.outputs      if attempt(d) != n
///
/// The attempt of `d` is its `last_retry_attempt` as `retry_attempt` reads numbers; what is none is
/// a value as any other.
///
/// `invalid_json` and `invalid_utf8` with the offset in `original` or in `result`, as the message
/// says; `invalid_argument` if `original` is no object, if its attempt is higher (read the job
/// again, and drop a result that is late), or if `attempt` or `at` is out of range. Linear time; no
/// memory but for the answer and a bit for each level.
[[nodiscard]] result<std::string> preserve_job_data(std::string_view original,
                                                    std::string_view result_json,
                                                    std::uint64_t attempt, instant at);

/// Which attempt of a job by its user this is, 0 for the first try. `job` is an object of JSON with
/// the columns of the job, or the fields of its hash; the first of these that is a number is it:
///
///     ctx.workflow_context.retry_attempt, payload.ctx.retry_count, payload.ctx.retryCount,
///     retry_count
///
/// An object among them may be a string that holds one. A number is an integer from 0 to
/// `max_attempt`, written in any way (2, 2.0, "2"); a 0 is one. Anything else, and what is not
/// there, is passed over. Of members with the same name the last counts. `invalid_json` and
/// `invalid_utf8` with the offset if `job` is no JSON, `invalid_argument` if it is no object.
[[nodiscard]] result<std::uint64_t> retry_attempt(std::string_view job);

/// The name under which an attempt keeps a file, so that it does not overwrite that of another:
/// `_r<attempt>` comes before the last dot of the name, or behind a name without one. What is
/// before the last '/' or '\' is no part of it, nor is a dot at its beginning. Attempt 0 has the
/// name as it is; so has a name that ends in a separator, or is empty.
///
///     retry_asset_filename("out/image.png", 2) == "out/image_r2.png"
///     f(f(x, n), m) == f(x, m)      for n, m > 0: a suffix of that kind (_r1, not _r0 or _r01) is
///                                   replaced
[[nodiscard]] std::string retry_asset_filename(std::string_view filename, std::uint64_t attempt);

}  // namespace v1
}  // namespace jobqueue
