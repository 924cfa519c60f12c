#include "core/failure_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <system_error>
#include <utility>
#include <vector>

#include <jobqueue/failure.hpp>

#include "core/failure_chars.hpp"
#include "core/json_text.hpp"

namespace jobqueue::detail {
namespace {

// What a member is good for.
enum class role : std::uint8_t {
  ignored,
  container,  // an object in it is looked at
  text,       // so is one, and its strings count
  status,     // the same, and a number of it may be a status
};

// Names in lower case without '_', '-' and blanks.
constexpr std::array<std::pair<std::string_view, role>, 39> roles = {{
    {"body", role::container},    {"data", role::container},    {"response", role::container},
    {"result", role::container},  {"code", role::status},       {"errorcode", role::status},
    {"httpcode", role::status},   {"httpstatus", role::status}, {"httpstatuscode", role::status},
    {"status", role::status},     {"statuscode", role::status}, {"cause", role::text},
    {"description", role::text},  {"detail", role::text},       {"details", role::text},
    {"err", role::text},          {"error", role::text},        {"errordescription", role::text},
    {"errordetails", role::text}, {"errormessage", role::text}, {"errormsg", role::text},
    {"errorname", role::text},    {"errors", role::text},       {"errortext", role::text},
    {"errortype", role::text},    {"exception", role::text},    {"exceptionmessage", role::text},
    {"failedreason", role::text}, {"failure", role::text},      {"failurereason", role::text},
    {"fault", role::text},        {"faultstring", role::text},  {"innererror", role::text},
    {"message", role::text},      {"msg", role::text},          {"name", role::text},
    {"reason", role::text},       {"title", role::text},        {"type", role::text},
}};

constexpr std::size_t longest_name = 16;

role role_of(std::string_view written) noexcept {
  std::array<char, longest_name> name{};
  std::size_t size = 0;
  for (const char c : written) {
    if (c == '_' || c == '-' || c == ' ') continue;
    if (size == name.size()) return role::ignored;
    name[size++] = to_lower(c);
  }
  const std::string_view plain(name.data(), size);
  const auto* const found =
      std::find_if(roles.begin(), roles.end(), [&](const auto& one) { return one.first == plain; });
  return found == roles.end() ? role::ignored : found->second;
}

bool opens_object(std::string_view text, std::size_t at) {
  if (text[at] != '{') return false;
  const std::size_t next = skip_json_space(text, at + 1);
  return next < text.size() && text[next] == '"';
}

// Replaces every object in a text by the strings in it that count. What turns out to be no JSON is
// text from there on; what is cut short is read as far as it goes.
class object_reader {
 public:
  explicit object_reader(std::string_view text) : text_(text) {}

  failure_text read() {
    while (at_ < text_.size()) {
      if (opens_object(text_, at_)) {
        read_object();
      } else {
        out_.text += text_[at_++];
      }
    }
    return std::move(out_);
  }

 private:
  struct frame {
    bool is_object;
    role of;  // of the elements of an array; nothing counts in what is ignored
  };
  static constexpr std::size_t max_depth = 64;

  void read_object() {
    open_.clear();
    open_.push_back({true, role::text});
    ++at_;
    for (;;) {
      at_ = skip_json_space(text_, at_);
      if (at_ >= text_.size()) return;
      const frame inner = open_.back();
      if (text_[at_] == ',') {
        ++at_;
      } else if (text_[at_] == (inner.is_object ? '}' : ']')) {
        ++at_;
        open_.pop_back();
        if (open_.empty()) return;
      } else if (!(inner.is_object ? read_member(inner.of) : read_value(inner.of))) {
        return;
      }
    }
  }

  // False, and nothing is read, if there is none.
  bool read_member(role around) {
    if (text_[at_] != '"') return false;
    const std::size_t end = find_string_end(text_, at_ + 1);
    const std::size_t colon = skip_json_space(text_, end + 1);
    if (colon < text_.size() && text_[colon] != ':') return false;
    const role own = role_of(text_.substr(at_ + 1, end - at_ - 1));
    at_ = skip_json_space(text_, std::min(colon + 1, text_.size()));
    return at_ >= text_.size() || read_value(around == role::ignored ? around : own);
  }

  bool read_value(role of) {
    const char c = text_[at_];
    if (c == '"') {
      const std::size_t end = find_string_end(text_, at_ + 1);
      if (of == role::text || of == role::status) add(text_.substr(at_ + 1, end - at_ - 1));
      at_ = std::min(end + 1, text_.size());
      return true;
    }
    if (c == '{' || c == '[') {
      if (open_.size() == max_depth) return false;
      open_.push_back({c == '{', of});
      ++at_;
      return true;
    }
    return read_literal(of);
  }

  // A number, or a word as of any language: null, None, NaN.
  bool read_literal(role of) {
    const std::size_t end = std::min(text_.find_first_of(" \n\r\t,:{}[]\"", at_), text_.size());
    const std::size_t next = skip_json_space(text_, end);
    if (end == at_) return false;
    if (next < text_.size() && text_[next] != ',' && text_[next] != '}' && text_[next] != ']') {
      return false;
    }
    unsigned number = 0;
    const char* const last = text_.data() + end;
    const auto [rest, failed] = std::from_chars(text_.data() + at_, last, number);
    const bool is_status = failed == std::errc() && rest == last && number >= 400 && number <= 599;
    if (of == role::status && is_status && out_.status == 0) out_.status = number;
    at_ = end;
    return true;
  }

  // With something between, so that no words of two members are a phrase.
  void add(std::string_view content) {
    if (!out_.text.empty()) out_.text += " | ";
    unescape_json(content, out_.text);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  failure_text out_;
  std::vector<frame> open_;
};

bool holds_object(std::string_view text) {
  for (std::size_t at = text.find('{'); at < text.size(); at = text.find('{', at + 1)) {
    if (opens_object(text, at)) return true;
  }
  return false;
}

// Without the lines that a stack of JavaScript, Java, .NET or Python adds: "  at f (x.js:1:2)",
// and '  File "x.py", line 1, in f' with the line of the source below it.
std::string drop_frames(std::string_view text) {
  std::string kept;
  bool in_python = false;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, std::min(text.find('\n'), text.size() - 1) + 1);
    text.remove_prefix(line.size());
    const std::size_t begin = std::min(line.find_first_not_of(" \t"), line.size());
    const std::string_view words = line.substr(begin);
    in_python = begin > 0 && (in_python || words.starts_with("File \""));
    if (in_python || (begin > 0 && words.starts_with("at "))) continue;
    kept.append(line);
  }
  return kept;
}

}  // namespace

failure_text read_failure_text(std::string_view message) {
  constexpr int max_levels = 3;  // an object, and two of strings that hold one
  failure_text read{std::string(message.substr(0, max_failure_message_bytes)), 0};
  for (int level = 0; level < max_levels && holds_object(read.text); ++level) {
    failure_text inner = object_reader(read.text).read();
    if (read.status != 0) inner.status = read.status;
    read = std::move(inner);
  }
  read.text = drop_frames(read.text);
  return read;
}

}  // namespace jobqueue::detail
