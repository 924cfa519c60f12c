// Answers of a Redis (RESP2) as values. hiredis reads them; what it makes of them is ours, so that
// nothing is allocated because a server has only announced it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct redisReader;  // of hiredis; its headers stay in the .cpp file.

namespace jobqueue::detail {

struct redis_reply {
  enum class kind : std::uint8_t { nil, integer, text, status, error, array };

  kind of = kind::nil;
  std::int64_t integer = 0;
  std::string text = {};  // of text, status and error
  std::vector<redis_reply> elements = {};

  [[nodiscard]] bool is_error() const noexcept { return of == kind::error; }
  // The first word of an error: "WRONGTYPE".
  [[nodiscard]] std::string_view error_code() const noexcept;
};

// Reads answers from bytes in any pieces.
class redis_reply_reader {
 public:
  enum class outcome : std::uint8_t {
    reply,
    more,       // It is not all there yet.
    malformed,  // This is not the protocol. Also what is nested deeper than Redis ever does.
    too_large,  // What was read since the last `begin` exceeds the bound.
  };

  redis_reply_reader();
  redis_reply_reader(redis_reply_reader&&) noexcept;
  redis_reply_reader& operator=(redis_reply_reader&&) noexcept;
  ~redis_reply_reader();

  // Forgets what it has and bounds what comes: the memory of the replies until the next `begin`,
  // and what is buffered for one that is not complete.
  void begin(std::size_t max_bytes);
  [[nodiscard]] outcome feed(std::string_view bytes);
  // After anything but `reply` and `more` only `begin` helps.
  [[nodiscard]] outcome next(redis_reply& reply);
  // Bytes of memory that the replies since `begin` take.
  [[nodiscard]] std::size_t used() const noexcept;

 private:
  struct budget;
  struct reader_free {
    void operator()(redisReader* reader) const noexcept;
  };
  std::unique_ptr<budget> budget_;
  std::unique_ptr<redisReader, reader_free> reader_;
};

}  // namespace jobqueue::detail
