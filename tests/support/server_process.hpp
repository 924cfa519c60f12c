// A server that a test starts: a process that ends with the test, in a folder of its own, on a free
// port of loopback.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

namespace jobqueue::test {

// Another process may take it before it is used: whoever starts a server tries again.
inline std::uint16_t free_port() {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  const bool bound = ::bind(listener, any, size) == 0 && ::getsockname(listener, any, &size) == 0;
  ::close(listener);
  if (!bound) throw std::runtime_error("there is no free port");
  return ntohs(address.sin_port);
}

class temporary_folder {
 public:
  temporary_folder() {
    std::string name = (std::filesystem::temp_directory_path() / "jobqueue-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = name;
  }
  temporary_folder(const temporary_folder&) = delete;
  temporary_folder& operator=(const temporary_folder&) = delete;
  ~temporary_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

class server_process {
 public:
  server_process() = default;
  server_process(const server_process&) = delete;
  server_process& operator=(const server_process&) = delete;
  ~server_process() { stop(); }

  // What it prints goes to the end of `log`. With `user`, it runs as that one.
  void start(std::vector<std::string> words, const std::filesystem::path& log,
             const passwd* user = nullptr) {
    std::vector<char*> pointers;
    pointers.reserve(words.size() + 1);
    for (std::string& word : words) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    process_ = ::fork();
    if (process_ < 0) throw std::runtime_error("no process for " + words.front());
    if (process_ != 0) return;
    const int output = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::dup2(output, STDOUT_FILENO);
    ::dup2(output, STDERR_FILENO);
    if (user != nullptr && (::initgroups(user->pw_name, user->pw_gid) != 0 ||
                            ::setgid(user->pw_gid) != 0 || ::setuid(user->pw_uid) != 0)) {
      ::_exit(126);
    }
    // A test that crashes leaves no server behind; changing the user would forget it.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::execvp(pointers.front(), pointers.data());
    ::_exit(127);
  }

  // Sends the signal and waits for the end.
  int stop(int number = SIGKILL) {
    if (process_ <= 0) return 0;
    ::kill(process_, number);
    int ended = 0;
    ::waitpid(process_, &ended, 0);
    process_ = -1;
    return ended;
  }

  // SIGSTOP, SIGCONT.
  void signal(int number) const { ::kill(process_, number); }

  [[nodiscard]] bool is_running() {
    if (process_ > 0 && ::waitpid(process_, nullptr, WNOHANG) != 0) process_ = -1;
    return process_ > 0;
  }

 private:
  pid_t process_ = -1;
};

// Runs a program to its end; gives its exit code.
inline int run_program(std::vector<std::string> words, const std::filesystem::path& log,
                       const passwd* user = nullptr) {
  server_process process;
  process.start(std::move(words), log, user);
  return WEXITSTATUS(process.stop(0));
}

}  // namespace jobqueue::test
