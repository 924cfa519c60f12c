// The client's side of TLS over bytes in memory. Whoever has the socket keeps the deadlines, and no
// write of OpenSSL can raise SIGPIPE.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <jobqueue/result.hpp>

struct ssl_st;  // OpenSSL's SSL; its headers stay in the .cpp file.

namespace jobqueue::detail {

class tls_session {
 public:
  // For a peer whose certificate must be signed by an authority of `ca_file`, or of the system if
  // that is empty, and be made out to `host`. The error's message begins in mid-sentence.
  [[nodiscard]] static result<std::unique_ptr<tls_session>> create(const std::string& host,
                                                                   const std::string& ca_file);

  // Takes what the peer has sent and appends what it says to `plain`; also begins the handshake,
  // with nothing. If false, the session is over and `problem` says why.
  [[nodiscard]] bool receive(std::string_view cipher, std::string& plain);
  // Encrypts; only once `is_ready`.
  [[nodiscard]] bool send(std::string_view plain);
  // What is to be sent to the peer now; afterwards there is none.
  [[nodiscard]] std::string take_output();

  [[nodiscard]] bool is_ready() const noexcept { return ready_; }
  [[nodiscard]] const std::string& problem() const noexcept { return problem_; }

 private:
  struct ssl_free {
    void operator()(ssl_st* session) const noexcept;
  };
  explicit tls_session(std::unique_ptr<ssl_st, ssl_free> session);
  // Whether the call that returned `outcome` only wants more of the peer.
  bool wants_more(int outcome);

  std::unique_ptr<ssl_st, ssl_free> session_;
  std::string problem_;
  bool ready_ = false;
};

}  // namespace jobqueue::detail
