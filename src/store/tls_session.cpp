#include "store/tls_session.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

namespace jobqueue::detail {
namespace {

constexpr std::size_t piece_bytes = std::size_t{1} << 14;

struct context_free {
  void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
};

error failure(std::string_view what) {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  std::string message(what);
  if (reason != nullptr) message.append(" (").append(reason).append(")");
  return {errc::store_error, no_offset, std::move(message)};
}

// An address is compared with the addresses in the certificate, a name with its names.
bool require_name(SSL* session, const std::string& host) {
  X509_VERIFY_PARAM* const wanted = SSL_get0_param(session);
  if (X509_VERIFY_PARAM_set1_ip_asc(wanted, host.c_str()) == 1) return true;
  X509_VERIFY_PARAM_set_hostflags(wanted, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return SSL_set1_host(session, host.c_str()) == 1 &&
         SSL_set_tlsext_host_name(session, host.c_str()) == 1;
}

}  // namespace

void tls_session::ssl_free::operator()(ssl_st* session) const noexcept { SSL_free(session); }

tls_session::tls_session(std::unique_ptr<ssl_st, ssl_free> session)
    : session_(std::move(session)) {}

result<std::unique_ptr<tls_session>> tls_session::create(const std::string& host,
                                                         const std::string& ca_file) {
  ERR_clear_error();
  const std::unique_ptr<SSL_CTX, context_free> context(SSL_CTX_new(TLS_client_method()));
  if (!context || SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) != 1) {
    return failure("cannot be reached: TLS does not start");
  }
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION);
  const int trusted = ca_file.empty() ? SSL_CTX_set_default_verify_paths(context.get())
                                      : SSL_CTX_load_verify_file(context.get(), ca_file.c_str());
  if (trusted != 1) {
    return failure(
        "cannot be verified: the file of certificate authorities cannot be read; "
        "it must hold certificates in PEM");
  }
  std::unique_ptr<SSL, ssl_free> session(SSL_new(context.get()));
  if (!session || !require_name(session.get(), host)) {
    return failure("cannot be reached: TLS does not start");
  }
  BIO* const input = BIO_new(BIO_s_mem());
  BIO* const output = BIO_new(BIO_s_mem());
  if (input == nullptr || output == nullptr) {
    BIO_free(input);
    BIO_free(output);
    return failure("cannot be reached: TLS does not start");
  }
  SSL_set_bio(session.get(), input, output);  // which owns both now
  SSL_set_connect_state(session.get());
  return std::unique_ptr<tls_session>(new tls_session(std::move(session)));
}

bool tls_session::wants_more(int outcome) {
  const int reason = SSL_get_error(session_.get(), outcome);
  if (reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE) return true;
  const long verdict = SSL_get_verify_result(session_.get());
  if (!ready_ && verdict != X509_V_OK) {
    problem_ = "has a certificate that is not trusted: ";
    problem_.append(X509_verify_cert_error_string(verdict))
        .append("; use the host name that it is made out to and the CA file that signed it");
  } else if (reason == SSL_ERROR_ZERO_RETURN) {
    problem_ = "closed the connection";
  } else {
    problem_ = failure(ready_ ? "broke off TLS" : "does not speak TLS as expected").message;
  }
  return false;
}

bool tls_session::receive(std::string_view cipher, std::string& plain) {
  ERR_clear_error();
  // A BIO in memory takes everything; its argument is an int.
  while (!cipher.empty()) {
    const std::size_t size = std::min(cipher.size(), piece_bytes);
    const int taken =
        BIO_write(SSL_get_rbio(session_.get()), cipher.data(), static_cast<int>(size));
    if (taken <= 0) {
      problem_ = "cannot be read: there is no memory for TLS";
      return false;
    }
    cipher.remove_prefix(static_cast<std::size_t>(taken));
  }
  if (!ready_) {
    const int outcome = SSL_do_handshake(session_.get());
    if (outcome != 1) return wants_more(outcome);
    ready_ = true;
  }
  std::array<char, piece_bytes> piece;
  for (;;) {
    const int count = SSL_read(session_.get(), piece.data(), static_cast<int>(piece.size()));
    if (count <= 0) return wants_more(count);
    plain.append(piece.data(), static_cast<std::size_t>(count));
  }
}

bool tls_session::send(std::string_view plain) {
  ERR_clear_error();
  while (!plain.empty()) {
    const std::size_t size = std::min(plain.size(), piece_bytes);
    const int count = SSL_write(session_.get(), plain.data(), static_cast<int>(size));
    if (count <= 0) {
      problem_ = failure("broke off TLS").message;
      return false;
    }
    plain.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

std::string tls_session::take_output() {
  BIO* const output = SSL_get_wbio(session_.get());
  std::string cipher(BIO_ctrl_pending(output), '\0');
  const int count =
      cipher.empty() ? 0 : BIO_read(output, cipher.data(), static_cast<int>(cipher.size()));
  cipher.resize(static_cast<std::size_t>(std::max(count, 0)));
  return cipher;
}

}  // namespace jobqueue::detail
