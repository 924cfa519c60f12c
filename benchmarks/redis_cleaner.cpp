// Cleaning a Redis whose values are jobs with an image each. Beside it the least that any program
// could do that looks at every value and writes it back: GET and SET, pipelined with hiredis. See
// README.md beside this for what the numbers are and are not.
#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <jobqueue/service/redis_cleaner.hpp>
#include <jobqueue/vault.hpp>

#include "measure.hpp"
#include "support/redis_server.hpp"

namespace {

using namespace jobqueue;
using bench::require;
using bench::seconds_of;
using bench::take;

constexpr std::size_t total_bytes = 200'000'000;

std::string make_value(std::size_t number, std::size_t bytes, std::mt19937& noise) {
  static constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text = R"({"prompt":"a lake at dawn","token":"ghp_0123456789abcdefghijklmnop","n":)";
  text += std::to_string(number) + R"(,"image_base64":"iVBORw0KGgoAAAANSUhEUgAA)";
  while (text.size() + 2 < bytes) text += alphabet[noise() >> 26U];
  return text += "\"}";
}

class plain_client {
 public:
  explicit plain_client(const test::redis_server& server)
      : context_(redisConnect("127.0.0.1", server.port()), redisFree) {
    require(context_ != nullptr && context_->err == 0, "hiredis does not connect");
  }

  void set(std::size_t key, std::string_view value) {
    redisAppendCommand(context_.get(), "SET job:%llu %b", static_cast<unsigned long long>(key),
                       value.data(), value.size());
  }
  void get(std::size_t key) {
    redisAppendCommand(context_.get(), "GET job:%llu", static_cast<unsigned long long>(key));
  }
  [[nodiscard]] std::string answer() {
    void* reply = nullptr;
    require(redisGetReply(context_.get(), &reply) == REDIS_OK, "Redis does not answer");
    const std::unique_ptr<redisReply, void (*)(void*)> owned(static_cast<redisReply*>(reply),
                                                             freeReplyObject);
    require(owned->type != REDIS_REPLY_ERROR, "Redis refuses");
    return {owned->str, owned->len};
  }

 private:
  std::unique_ptr<redisContext, void (*)(redisContext*)> context_;
};

void fill(const test::redis_server& server, std::size_t values, std::size_t bytes) {
  plain_client client(server);
  std::mt19937 noise(20260921);
  for (std::size_t i = 0; i < values; ++i) {
    client.set(i, make_value(i, bytes, noise));
    static_cast<void>(client.answer());
  }
}

// Reads every value and writes it back, some together.
bench::measure rewrite(const test::redis_server& server, std::size_t values, std::size_t bytes) {
  return bench::run_in_child([&] {
    plain_client client(server);
    const std::size_t together = std::max<std::size_t>(1, (std::size_t{4} << 20) / bytes);
    std::uint64_t count = 0;
    const double took = seconds_of([&] {
      std::vector<std::string> held;
      for (std::size_t begin = 0; begin < values; begin += together) {
        const std::size_t end = std::min(values, begin + together);
        held.clear();
        for (std::size_t i = begin; i < end; ++i) client.get(i);
        for (std::size_t i = begin; i < end; ++i) held.push_back(client.answer());
        for (std::size_t i = begin; i < end; ++i) client.set(i, held[i - begin]);
        for (std::size_t i = begin; i < end; ++i) static_cast<void>(client.answer());
        for (const std::string& one : held) count += one.size();
      }
    });
    return std::pair(took, count);
  });
}

// Counts the bytes that it removes, or would.
bench::measure clean(const test::redis_server& server, const std::filesystem::path& folder,
                     bool has_vault, bool dry_run) {
  ::sync();  // What was written before is not this row's to wait for.
  return bench::run_in_child([&] {
    // As the program does for itself.
    // NOLINTBEGIN(concurrency-mt-unsafe): there is no other thread
    mallopt(M_TRIM_THRESHOLD, 64 << 20);
    mallopt(M_MMAP_THRESHOLD, 16 << 20);
    // NOLINTEND(concurrency-mt-unsafe)
    std::filesystem::create_directories(folder);
    const auto blobs = take(open_directory_vault(folder / "vault", {.create = true}));
    const auto journal =
        take(clean_journal::create(folder / "journal", take(redis_store_name(server.url()))));
    clean_options options;
    options.dry_run = dry_run;
    options.vault = has_vault ? blobs.get() : nullptr;
    options.journal = journal.get();
    std::uint64_t removed = 0;
    const double took = seconds_of(
        [&] { removed = take(clean_redis(server.url(), {}, {}, options)).totals.bytes_removed; });
    return std::pair(took, removed);
  });
}

// Writes as many bytes to a file, durably, some together: no journal is faster than that.
bench::measure append(const std::filesystem::path& path, std::uint64_t bytes) {
  return bench::run_in_child([&] {
    const std::string piece(std::size_t{4} << 20, 'x');
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    const double took = seconds_of([&] {
      for (std::uint64_t written = 0; written < bytes; written += piece.size()) {
        require(::write(file, piece.data(), piece.size()) == static_cast<ssize_t>(piece.size()) &&
                    ::fdatasync(file) == 0,
                "the disk does not take it");
      }
    });
    ::close(file);
    return std::pair(took, bytes);
  });
}

void print(const std::string& name, std::size_t bytes, const bench::measure& one,
           double megabytes) {
  std::printf("%-36s %8.1f MB/s   peak %5.1f MB\n", (name + "/" + std::to_string(bytes)).c_str(),
              megabytes / one.seconds, one.peak_megabytes());
}

void run_size(std::size_t bytes, const std::filesystem::path& folder) {
  const test::redis_server server;
  std::filesystem::create_directory(folder);
  const std::size_t values = total_bytes / bytes;
  fill(server, values, bytes);
  const bench::measure peer = rewrite(server, values, bytes);
  const double megabytes = static_cast<double>(peer.count) / 1e6;
  print("GET and SET, pipelined", bytes, peer, megabytes);
  print("append to a file, durably", bytes, append(folder / "file", peer.count), megabytes);
  const bench::measure looked = clean(server, folder / "dry", false, true);
  print("dry run", bytes, looked, megabytes);
  const bench::measure plain = clean(server, folder / "plain", false, false);
  print("clean, journal", bytes, plain, megabytes);
  require(looked.count == plain.count, "the dry run and the run disagree");
  fill(server, values, bytes);
  const bench::measure kept = clean(server, folder / "kept", true, false);
  print("clean, vault and journal", bytes, kept, megabytes);
  std::printf("clean / GET+SET: %.2f without a vault (goal 0.7), %.2f with (goal 0.25)\n",
              peer.seconds / plain.seconds, peer.seconds / kept.seconds);
}

void run() {
  // Nothing is removed before the end: for some seconds ext4 goes around the places of files that
  // were, and whoever makes many then pays for that.
  const test::temporary_folder folder;
  for (const std::size_t bytes : {4'000, 74'000, 1'000'000}) {
    run_size(bytes, folder.path() / std::to_string(bytes));
  }
}

}  // namespace

int main() { return jobqueue::bench::run(run); }
