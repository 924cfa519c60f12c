#include "store/redis_connection.hpp"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <new>
#include <utility>

#include <hiredis/hiredis.h>

namespace jobqueue::detail {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t greeting_bytes = std::size_t{1} << 20;

void append_command(std::string& out, const redis_command& command) {
  std::vector<const char*> words;
  std::vector<std::size_t> sizes;
  for (const std::string& word : command) {
    words.push_back(word.data());
    sizes.push_back(word.size());
  }
  char* formatted = nullptr;
  const int size = redisFormatCommandArgv(&formatted, static_cast<int>(words.size()), words.data(),
                                          sizes.data());
  if (size < 0) throw std::bad_alloc();
  const std::unique_ptr<char, decltype(&std::free)> owned(formatted, &std::free);
  out.append(formatted, static_cast<std::size_t>(size));
}

// A code is what a server of the protocol sends; anything else is not repeated.
bool is_code(std::string_view text) noexcept {
  return !text.empty() && text.size() <= 32 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

struct advice {
  std::string_view begins;  // the text of the error
  std::string_view text;
};

// The first that matches.
constexpr advice known_errors[] = {
    {"NOAUTH", "it wants a password: put user and password into the URL"},
    {"WRONGPASS", "user or password are wrong: correct them in the URL"},
    {"ERR invalid password", "the password is wrong: correct it in the URL"},
    {"ERR AUTH <password> called without", "it has no password: remove it from the URL"},
    {"ERR Client sent AUTH, but no password", "it has no password: remove it from the URL"},
    {"ERR DB index is out of range", "it has no database of that number: correct it in the URL"},
    {"ERR max number of clients", "it has too many clients: raise maxclients, or try again later"},
    {"NOPERM", "this user may not do that: grant it with ACL SETUSER"},
    {"LOADING", "it is still loading its data: try again later, or raise the command timeout"},
    {"BUSY", "a script is keeping it busy: try again later, or end that with SCRIPT KILL"},
    {"MASTERDOWN", "it is a replica that has lost its primary: name the primary in the URL"},
    {"READONLY", "it is a replica, which takes no writes: name the primary in the URL"},
    {"OOM", "its memory is used up: raise maxmemory or delete what is not needed"},
    {"MISCONF", "it cannot save its data: free space on its disk"},
    {"WRONGTYPE", "the key holds another type of value"},
    {"MOVED", "it is a node of a cluster, which this version does not read"},
    {"ASK", "it is a node of a cluster, which this version does not read"},
    {"CLUSTERDOWN", "it is a node of a cluster, which this version does not read"},
    {"CROSSSLOT", "it is a node of a cluster, which this version does not read"},
    {"DENIED", "it is in protected mode: give it a password, or bind it to this host"},
    {"-DENIED", "it is in protected mode: give it a password, or bind it to this host"},
};

}  // namespace

redis_connection::redis_connection(redis_address address, options settings)
    : address_(std::move(address)), settings_(std::move(settings)) {}

error redis_connection::fail(redis_failure why, std::string_view sentence) {
  stream_.close();
  failure_ = why;
  return redis_problem(address_, sentence);
}

status redis_connection::open() {
  failure_ = redis_failure::none;
  const auto until = steady_clock::now() + settings_.connect_timeout;
  if (const status connected = stream_.connect(address_, settings_.ca_file, until); !connected) {
    failure_ = stream_.may_retry() ? redis_failure::lost : redis_failure::other;
    return connected.problem();
  }
  return greet();
}

status redis_connection::greet() {
  std::vector<redis_command> greeting;
  if (!address_.password.empty()) {
    greeting.push_back({"AUTH"});
    if (!address_.user.empty()) greeting.back().push_back(address_.user);
    greeting.back().push_back(address_.password);
  }
  if (address_.database != 0) greeting.push_back({"SELECT", std::to_string(address_.database)});
  if (greeting.empty()) return done;
  const auto replies = pipeline(greeting, greeting_bytes);
  if (!replies) return replies.problem();
  for (std::size_t i = 0; i < greeting.size(); ++i) {
    const redis_reply& reply = (*replies)[i];
    if (reply.of == redis_reply::kind::status) continue;
    const error problem = describe(reply, greeting[i].front());
    stream_.close();
    failure_ = redis_failure::other;
    return problem;
  }
  return done;
}

result<std::vector<redis_reply>> redis_connection::pipeline(std::span<const redis_command> commands,
                                                            std::size_t max_bytes) {
  if (!is_open()) return fail(redis_failure::lost, "is not connected");
  failure_ = redis_failure::none;
  std::string bytes;
  for (const redis_command& command : commands) append_command(bytes, command);
  stream_.send(bytes);
  reader_.begin(max_bytes);

  std::vector<redis_reply> replies;
  const auto until = steady_clock::now() + settings_.command_timeout;
  while (replies.size() < commands.size()) {
    bytes.clear();
    const stream_event event = stream_.exchange(bytes, until);
    if (event == stream_event::timed_out) {
      return fail(redis_failure::timed_out,
                  "did not answer in time; look for what keeps it busy with SLOWLOG, or raise the "
                  "command timeout");
    }
    // What came with the end of the connection may be the reason for it.
    if (const status read = read_available(bytes, commands.size(), replies); !read) {
      return read.problem();
    }
    if (event == stream_event::lost && replies.size() < commands.size()) {
      if (!replies.empty() && replies.back().is_error()) {
        const error problem = describe(replies.back(), commands[replies.size() - 1].front());
        stream_.close();
        failure_ = redis_failure::lost;
        return problem;
      }
      return fail(redis_failure::lost, stream_.loss());
    }
    if (event == stream_event::lost) stream_.close();
  }
  return replies;
}

status redis_connection::read_available(std::string_view received, std::size_t wanted,
                                        std::vector<redis_reply>& replies) {
  using outcome = redis_reply_reader::outcome;
  outcome last = reader_.feed(received);
  while (last != outcome::too_large && last != outcome::malformed) {
    redis_reply reply;
    last = reader_.next(reply);
    if (last == outcome::more) return done;
    if (last != outcome::reply) break;
    if (replies.size() == wanted) {
      return fail(redis_failure::other,
                  "answers what it was not asked; check that host and port "
                  "are those of a Redis");
    }
    replies.push_back(std::move(reply));
  }
  if (last == outcome::too_large) {
    return fail(redis_failure::too_large, "sends a larger answer than is taken");
  }
  return fail(redis_failure::other,
              "does not speak the protocol of Redis; check host and port, and whether it wants TLS "
              "(rediss://)");
}

error redis_connection::describe(const redis_reply& reply, std::string_view name) const {
  if (!reply.is_error()) {
    std::string sentence = "gives an answer to ";
    sentence.append(name).append(" that it does not have; check host and port");
    return redis_problem(address_, sentence);
  }
  std::string sentence = "refuses ";
  sentence.append(name);
  if (const std::string_view code = reply.error_code(); is_code(code)) {
    sentence.append(" (").append(code).append(")");
  }
  for (const advice& known : known_errors) {
    if (!std::string_view(reply.text).starts_with(known.begins)) continue;
    sentence.append("; ").append(known.text);
    break;
  }
  return redis_problem(address_, sentence);
}

}  // namespace jobqueue::detail
