// jobqueue - probe: what the object at a URL really is, by its first bytes.
//
//   #include <iostream>
//   #include <jobqueue/net/probe.hpp>
//
//   int main() {
//     const jobqueue::http_client client(jobqueue::probe_client_options());
//     const auto probed = jobqueue::probe_content_type(client, "http://127.0.0.1/out.png");
//     if (!probed) std::cout << error_name(probed.problem().code);
//   }
//
// prints "ADDRESS_FORBIDDEN". Only public addresses are asked unless others are allowed.
//
// docs/api/probe.md says what is asked and what an answer is worth.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <jobqueue/content_type.hpp>
#include <jobqueue/net/client.hpp>
#include <jobqueue/result.hpp>

namespace jobqueue {
inline namespace v1 {

struct probe_options {
  /// The type to fall back to. If there is one, a server that cannot be asked is no error.
  std::string configured = {};
  /// Sent with both requests, such as Authorization.
  std::vector<http_header> headers = {};
  /// Ask for no bytes: what is said of the object is all there is.
  bool head_only = false;
  /// Decide as WHATWG MIME Sniffing does.
  bool whatwg = false;
};

struct probed_content_type {
  content_type found;   ///< From the URL, the header, the bytes and the setting.
  std::string url;      ///< That answered, after redirects.
  unsigned status = 0;  ///< Of that answer; 0 if there was none.
  std::size_t redirects = 0;
  std::optional<std::uint64_t> size;  ///< Of the object, if the server says it.
  std::string header;                 ///< The Content-Type that it said.
  std::string etag;
  bool nosniff = false;        ///< It said so: if the header says something, that decides.
  std::size_t head_bytes = 0;  ///< How many bytes of the object were looked at.
  /// Why the bytes, or even the header, are no evidence; empty if both were there.
  std::string problem;
};

/// As is good for a probe: 10 seconds for each request, and up to 5 redirects.
[[nodiscard]] http_client_options probe_client_options();

/// Asks for the object with HEAD, then for its first content_head_bytes with GET and Range, and
/// detects what it is. No more of the body is read, also if the server ignores the range. An answer
/// that refuses (404, 403 to both) is no evidence and no error: `status` and `problem` say so.
/// `invalid_argument` for what is no URL, `address_forbidden` for what the client's policy forbids,
/// also behind a redirect, `network_error` if nobody answers and nothing is configured.
[[nodiscard]] result<probed_content_type> probe_content_type(const http_client& client,
                                                             std::string_view url,
                                                             const probe_options& options = {});

/// One object of JSON, in one line without a line break: the members of a content_type, then
/// "url","status","size","redirects","header","etag","nosniff","head_bytes","problem"; what is
/// empty or not known is null.
[[nodiscard]] std::string to_json(const probed_content_type& probed);

}  // namespace v1
}  // namespace jobqueue
