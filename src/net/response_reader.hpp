// What a server sends, read into an answer within limits. No sockets here.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include <jobqueue/net/client.hpp>
#include <jobqueue/result.hpp>

namespace jobqueue::detail {

struct response_limits {
  std::size_t header_bytes = 0;  // of all headers together, those of interim answers too
  std::size_t body_bytes = 0;
};

// Reads one answer of HTTP/1; interim ones (1xx) in front of it are skipped.
class response_reader {
 public:
  response_reader(bool is_answer_to_head, const response_limits& limits);
  ~response_reader();
  response_reader(const response_reader&) = delete;
  response_reader& operator=(const response_reader&) = delete;

  // Takes what has arrived. True: the answer is there, or as much of it as is wanted, and nothing
  // more is to be read. The problem is in mid-sentence.
  [[nodiscard]] result<bool> feed(std::string_view bytes);
  // The connection has ended; a problem if the answer has not.
  [[nodiscard]] status end();
  // The headers are there.
  [[nodiscard]] bool has_header() const noexcept;

  // What has been read.
  [[nodiscard]] http_response take();

 private:
  struct parts;
  std::unique_ptr<parts> parts_;
};

}  // namespace jobqueue::detail
