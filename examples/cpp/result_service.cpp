// A service that keeps the results of jobs, and keeps them lean.
//
//   result_service FOLDER      listens on a free port of 127.0.0.1, which it prints
//
// One command a line, one answer a line:
//   put ID JSON    ->  ok KEPT SIZE     keeps FOLDER/results/ID.json, its blobs in FOLDER/vault
//   get ID         ->  JSON             as it was kept
//   full ID        ->  JSON             with the blobs back in place
// and "error CODE SENTENCE" if that cannot be. Stops on SIGTERM and SIGINT.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <csignal>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include <jobqueue/jobqueue.hpp>

namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_line = 64 << 20;  // bytes; a longer one ends the connection

std::string complaint(std::string_view code, std::string_view sentence) {
  return "error " + std::string(code) + " " + std::string(sentence);
}

std::string complaint(const jobqueue::error& problem) {
  return complaint(jobqueue::error_name(problem.code), problem.message);
}

// An id becomes a file name.
bool is_id(std::string_view id) {
  return !id.empty() && id.size() <= 64 && std::ranges::all_of(id, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '-';
  });
}

class result_store {
 public:
  explicit result_store(const fs::path& folder) : results_(folder / "results") {
    fs::create_directories(results_);
    vault_ = jobqueue::open_directory_vault(folder / "vault", {.create = true}).value();
    options_.format = jobqueue::document_format::json;
    options_.store = vault_.get();
  }

  // Blobs are durable in the vault before the result that refers to them is written.
  [[nodiscard]] std::string put(std::string_view id, std::string_view json) const {
    const auto lean = jobqueue::sanitize_base64(json, options_);
    if (!lean) return complaint(lean.problem());
    const std::string_view kept = lean->view(json);
    const fs::path draft = results_ / (std::string(id) + ".draft");
    const std::scoped_lock one_writer(writing_);
    std::ofstream file(draft, std::ios::binary);
    if (!(file << kept).flush()) return complaint("STORE_ERROR", "cannot write the result");
    file.close();
    fs::rename(draft, file_of(id));
    return "ok " + std::to_string(kept.size()) + " " + std::to_string(json.size());
  }

  [[nodiscard]] std::string get(std::string_view id, bool full) const {
    std::ifstream file(file_of(id), std::ios::binary);
    if (!file) return complaint("INVALID_ARGUMENT", "there is no result with this id");
    std::string kept{std::istreambuf_iterator<char>(file), {}};
    if (!full) return kept;
    auto restored = jobqueue::restore_base64(kept, *vault_);
    if (!restored) return complaint(restored.problem());
    return restored->changed ? std::move(restored->text) : std::move(kept);
  }

 private:
  [[nodiscard]] fs::path file_of(std::string_view id) const {
    return results_ / (std::string(id) + ".json");
  }

  fs::path results_;
  std::unique_ptr<jobqueue::vault> vault_;
  jobqueue::sanitize_options options_;
  mutable std::mutex writing_;
};

std::string answer(const result_store& store, std::string_view line) {
  const std::size_t space = line.find(' ');
  const std::string_view verb = line.substr(0, space);
  std::string_view rest = space == line.npos ? std::string_view() : line.substr(space + 1);
  const std::string_view id = rest.substr(0, rest.find(' '));
  rest.remove_prefix(std::min(rest.size(), id.size() + 1));
  if (!is_id(id)) return complaint("INVALID_ARGUMENT", "an id is 1 to 64 of a-z, 0-9 and -");
  if (verb == "put") return store.put(id, rest);
  if (verb == "get" || verb == "full") return store.get(id, verb == "full");
  return complaint("INVALID_ARGUMENT", "the commands are put, get and full");
}

bool send_all(int peer, std::string_view text) {
  while (!text.empty()) {
    const ssize_t sent = ::send(peer, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void talk(const result_store& store, int peer) {
  std::string pending;
  std::string piece(1 << 16, '\0');
  for (;;) {
    const ssize_t got = ::recv(peer, piece.data(), piece.size(), 0);
    if (got <= 0 || pending.size() > max_line) break;
    // Only what has just come can hold the end of the line.
    std::size_t from = pending.size();
    pending.append(piece, 0, static_cast<std::size_t>(got));
    for (std::size_t end; (end = pending.find('\n', from)) != pending.npos; from = 0) {
      std::string reply;
      try {
        reply = answer(store, std::string_view(pending).substr(0, end));
      } catch (const std::exception& problem) {
        reply = complaint("STORE_ERROR", problem.what());
      }
      if (!send_all(peer, reply + '\n')) break;
      pending.erase(0, end + 1);
    }
  }
  ::close(peer);
}

int fail(const char* what) {
  std::perror(what);
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "Usage: result_service FOLDER\n";
    return 2;
  }
  // Blocked here, so that every thread inherits it and one waits for it.
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTERM);
  sigaddset(&stop, SIGINT);
  pthread_sigmask(SIG_BLOCK, &stop, nullptr);

  try {
    const result_store store(argv[1]);
    const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* where = reinterpret_cast<sockaddr*>(&address);
    if (listener < 0 || ::bind(listener, where, size) != 0 || ::listen(listener, 64) != 0 ||
        ::getsockname(listener, where, &size) != 0) {
      return fail("result_service: cannot listen");
    }
    std::cout << ntohs(address.sin_port) << std::endl;
    std::thread([&store, listener] {
      for (int peer; (peer = ::accept(listener, nullptr, nullptr)) >= 0;) {
        std::thread(talk, std::cref(store), peer).detach();
      }
    }).detach();
    int signal = 0;
    sigwait(&stop, &signal);
    std::quick_exit(0);
  } catch (const std::exception& problem) {
    std::cerr << "result_service: " << problem.what() << '\n';
    return 1;
  }
}
