#include "service/http_connection.hpp"

#include <array>
#include <chrono>
#include <string_view>
#include <type_traits>

#include <boost/asio/post.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/status.hpp>

#include "net/http_text.hpp"
#include "service/http_framing.hpp"

namespace jobqueue::detail {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using tcp = asio::ip::tcp;
using boost::system::error_code;
using steady = std::chrono::steady_clock;

constexpr std::size_t piece_bytes = 4096;
// A line of a chunk, or what came of the next requests; a header has a limit of its own.
constexpr std::size_t most_buffered_bytes = 65'536;
constexpr std::size_t most_discarded_bytes = 262'144;
constexpr std::chrono::milliseconds linger_time{2'000};
// A body that grows with what comes, and not with what is promised.
struct growing_body {
  using value_type = std::string;
  class reader {
   public:
    template <bool is_request, class Fields>
    reader(http::header<is_request, Fields>&, value_type& body) : body_(&body) {}
    static void init(const boost::optional<std::uint64_t>&, error_code& failed) { failed = {}; }
    template <class Buffers>
    std::size_t put(const Buffers& buffers, error_code& failed) {
      failed = {};
      std::size_t size = 0;
      for (const auto piece : beast::buffers_range_ref(buffers)) {
        body_->append(static_cast<const char*>(piece.data()), piece.size());
        size += piece.size();
      }
      return size;
    }
    static void finish(error_code& failed) { failed = {}; }

   private:
    value_type* body_;
  };
};

// One call's way back. If it is dropped without an answer, there is one all the same.
class responder {
 public:
  responder(std::shared_ptr<http_server_parts> server, network_lane& lane,
            std::weak_ptr<http_connection> connection)
      : server_(std::move(server)), lane_(&lane), connection_(std::move(connection)) {}
  responder(const responder&) = delete;
  responder& operator=(const responder&) = delete;
  // NOLINTNEXTLINE(bugprone-exception-escape): only memory can run out here
  ~responder() {
    if (!used_.exchange(true)) {
      send(problem_answer(500, "INTERNAL", "the handler gave no answer"));
    }
  }
  void answer(http_answer answer) {
    if (!used_.exchange(true)) send(std::move(answer));
  }

 private:
  void send(http_answer answer) {
    if (lane_->io.get_executor().running_in_this_thread()) {
      if (const auto connection = connection_.lock()) connection->answer(std::move(answer));
      return;
    }
    asio::post(lane_->io, [connection = connection_, answer = std::move(answer)]() mutable {
      if (const auto found = connection.lock()) found->answer(std::move(answer));
    });
  }

  std::shared_ptr<http_server_parts> server_;  // whose lane it is
  network_lane* lane_;
  std::weak_ptr<http_connection> connection_;
  std::atomic<bool> used_ = false;
};

using plain_stream = beast::tcp_stream;
// Not Beast's own: of two buffers of which the second is larger than a record it loses the second.
using tls_stream = asio::ssl::stream<beast::tcp_stream>;

// What is set to be called later is called by the loop, and not from where it is set.
// NOLINTBEGIN(misc-no-recursion)
template <class Stream>
class connection final : public http_connection,
                         public std::enable_shared_from_this<connection<Stream>> {
 public:
  connection(const std::shared_ptr<http_server_parts>& server, network_lane& home,
             tcp::socket socket)
      : server_(server), home_(&home), stream_(make_stream(*server, std::move(socket))) {
    error_code failed;
    const auto peer = lowest().socket().remote_endpoint(failed);
    is_from_loopback_ = !failed && is_loopback(peer.address());
  }

  void begin() override {
    if constexpr (std::is_same_v<Stream, tls_stream>) {
      lowest().expires_after(options().header_timeout);
      stream_.async_handshake(asio::ssl::stream_base::server,
                              [self = this->shared_from_this()](error_code failed) {
                                failed ? self->close() : self->next_request();
                              });
    } else {
      next_request();
    }
  }

  void close_if_idle() override {
    if (is_idle_) close();
  }

  void close() override {
    if (is_closed_) return;
    is_closed_ = true;
    lowest().close();
    home_->connections.erase(this);
    server_->connection_ended();
  }

  void answer(http_answer answer) override {
    if (is_closed_) return;
    const unsigned status = answer.status;
    if (server_->observer.answered) {
      server_->observer.answered(route_, status, steady::now() - begun_);
    }
    // What the peer still sends would be taken for another request.
    const bool closes = !head_.keeps_alive || !is_body_read_ || server_->is_draining;
    out_head_ = "HTTP/1.1 " + std::to_string(status) + ' ';
    out_head_ += std::string_view(http::obsolete_reason(static_cast<http::status>(status)));
    out_head_.append("\r\nDate: ").append(home_->date_now());
    if (status != 204) {
      out_head_.append("\r\nContent-Type: ").append(answer.content_type);
      out_head_.append("\r\nContent-Length: ").append(std::to_string(answer.body.size()));
    }
    out_head_ += "\r\nX-Content-Type-Options: nosniff";
    bool is_cached = false;
    for (const auto& [name, value] : answer.fields) {
      out_head_.append("\r\n").append(name).append(": ").append(value);
      is_cached = is_cached || same_name(name, "cache-control");
    }
    if (!is_cached) out_head_ += "\r\nCache-Control: no-store";
    if (closes) {
      out_head_ += "\r\nConnection: close";
    } else if (is_old_) {
      out_head_ += "\r\nConnection: keep-alive";
    }
    out_head_ += "\r\n\r\n";
    out_body_ = head_.method == "HEAD" || status == 204 ? std::string() : std::move(answer.body);
    lowest().expires_after(options().write_timeout);
    asio::async_write(
        stream_,
        std::array<asio::const_buffer, 2>{asio::buffer(out_head_), asio::buffer(out_body_)},
        [self = this->shared_from_this(), closes](error_code failed, std::size_t) {
          if (failed) return self->close();
          closes ? self->end() : self->next_request();
        });
  }

 private:
  static Stream make_stream(http_server_parts& server, tcp::socket socket) {
    if constexpr (std::is_same_v<Stream, tls_stream>) {
      return Stream(std::move(socket), *server.tls);
    } else {
      return Stream(std::move(socket));
    }
  }
  static bool is_loopback(const asio::ip::address& address) {
    if (address.is_v6() && address.to_v6().is_v4_mapped()) {
      return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).is_loopback();
    }
    return address.is_loopback();
  }
  [[nodiscard]] const http_server_options& options() const { return server_->options; }
  [[nodiscard]] beast::tcp_stream& lowest() { return beast::get_lowest_layer(stream_); }

  // The header.

  void next_request() {
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(options().most_header_bytes) + 1);
    parser_->body_limit(boost::none);
    parser_->eager(false);
    head_ = {};
    route_ = nullptr;
    is_body_read_ = false;
    is_old_ = false;
    searched_ = 0;
    release(header_);
    release(out_body_);
    if (buffer_.size() == 0) {
      if (server_->is_draining) return end();
      if (buffer_.capacity() > piece_bytes) buffer_ = {};
      is_idle_ = true;
      lowest().expires_after(options().idle_timeout);
      return read_more(&connection::take_header);
    }
    begin_header();
  }

