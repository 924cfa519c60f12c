#include "store/redis_connection.hpp"

#include <algorithm>
#include <charconv>
#include <system_error>
#include <utility>

namespace jobqueue::detail {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t greeting_bytes = std::size_t{1} << 20;
// What one reading may bring beyond what is waited for.
constexpr std::size_t reserve_bytes = std::size_t{1} << 16;

constexpr std::string_view too_late =
    "did not answer in time; look for what keeps it busy with SLOWLOG, or raise the command "
    "timeout";
constexpr std::string_view too_much = "sends a larger answer than is taken";
constexpr std::string_view no_protocol =
    "does not speak the protocol of Redis; check host and port, and whether it wants TLS "
    "(rediss://)";

// The bytes of commands in pieces, so that a large word is not there twice.
class command_bytes {
 public:
  explicit command_bytes(std::span<const redis_command> commands) : commands_(commands) {}

  // Nothing once all have been given.
  [[nodiscard]] std::string next() {
    std::string piece;
    while (command_ < commands_.size() && piece.size() < piece_bytes) {
      const redis_command& words = commands_[command_];
      const std::string_view word = words[word_];
      if (word_ == 0 && given_ == 0) piece += '*' + std::to_string(words.size()) + "\r\n";
      if (given_ == 0) piece += '$' + std::to_string(word.size()) + "\r\n";
      piece += word.substr(given_, piece_bytes);
      given_ += std::min(piece_bytes, word.size() - given_);
      if (given_ < word.size()) continue;
      piece += "\r\n";
      given_ = 0;
      if (++word_ == words.size()) {
        word_ = 0;
        ++command_;
      }
    }
    return piece;
  }

 private:
  static constexpr std::size_t piece_bytes = std::size_t{1} << 18;
  std::span<const redis_command> commands_;
  std::size_t command_ = 0;
  std::size_t word_ = 0;
  std::size_t given_ = 0;  // of the word
};

// Reads the announcement of a text: "$12". False if it is anything else.
bool read_announcement(std::string_view line, std::size_t& size) noexcept {
  if (!line.starts_with('$')) return false;
  const auto [end, problem] = std::from_chars(line.data() + 1, line.data() + line.size(), size);
  return problem == std::errc() && end == line.data() + line.size();
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
    {"ERR SELECT is not allowed", "a cluster has database 0 only: remove the number from the URL"},
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
  reader_.begin(0);
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
  reader_.begin(max_bytes);
  return collect(commands, {}, steady_clock::now() + settings_.command_timeout);
}

// `received` is the beginning of the answers, if there is one already: then all has been sent.
result<std::vector<redis_reply>> redis_connection::collect(std::span<const redis_command> commands,
                                                           std::string received, deadline until) {
  failure_ = redis_failure::none;
  command_bytes output(received.empty() ? commands : std::span<const redis_command>());
  std::vector<redis_reply> replies;
  if (const status read = read_available(received, commands.size(), replies); !read) {
    return read.problem();
  }
  while (replies.size() < commands.size()) {
    if (!stream_.has_output()) stream_.send(output.next());
    received.clear();
    const stream_event event = stream_.exchange(received, until);
    if (event == stream_event::timed_out) return fail(redis_failure::timed_out, too_late);
    // What came with the end of the connection may be the reason for it.
    if (const status read = read_available(received, commands.size(), replies); !read) {
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

result<redis_reply> redis_connection::read_text(const redis_command& command,
                                                std::size_t max_bytes) {
  if (!is_open()) return fail(redis_failure::lost, "is not connected");
  failure_ = redis_failure::none;
  const auto until = steady_clock::now() + settings_.command_timeout;
  const std::span<const redis_command> commands(&command, 1);
  command_bytes output(commands);
  std::string received;
  std::size_t begin = 0;   // of the text
  std::size_t wanted = 0;  // of everything, once that is known
  while (wanted == 0 || received.size() < wanted) {
    if (!stream_.has_output()) stream_.send(output.next());
    const stream_event event = stream_.exchange(received, until);
    if (event == stream_event::timed_out) return fail(redis_failure::timed_out, too_late);
    const std::size_t end = wanted == 0 ? received.find("\r\n") : received.npos;
    if (end != received.npos) {
      std::size_t size = 0;
      if (!read_announcement(std::string_view(received).substr(0, end), size)) {
        reader_.begin(greeting_bytes);
        auto answers = collect(commands, std::move(received), until);
        if (!answers) return answers.problem();
        return std::move(answers->front());
      }
      if (size > max_bytes) return fail(redis_failure::too_large, too_much);
      begin = end + 2;
      wanted = begin + size + 2;
      received.reserve(wanted + reserve_bytes);
    }
    if (wanted == 0 && received.size() > reserve_bytes) {
      return fail(redis_failure::other, no_protocol);
    }
    if (event == stream_event::lost && (wanted == 0 || received.size() < wanted)) {
      return fail(redis_failure::lost, stream_.loss());
    }
  }
  if (received.size() != wanted || !received.ends_with("\r\n")) {
    return fail(redis_failure::other, no_protocol);
  }
  received.resize(wanted - 2);
  received.erase(0, begin);
  return redis_reply{redis_reply::kind::text, 0, std::move(received)};
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
    return fail(redis_failure::too_large, too_much);
  }
  return fail(redis_failure::other, no_protocol);
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
