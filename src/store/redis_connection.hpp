// A connection to one Redis server on which commands are pipelined. It neither repeats anything nor
// reconnects by itself, so that what writes can use it, too.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <jobqueue/result.hpp>
#include "store/redis_reply.hpp"
#include "store/redis_stream.hpp"
#include "store/redis_url.hpp"

namespace jobqueue::detail {

// The words of a command, which are bytes: {"GET", key}.
using redis_command = std::vector<std::string>;

// Why there is no connection, or no answer.
enum class redis_failure : std::uint8_t {
  none,
  lost,       // Refused, reset or closed: it may be there again if tried anew.
  timed_out,  // No whole answer in time.
  too_large,  // More answer than is allowed.
  other,      // Trying again will not help.
};

class redis_connection {
 public:
  struct options {
    std::chrono::milliseconds connect_timeout{};
    std::chrono::milliseconds command_timeout{};
    std::string ca_file;
  };

  redis_connection(redis_address address, options settings);

  // Connects, authenticates and selects the database; before that drops what there was.
  [[nodiscard]] status open();
  void close() { stream_.close(); }
  [[nodiscard]] bool is_open() const noexcept { return stream_.is_open(); }

  // Sends all commands and gives their answers, in the same order; the answer may be an error. All
  // of it has `command_timeout`, and the answers take at most `max_bytes` of memory. After an error
  // the connection is closed, `failure` says why, and nobody knows which commands were carried out.
  [[nodiscard]] result<std::vector<redis_reply>> pipeline(std::span<const redis_command> commands,
                                                          std::size_t max_bytes);
  // The same for one command that is answered with a text, or with nil or an error: the text is in
  // memory once, however large it is.
  [[nodiscard]] result<redis_reply> read_text(const redis_command& command, std::size_t max_bytes);
  [[nodiscard]] redis_failure failure() const noexcept { return failure_; }
  // Bytes of memory that the last answers take.
  [[nodiscard]] std::size_t reply_bytes() const noexcept { return reader_.used(); }

  // The error for an answer that is one, or is not what the command `name` is answered with. Of the
  // server's text only the code is repeated: the rest may have anything in it.
  [[nodiscard]] error describe(const redis_reply& reply, std::string_view name) const;
  [[nodiscard]] const redis_address& address() const noexcept { return address_; }

 private:
  error fail(redis_failure why, std::string_view sentence);
  [[nodiscard]] status greet();
  [[nodiscard]] result<std::vector<redis_reply>> collect(std::span<const redis_command> commands,
                                                         std::string received, deadline until);
  [[nodiscard]] status read_available(std::string_view received, std::size_t wanted,
                                      std::vector<redis_reply>& replies);

  redis_address address_;
  options settings_;
  redis_stream stream_;
  redis_reply_reader reader_;
  redis_failure failure_ = redis_failure::none;
};

}  // namespace jobqueue::detail