  static void release(std::string& text) {
    if (text.capacity() > piece_bytes) text = {};
    text.clear();
  }

  void begin_header() {
    is_idle_ = false;
    begun_ = steady::now();
    lowest().expires_after(options().header_timeout);
    take_header();
  }

  void read_more(void (connection::*then)()) {
    stream_.async_read_some(buffer_.prepare(piece_bytes), [self = this->shared_from_this(), then](
                                                              error_code failed, std::size_t size) {
      self->buffer_.commit(size);
      if (failed) return self->close();  // gone, or too slow
      if (self->is_idle_) return self->begin_header();
      ((*self).*then)();
    });
  }

  // The size of the header with its empty line; 0 if more of it must come, or if `is_bad`.
  std::size_t find_header_end(bool& is_bad) {
    // An empty line before a request is none of it (RFC 9112, 2.2).
    std::string_view bytes(static_cast<const char*>(buffer_.cdata().data()), buffer_.size());
    for (; searched_ == 0 && bytes.starts_with("\r\n"); bytes.remove_prefix(2)) buffer_.consume(2);
    for (std::size_t end; (end = bytes.find('\n', searched_)) != bytes.npos;) {
      searched_ = end + 1;
      is_bad = end == 0 || bytes[end - 1] != '\r';
      if (is_bad) return 0;
      if (end >= 3 && bytes[end - 2] == '\n') return end + 1;
    }
    searched_ = bytes.size();
    return 0;
  }

