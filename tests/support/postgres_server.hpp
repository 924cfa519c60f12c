// A real PostgreSQL for a test or a benchmark.
#pragma once

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "store/postgres_connection.hpp"
#include "support/server_process.hpp"

namespace jobqueue::test {

// It refuses to run as root, so root lends it the user that Debian made for it.
class postgres_server {
 public:
  // `durable` as in production; else what is committed is lost with the machine, which is faster.
  explicit postgres_server(bool durable = false) : durable_(durable) {
    if (::geteuid() == 0) {
      user_ = ::getpwnam("postgres");  // NOLINT(concurrency-mt-unsafe): before any thread
      if (user_ == nullptr) throw std::runtime_error("there is no user postgres");
      if (::chown(folder_.path().c_str(), user_->pw_uid, user_->pw_gid) != 0) {
        throw std::runtime_error("the folder cannot be given away");
      }
    }
    const int code =
        run_program({(programs() / "initdb").string(), "--pgdata", data(), "--username", "jobqueue",
                     "--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync"},
                    log(), user_);
    if (code != 0) throw std::runtime_error("initdb failed; script/bootstrap test installs it");
    port_ = free_port();
    start();
  }
  postgres_server(const postgres_server&) = delete;
  postgres_server& operator=(const postgres_server&) = delete;

  [[nodiscard]] std::string url() const {
    return "postgresql://jobqueue@127.0.0.1:" + std::to_string(port_) + "/postgres";
  }

  void start() {
    std::vector<std::string> words{(programs() / "postgres").string(),
                                   "-D",
                                   data(),
                                   "-p",
                                   std::to_string(port_),
                                   "-c",
                                   "listen_addresses=127.0.0.1",
                                   "-c",
                                   "unix_socket_directories=",
                                   "-c",
                                   "max_connections=50"};
    if (!durable_) words.insert(words.end(), {"-c", "fsync=off"});
    process_.start(words, log(), user_);
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!connect()) {
      if (!process_.is_running() || std::chrono::steady_clock::now() > until) {
        throw std::runtime_error("PostgreSQL does not start; its log was " + log());
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }

  // SIGINT is a fast, orderly end; SIGQUIT that of a crash.
  void stop(int number = SIGINT) { process_.stop(number); }

  // Runs a statement, which must succeed.
  detail::sql_result run(const std::string& sql) {
    auto connection = connect();
    if (!connection) throw std::runtime_error("PostgreSQL does not answer");
    return connection->query(sql, {}).value();
  }

 private:
  static std::filesystem::path programs() {
    std::vector<std::filesystem::path> folders;
    std::error_code none;
    for (const auto& entry : std::filesystem::directory_iterator("/usr/lib/postgresql", none)) {
      if (std::filesystem::exists(entry.path() / "bin" / "initdb")) folders.push_back(entry.path());
    }
    if (folders.empty()) {
      throw std::runtime_error("there is no PostgreSQL; script/bootstrap test installs it");
    }
    return *std::max_element(folders.begin(), folders.end()) / "bin";
  }

  [[nodiscard]] std::unique_ptr<detail::sql_connection> connect() const {
    detail::postgres_settings settings;
    settings.url = url();
    settings.name = settings.url;
    settings.connect_timeout = std::chrono::seconds(5);
    auto connection = detail::postgres_connection::open(settings);
    return connection ? std::move(*connection) : nullptr;
  }

  [[nodiscard]] std::string data() const { return (folder_.path() / "data").string(); }
  [[nodiscard]] std::string log() const { return (folder_.path() / "log").string(); }

  temporary_folder folder_;
  bool durable_;
  const passwd* user_ = nullptr;
  std::uint16_t port_ = 0;
  server_process process_;
};

}  // namespace jobqueue::test
