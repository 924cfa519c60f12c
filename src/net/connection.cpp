#include "net/connection.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <utility>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/tcp_stream.hpp>

namespace jobqueue::detail {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using beast::error_code;
using tcp = asio::ip::tcp;

constexpr std::size_t max_attempts = 8;  // of a name with more addresses
constexpr unsigned char protocols[] = "\x08http/1.1";

error problem(const std::string& place, std::string_view what) {
  return {errc::network_error, no_offset, place + " " + std::string(what)};
}

error failure(const std::string& place, std::string_view what, const error_code& code) {
  if (code == beast::error::timeout) return problem(place, std::string(what) + ": time is over");
  return problem(place, std::string(what) + ": " + code.message());
}

tcp::endpoint endpoint_of(const host_address& host, std::uint16_t port) {
  asio::ip::address_v6::bytes_type bytes;
  std::memcpy(bytes.data(), host.address.bytes, bytes.size());
  const asio::ip::address_v6 v6(bytes, host.scope);
  if (v6.is_v4_mapped()) return {asio::ip::make_address_v4(asio::ip::v4_mapped, v6), port};
  return {v6, port};
}

// An address is compared with the addresses in the certificate, a name with its names.
bool require_host(SSL* session, const http_url& url) {
  X509_VERIFY_PARAM* const wanted = SSL_get0_param(session);
  if (url.address) return X509_VERIFY_PARAM_set1_ip_asc(wanted, url.host.c_str()) == 1;
  std::string name = url.host;
  if (name.ends_with('.')) name.pop_back();  // which no certificate has
  X509_VERIFY_PARAM_set_hostflags(wanted, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return SSL_set1_host(session, name.c_str()) == 1 &&
         SSL_set_tlsext_host_name(session, name.c_str()) == 1;
}

}  // namespace

struct tls_trust::parts {
  asio::ssl::context context{asio::ssl::context::tls_client};
};

tls_trust::tls_trust(std::unique_ptr<parts> made) : parts_(std::move(made)) {}
tls_trust::~tls_trust() = default;

result<std::unique_ptr<tls_trust>> tls_trust::create(const std::string& ca_file) {
  auto made = std::make_unique<parts>();
  SSL_CTX* const context = made->context.native_handle();
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_alpn_protos(context, protocols, sizeof protocols - 1);
  const int trusted = ca_file.empty() ? SSL_CTX_set_default_verify_paths(context)
                                      : SSL_CTX_load_verify_file(context, ca_file.c_str());
  ERR_clear_error();
  if (trusted != 1) {
    return error{errc::network_error, no_offset,
                 "the file of certificate authorities cannot be read; it must hold certificates in "
                 "PEM"};
  }
  return std::unique_ptr<tls_trust>(new tls_trust(std::move(made)));
}

struct connection::parts {
  std::string place = {};
  asio::io_context io{1};
  beast::tcp_stream stream{io};
  std::optional<asio::ssl::stream<beast::tcp_stream&>> tls = {};

  steady_time limit = {};

  void set_limit(steady_time deadline) {
    limit = deadline;
    stream.expires_at(deadline);
  }

  // Starts an operation and waits for it, until the limit.
  template <class Start>
  error_code run(Start start, std::size_t* size = nullptr) {
    // What is ready at once would win against a timer that has run out, again and again.
    if (std::chrono::steady_clock::now() >= limit) return beast::error::timeout;
    error_code outcome;
    std::size_t moved = 0;
    start([&outcome, &moved](const error_code& code, std::size_t count = 0) {
      outcome = code;
      moved = count;
    });
    io.restart();
    io.run();
    if (size != nullptr) *size = moved;
    return outcome;
  }

  [[nodiscard]] status connect(std::span<const host_address> addresses, std::uint16_t port,
                               steady_time deadline) {
    error_code code;
    std::size_t left = std::min(addresses.size(), max_attempts);
    for (const host_address& address : addresses.first(left)) {
      // An address that does not answer leaves time for the others.
      const auto now = std::chrono::steady_clock::now();
      set_limit(now + (deadline - now) / static_cast<std::int64_t>(left--));
      code = run([&](auto done) { stream.async_connect(endpoint_of(address, port), done); });
      if (!code) {
        set_limit(deadline);
        return done;
      }
      stream.close();
    }
    return failure(place, "cannot be connected to", code);
  }

  [[nodiscard]] status start_tls(const http_url& url, asio::ssl::context& context) {
    tls.emplace(stream, context);
    ERR_clear_error();
    if (!require_host(tls->native_handle(), url)) return problem(place, "TLS does not start");
    const error_code code =
        run([&](auto done) { tls->async_handshake(asio::ssl::stream_base::client, done); });
    if (!code) return done;
    const long verdict = SSL_get_verify_result(tls->native_handle());
    if (verdict != X509_V_OK && code != beast::error::timeout) {
      return problem(place, std::string("has a certificate that is not trusted: ") +
                                X509_verify_cert_error_string(verdict));
    }
    return failure(place, "does not speak TLS as expected", code);
  }
};

connection::connection(std::unique_ptr<parts> made) : parts_(std::move(made)) {}
connection::~connection() = default;

result<std::unique_ptr<connection>> connection::open(const http_url& url,
                                                     std::span<const host_address> addresses,
                                                     const tls_trust* trust, steady_time deadline) {
  try {
    auto made = std::make_unique<parts>();
    made->place = url.place();
    if (const auto connected = made->connect(addresses, url.port, deadline); !connected) {
      return connected.problem();
    }
    if (url.is_tls) {
      const auto started = made->start_tls(url, trust->parts_->context);
      if (!started) return started.problem();
    }
    return std::unique_ptr<connection>(new connection(std::move(made)));
  } catch (const boost::system::system_error& broken) {
    // No descriptors are left for the loop of events.
    return problem(url.place(), "cannot be connected to: " + broken.code().message());
  }
}

void connection::set_deadline(steady_time deadline) { parts_->set_limit(deadline); }

status connection::write(std::string_view bytes) {
  parts& own = *parts_;
  const auto buffer = asio::buffer(bytes.data(), bytes.size());
  const error_code code = own.run([&](auto done) {
    own.tls ? asio::async_write(*own.tls, buffer, done)
            : asio::async_write(own.stream, buffer, done);
  });
  if (code) return failure(own.place, "takes no request", code);
  return done;
}

result<std::size_t> connection::read(std::span<char> room) {
  parts& own = *parts_;
  const auto buffer = asio::buffer(room.data(), room.size());
  std::size_t size = 0;
  const error_code code = own.run(
      [&](auto done) {
        own.tls ? own.tls->async_read_some(buffer, done) : own.stream.async_read_some(buffer, done);
      },
      &size);
  if (code == asio::error::eof) return std::size_t{0};
  if (code == asio::ssl::error::stream_truncated) {
    return problem(own.place, "broke off TLS");
  }
  if (code) return failure(own.place, "does not answer", code);
  return size;
}

}  // namespace jobqueue::detail