  void take_header() {
    bool is_bad = false;
    const std::size_t size = find_header_end(is_bad);
    if (size > options().most_header_bytes ||
        (size == 0 && buffer_.size() >= options().most_header_bytes)) {
      return refuse(
          431, "HEADER_TOO_LARGE",
          "the header has more than " + std::to_string(options().most_header_bytes) + " bytes");
    }
    if (size == 0 && !is_bad) return read_more(&connection::take_header);
    error_code failed;
    if (!is_bad) is_bad = parser_->put(asio::buffer(buffer_.data(), size), failed) != size;
    if (is_bad || failed) return refuse(400, "BAD_REQUEST", "this is no request of HTTP/1.1");
    header_.assign(static_cast<const char*>(buffer_.cdata().data()), size);
    buffer_.consume(size);
    const std::string_view problem = read_head(header_, head_);
    if (!problem.empty()) return refuse(400, "BAD_REQUEST", problem);
    is_old_ = parser_->get().version() == 10;
    take_head();
  }

  void take_head() {
    if (!head_.target.starts_with('/')) return refuse(400, "BAD_REQUEST", "the target is no path");
    const std::size_t question = head_.target.find('?');
    const std::string_view path = head_.target.substr(0, question);
    is_body_read_ = !head_.has_body();
    call_ = {};
    call_.has_token = options().access.is_trusted(head_, is_from_loopback_);
    routed found = server_->router.find(head_.method, path);
    const route_access needed = found.route != nullptr ? found.route->access : route_access::token;
    if (!http_access::is_let_in(needed, call_.has_token)) {
      http_answer answer = problem_answer(401, "UNAUTHORIZED", "a valid bearer token is needed");
      answer.fields.emplace_back("WWW-Authenticate", "Bearer");
      return this->answer(std::move(answer));
    }
    route_ = found.route;
    if (route_ == nullptr && found.allow.empty()) {
      return refuse(404, "NOT_FOUND", "there is nothing of this name");
    }
    if (route_ == nullptr) {
      http_answer answer = problem_answer(405, "METHOD_NOT_ALLOWED", "there are " + found.allow);
      answer.fields.emplace_back("Allow", found.allow);
      return this->answer(std::move(answer));
    }
    if (head_.content_length > route_->max_body_bytes) return refuse_body();
    call_.method = head_.method;
    path_ = decode_percent(path, false).value_or(std::string());
    call_.path = path_;
    if (question != head_.target.npos) call_.query = head_.target.substr(question + 1);
    call_.parts = std::move(found.parts);
    call_.fields = head_.fields;
    if (!call_.has_readable_query()) {
      return refuse(400, "BAD_REQUEST", "the query has an escape that stands for nothing");
    }
    if (!head_.has_body()) return handle();
    parser_->eager(true);
    parser_->body_limit(route_->max_body_bytes);
    lowest().expires_after(options().body_timeout);
    if (!head_.expects_continue) return take_body();
    asio::async_write(stream_, asio::buffer(std::string_view("HTTP/1.1 100 Continue\r\n\r\n")),
                      [self = this->shared_from_this()](error_code failed, std::size_t) {
                        failed ? self->close() : self->take_body();
                      });
  }

  // The body.

  void refuse_body() {
    refuse(413, "INPUT_TOO_LARGE",
           "the body may have " + std::to_string(route_->max_body_bytes) + " bytes");
  }

