#include "net/response_reader.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>

namespace jobqueue::detail {
namespace {

namespace beast = boost::beast;
using beast::error_code;
using beast::string_view;

constexpr std::size_t max_headers = 256;
constexpr unsigned max_interim_answers = 16;
// A body may come in chunks of one byte, which are six; what is around them is bounded, too.
constexpr std::size_t framing_factor = 8;
// "0" and two line breaks: so much comes at the end of every body in chunks.
constexpr std::size_t last_chunk_bytes = 5;
constexpr std::size_t framing_bytes = std::size_t{64} << 10;

error problem(std::string message) { return {errc::network_error, no_offset, std::move(message)}; }

class answer_parser final : public beast::http::basic_parser<false> {
 public:
  answer_parser(http_response& answer, std::size_t max_body_bytes)
      : answer_(answer), max_body_bytes_(max_body_bytes) {}

  [[nodiscard]] bool has_too_many_headers() const noexcept { return too_many_headers_; }

 private:
  void on_request_impl(beast::http::verb, string_view, string_view, int, error_code&) override {}
  void on_response_impl(int status, string_view, int, error_code&) override {
    answer_.status = static_cast<unsigned>(status);
  }
  void on_field_impl(beast::http::field, string_view name, string_view value,
                     error_code& code) override {
    if (is_header_done()) return;  // behind the body, where it must not be taken for a header
    if (answer_.headers.size() == max_headers) {
      too_many_headers_ = true;
      code = beast::http::error::header_limit;
      return;
    }
    answer_.headers.emplace_back(name, value);
  }
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(string_view body, error_code&) override {
    const std::size_t room = max_body_bytes_ - answer_.body.size();
    answer_.body.append(body.data(), std::min(body.size(), room));
    answer_.is_body_cut |= body.size() > room;
    return body.size();
  }
  void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, string_view body, error_code& code) override {
    return on_body_impl(body, code);
  }
  void on_finish_impl(error_code&) override {}

  http_response& answer_;
  std::size_t max_body_bytes_;
  bool too_many_headers_ = false;
};

}  // namespace

struct response_reader::parts {
  bool is_answer_to_head = false;
  response_limits limits = {};
  http_response answer = {};
  std::string pending = {};      // that the parser has not taken
  std::size_t header_bytes = 0;  // of what has been read
  std::size_t body_framing_bytes = 0;
  unsigned interim_answers = 0;
  bool has_header = false;
  std::optional<answer_parser> parser = {};

  void begin() {
    answer = {};
    has_header = false;
    parser.emplace(answer, limits.body_bytes);
    parser->eager(true);
    parser->body_limit(boost::none);
    parser->header_limit(static_cast<std::uint32_t>(std::min<std::size_t>(
        limits.header_bytes - header_bytes, std::numeric_limits<std::uint32_t>::max())));
    if (is_answer_to_head) parser->skip(true);
  }

  // One step of the parser. True if it took something.
  [[nodiscard]] result<bool> step() {
    // Of the header alone, so that it can be counted.
    parser->eager(has_header);
    error_code code;
    const std::size_t taken =
        parser->put(boost::asio::buffer(pending.data(), pending.size()), code);
    if (code == beast::http::error::need_more) code = {};
    if (code == beast::http::error::header_limit) {
      return problem(parser->has_too_many_headers() ? "sends more than 256 headers"
                                                    : "sends headers that are too long");
    }
    if (code) return problem("does not answer in HTTP: " + code.message());
    pending.erase(0, taken);
    if (has_header) {
      body_framing_bytes += taken;
    } else {
      header_bytes += taken;
      has_header = parser->is_header_done();
      // The parser counts the first line and the others on their own.
      if (header_bytes > limits.header_bytes) return problem("sends headers that are too long");
    }
    return taken > 0;
  }
};

response_reader::response_reader(bool is_answer_to_head, const response_limits& limits)
    : parts_(std::make_unique<parts>()) {
  parts_->is_answer_to_head = is_answer_to_head;
  parts_->limits = limits;
  parts_->begin();
}

response_reader::~response_reader() = default;

bool response_reader::has_header() const noexcept { return parts_->has_header; }

result<bool> response_reader::feed(std::string_view bytes) {
  parts& own = *parts_;
  own.pending.append(bytes);
  for (;;) {
    // The parser wants to see no less of the last chunk twice.
    if (own.has_header && own.parser->chunked() && own.pending.size() < last_chunk_bytes) {
      return false;
    }
    const auto taken = own.step();
    if (!taken) return taken.problem();
    if (own.has_header && own.answer.status < 100) {
      return problem("does not answer in HTTP: there is no such status");
    }
    if (own.has_header && own.answer.status / 100 == 1) {
      if (own.answer.status == 101) return problem("switches to a protocol that nobody asked for");
      if (++own.interim_answers > max_interim_answers ||
          own.header_bytes >= own.limits.header_bytes) {
        return problem("sends too many interim answers");
      }
      own.begin();
      if (own.pending.empty()) return false;
      continue;
    }
    if (own.parser->is_done()) return true;
    if (own.has_header && own.answer.body.size() == own.limits.body_bytes) {
      // Whether there is more is not waited for.
      own.answer.is_body_cut = true;
      return true;
    }
    if (own.has_header &&
        own.body_framing_bytes / framing_factor > own.limits.body_bytes + framing_bytes) {
      return problem("sends a body that is mostly framing");
    }
    if (own.pending.size() > own.limits.header_bytes + framing_bytes) {
      return problem("sends a line without an end");
    }
    if (!*taken || own.pending.empty()) return false;
  }
}

status response_reader::end() {
  parts& own = *parts_;
  if (!own.has_header) return problem("closed the connection before it answered");
  if (!own.pending.empty()) {
    if (const auto taken = own.step(); !taken) return taken.problem();
    if (own.answer.body.size() == own.limits.body_bytes) {
      own.answer.is_body_cut = true;
      return done;
    }
  }
  error_code code;
  own.parser->put_eof(code);
  if (code) return problem("closed the connection within its answer");
  return done;
}

http_response response_reader::take() { return std::move(parts_->answer); }

}  // namespace jobqueue::detail
