#include "net/resolve.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <csignal>
#include <cstring>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace jobqueue::detail {
namespace {

constexpr int max_lookups = 128;
std::atomic<int> lookups = 0;  // that run, waited for or not

// Shared by the caller and the thread, whoever is there longer.
struct lookup {
  explicit lookup(std::string host) : name(std::move(host)) {}

  std::string name;
  std::mutex guard;
  std::condition_variable ready;
  bool is_done = false;
  int code = 0;
  bool is_out_of_memory = false;
  std::vector<host_address> found;
};

struct list_free {
  void operator()(addrinfo* list) const noexcept { freeaddrinfo(list); }
};

host_address read_address(const addrinfo& one) {
  host_address read;
  if (one.ai_family == AF_INET6) {
    sockaddr_in6 v6;
    std::memcpy(&v6, one.ai_addr, sizeof v6);
    std::memcpy(read.address.bytes, &v6.sin6_addr, sizeof read.address.bytes);
    read.scope = v6.sin6_scope_id;
  } else {
    sockaddr_in v4;
    std::memcpy(&v4, one.ai_addr, sizeof v4);
    read.address.bytes[10] = read.address.bytes[11] = 0xFF;
    std::memcpy(read.address.bytes + 12, &v4.sin_addr, 4);
  }
  return read;
}

void look_up(lookup& job) noexcept {
  // Without AI_ADDRCONFIG: every address is checked, also one that could not be connected to.
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int code = getaddrinfo(job.name.c_str(), nullptr, &hints, &list);
  const std::unique_ptr<addrinfo, list_free> owned(list);
  std::vector<host_address> found;
  bool is_out_of_memory = false;
  try {
    for (const addrinfo* one = list; one != nullptr; one = one->ai_next) {
      if (one->ai_family == AF_INET || one->ai_family == AF_INET6) {
        found.push_back(read_address(*one));
      }
    }
  } catch (const std::bad_alloc&) {
    is_out_of_memory = true;
  }
  const std::lock_guard lock(job.guard);
  job.code = code;
  job.found = std::move(found);
  job.is_out_of_memory = is_out_of_memory;
  job.is_done = true;
  job.ready.notify_one();
}

// The signals of the process belong to its own threads.
class signals_blocked {
 public:
  signals_blocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~signals_blocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  signals_blocked(const signals_blocked&) = delete;
  signals_blocked& operator=(const signals_blocked&) = delete;

 private:
  sigset_t before_;
};

bool start(const std::shared_ptr<lookup>& job) {
  if (lookups.fetch_add(1) >= max_lookups) {
    lookups.fetch_sub(1);
    return false;
  }
  try {
    const signals_blocked blocked;
    std::thread([job] {
      look_up(*job);
      lookups.fetch_sub(1);
    }).detach();
    return true;
  } catch (const std::system_error&) {
    lookups.fetch_sub(1);
    return false;
  }
}

}  // namespace

result<std::vector<host_address>> resolve_host(const std::string& name,
                                               std::chrono::steady_clock::time_point deadline) {
  const auto failed = [&name](const std::string& why) {
    return error{errc::network_error, no_offset, "the name " + name + " is not found: " + why};
  };
  const auto job = std::make_shared<lookup>(name);
  if (!start(job)) return failed("too many names are being looked up");
  std::unique_lock lock(job->guard);
  if (!job->ready.wait_until(lock, deadline, [&job] { return job->is_done; })) {
    return failed("the time to look it up is over");
  }
  if (job->is_out_of_memory) throw std::bad_alloc();
  if (job->code != 0) return failed(gai_strerror(job->code));
  if (job->found.empty()) return failed("it has no address");
  return std::move(job->found);
}

}  // namespace jobqueue::detail