  void take_body() {
    while (!parser_->is_done()) {
      error_code failed;
      const std::size_t size = buffer_.size() == 0 ? 0 : parser_->put(buffer_.data(), failed);
      buffer_.consume(size);
      if (failed == http::error::body_limit) return refuse_body();
      if (failed && failed != http::error::need_more) {
        return refuse(400, "BAD_REQUEST", "the body is not chunked as HTTP/1.1 says");
      }
      if (parser_->is_done()) break;
      if (buffer_.size() > most_buffered_bytes) {
        return refuse(400, "BAD_REQUEST", "a line of the body is too long");
      }
      if (size == 0 || buffer_.size() == 0) return read_more(&connection::take_body);
    }
    is_body_read_ = true;
    handle();
  }

  // The answer.

  void handle() {
    call_.body = parser_->get().body();
    lowest().expires_never();
    const auto way_back = std::make_shared<responder>(
        server_, *home_, std::weak_ptr<http_connection>(this->shared_from_this()));
    const http_respond respond = [way_back](http_answer answer) {
      way_back->answer(std::move(answer));
    };
    if (route_->is_quick) return run(*route_, respond);
    if (server_->waiting_calls.fetch_add(1) >= options().most_waiting_calls) {
      --server_->waiting_calls;
      http_answer answer = problem_answer(503, "BUSY", "too many calls wait; try again");
      answer.fields.emplace_back("Retry-After", "1");
      return respond(std::move(answer));
    }
    asio::post(server_->workers,
               [server = server_, route = route_, respond, self = this->shared_from_this()] {
                 self->run(*route, respond);
                 --server->waiting_calls;
               });
  }

  void run(const http_route& route, const http_respond& respond) const {
    try {
      route.handle(call_, respond);
    } catch (const std::exception&) {
      respond(problem_answer(500, "INTERNAL", "the handler failed"));
    }
  }

  void refuse(unsigned status, std::string_view code, std::string_view words) {
    is_idle_ = false;
    head_.keeps_alive = false;
    answer(problem_answer(status, code, words));
  }

  // The end.

  // Tells the peer that no more comes, and takes what it still sends: an answer that meets bytes
  // nobody takes is lost with them.
  void end() {
    lowest().expires_after(linger_time);
    if constexpr (std::is_same_v<Stream, tls_stream>) {
      stream_.async_shutdown([self = this->shared_from_this()](error_code) { self->close(); });
    } else {
      error_code failed;
      stream_.socket().shutdown(tcp::socket::shutdown_send, failed);
      discard();
    }
  }

  void discard() {
    buffer_.clear();
    stream_.async_read_some(buffer_.prepare(piece_bytes),
                            [self = this->shared_from_this()](error_code failed, std::size_t size) {
                              self->discarded_ += size;
                              if (failed || self->discarded_ > most_discarded_bytes)
                                return self->close();
                              self->discard();
                            });
  }

  std::shared_ptr<http_server_parts> server_;
  network_lane* home_;
  Stream stream_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<growing_body>> parser_;
  std::string header_;  // as it came; `head_` views it
  http_head head_;
  std::string path_;
  http_call call_;
  const http_route* route_ = nullptr;
  std::string out_head_;
  std::string out_body_;
  steady::time_point begun_ = steady::now();
  std::size_t searched_ = 0;  // of `buffer_`, for the end of the header
  std::size_t discarded_ = 0;
  bool is_from_loopback_ = false;
  bool is_old_ = false;
  bool is_idle_ = false;
  bool is_body_read_ = false;
  bool is_closed_ = false;
};

// NOLINTEND(misc-no-recursion)

}  // namespace

const std::string& network_lane::date_now() {
  const std::time_t now = std::time(nullptr);
  if (now != second) {
    second = now;
    std::tm parts{};
    ::gmtime_r(&now, &parts);
    std::array<char, 64> text{};
    date.assign(text.data(),
                std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts));
  }
  return date;
}

std::vector<std::shared_ptr<http_connection>> network_lane::all() const {
  std::vector<std::shared_ptr<http_connection>> found;
  for (const auto& entry : connections) found.push_back(entry.second);
  return found;
}

std::shared_ptr<http_connection> make_connection(const std::shared_ptr<http_server_parts>& server,
                                                 network_lane& home, tcp::socket socket) {
  if (server->tls) {
    return std::make_shared<connection<tls_stream>>(server, home, std::move(socket));
  }
  return std::make_shared<connection<plain_stream>>(server, home, std::move(socket));
}

}  // namespace jobqueue::detail
