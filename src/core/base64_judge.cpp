#include "core/base64_judge.hpp"

#include <algorithm>
#include <functional>

#include "core/base64_codec.hpp"
#include "core/base64_content.hpp"
#include "core/base64_shapes.hpp"
#include "core/magic.hpp"

namespace jobqueue::detail {
namespace {

constexpr std::string_view unknown_type = "application/octet-stream";
constexpr std::size_t npos = std::string_view::npos;

std::span<const std::byte> as_bytes(std::string_view text) noexcept {
  return std::as_bytes(std::span(text.data(), text.size()));
}

void keep(judgement& j, keep_reason reason) noexcept { j.reason = reason; }

// The first `limit` characters of a run: in place where it is plain, else in `buffer`.
std::string_view sample(std::string_view text, const base64_run& run, std::size_t limit,
                        std::string& buffer) {
  limit = std::min(limit, run.chars);
  if (run.plain) return text.substr(run.begin, limit);
  buffer.clear();
  append_chars(text, run, limit, buffer);
  return buffer;
}

std::optional<recognized> recognize_run(std::string_view text, const base64_run& run,
                                        std::string& bytes) {
  std::string buffer;
  // Most formats show in their first bytes; the rest of the window is decoded for those that ask.
  constexpr std::size_t window_chars = magic_window / 3 * 4;
  const std::string_view chars = sample(text, run, window_chars, buffer);
  bytes.clear();
  decode_base64(chars.substr(0, chars.size() == run.chars ? npos : chars.size() / 4 * 4), bytes);
  return recognize(as_bytes(bytes), !run.open && chars.size() == run.chars);
}

// At most `size` bytes of the text before `begin`, back to the last cut or placeholder: what is
// before that will not be in the same place next time.
std::string_view text_before(std::string_view text, std::size_t low, std::size_t begin,
                             std::size_t size) noexcept {
  const std::size_t from = std::max(low, begin > size ? begin - size : 0);
  std::string_view before = text.substr(from, begin - from);
  if (const std::size_t removed = before.rfind("_REMOVED"); removed != npos) {
    before.remove_prefix(std::min(before.find(']', removed), before.size()));
  }
  return before;
}

// Whether the text before a run in the same word makes the run a part of a URL, and so something
// that works only whole: a path, or a parameter.
bool is_in_url(std::string_view text, std::size_t low, std::size_t begin, bool seen) noexcept {
  constexpr std::size_t max_url = 2048;
  constexpr std::string_view ends = " \t\r\n\"'<>(){}|`";
  const std::string_view before = text_before(text, low, begin, max_url);
  std::size_t at = before.size();
  while (at > 0 && ends.find(before[at - 1]) == npos) {
    // Of escapes only those of the slash belong to a URL.
    const char next = at < before.size() ? before[at] : text[begin];
    if (before[at - 1] == '\\' && next != '/' && next != '\\' && next != 'u') break;
    --at;
  }
  const std::string_view word = before.substr(at);
  for (std::size_t colon = word.find(':'); colon != npos; colon = word.find(':', colon + 1)) {
    const raw_unit first = read_unit(word, colon + 1);
    if (first.what != raw_unit::kind::symbol || first.value != '/') continue;
    if (read_unit(word, colon + 1 + first.size).value == '/') return true;
  }
  const bool parameter = word.ends_with('=') || word.ends_with("u003d");
  // Without a question mark it may be a form, whose fields carry pictures, too.
  return parameter && (word.find('?') != npos || (word.find('&') != npos && !seen));
}

// A piece of percent-encoded text (RFC 3986), whose other pieces would be left behind.
bool is_percent_encoded(std::string_view text, const base64_run& run) noexcept {
  constexpr std::string_view codes[] = {"%2B", "%2F", "%3D", "%2b", "%2f", "%3d"};
  const bool before = run.begin > 0 && text[run.begin - 1] == '%';
  if (run.is_long()) return before;
  const std::string_view behind = text.substr(run.end, 3);
  return before || std::find(std::begin(codes), std::end(codes), behind) != std::end(codes);
}

// header.payload.signature: a dot and more of the alphabet before or behind (RFC 7515, 7516).
bool is_part(std::string_view text, std::size_t at) noexcept {
  return at < text.size() && (url_alphabet.contains(static_cast<unsigned char>(text[at])) ||
                              text[at] == '.' || text[at] == '=');
}
bool is_before_dot(std::string_view text, const base64_run& run) noexcept {
  if (run.is_long() || run.end >= text.size() || text[run.end] != '.') return false;
  // A data URI will not be there next time.
  return is_part(text, run.end + 1) && !equal_ignoring_case(text.substr(run.end + 1, 5), "data:");
}
// Whether the character before `at` is the last of an escape, and so no letter of a word.
bool ends_escape(std::string_view text, std::size_t low, std::size_t at) noexcept {
  const auto is = [&](std::size_t back, char c) {
    return at >= low + back && text[at - back] == c;
  };
  return is(2, '\\') || (is(5, 'u') && is(6, '\\'));
}
// What was cut before `low` does not count: it will not be there next time.
bool is_behind_dot(std::string_view text, std::size_t low, const base64_run& run) noexcept {
  if (run.begin <= low + 1 || text[run.begin - 1] != '.') return false;
  return is_part(text, run.begin - 2) && !ends_escape(text, low, run.begin - 1);
}

// Behind a PEM or PGP header that has not been closed (RFC 7468, RFC 9580).
bool is_armored(std::string_view text, std::size_t low, std::size_t begin) noexcept {
  constexpr std::size_t max_armor_header = 512;
  const std::string_view before = text_before(text, low, begin, max_armor_header);
  const std::size_t opened = before.rfind("-----BEGIN ");
  return opened != npos && before.find("-----END ", opened) == npos;
}

// A key type and a space before: one line of authorized_keys.
bool follows_key_type(std::string_view text, std::size_t low, std::size_t begin) noexcept {
  constexpr std::size_t max_key_type = 40;
  const std::string_view before = text_before(text, low, begin, max_key_type);
  return before.ends_with(' ') && (before.find("ssh-") != npos || before.find("ecdsa-") != npos);
}

// Compressed streams and markup can be sessions and assertions (Flask, Django, SAML); pictures,
// documents and the like are never tokens.
bool may_be_token(const std::optional<recognized>& seen) noexcept {
  return !seen || seen->kind == blob_class::compressed || seen->media_type == "application/xml";
}

// `Authorization: Bearer `, `session=`, `token: `: what the text before calls the run.
bool is_labelled_token(std::string_view text, std::size_t low, std::size_t begin) {
  constexpr std::size_t max_label = 64;
  std::string_view before = text_before(text, low, begin, max_label);
  const auto drop = [&](std::string_view characters) {
    const std::size_t last = before.find_last_not_of(characters);
    before = before.substr(0, last == npos ? 0 : last + 1);
  };
  drop(" ");
  if (before.ends_with("Bearer")) return true;
  if (!before.ends_with('=') && !before.ends_with(':')) return false;
  drop("=: ");
  const std::size_t start = before.find_last_of(" \"'\\\n\t,;&?{(");
  const std::string_view label = before.substr(start == npos ? 0 : start + 1);
  return names_a_token(label) || is_protected_field(label);
}

// A string of the document itself behind a colon; a string in it that holds JSON has keys of its
// own.
bool is_value_for_certain(const run_context& context) noexcept {
  return context.outer && context.after_colon && !context.coded_quotes;
}

value_shape shape_of(const run_context& context) noexcept {
  return {context.name, context.parent_name, context.in_array, context.neighbours.view()};
}

bool is_typed(const run_context& context) {
  return context.whole && find_type(shape_of(context)).known;
}

// An element of an array is what the array is called.
std::string_view effective_name(const run_context& context) noexcept {
  return context.name.empty() && context.in_array ? context.parent_name : context.name;
}

// What the names and the object around say against a cut.
std::optional<keep_reason> look_around(const run_context& context,
                                       const std::optional<recognized>& seen, bool typed) {
  const value_shape shape = shape_of(context);
  const std::string_view name = effective_name(context);
  const bool image = seen && seen->kind == blob_class::image;
  if (is_queue_payload(shape)) return keep_reason::queue_payload;
  if (is_protected_field(name) && !image) return keep_reason::protected_field;
  if (!may_be_token(seen)) return std::nullopt;
  if (!typed && (names_a_token(name) || is_entry_of_token(shape))) {
    return keep_reason::protected_field;
  }
  // The member's name is behind quotes that are not read here.
  if (context.coded_quotes) return keep_reason::protected_field;
  if (!seen && is_protected_shape(shape)) return keep_reason::protected_shape;
  return std::nullopt;
}

bool is_listed(std::span<const std::string> list, std::string_view name) noexcept {
  return !name.empty() && std::any_of(list.begin(), list.end(), [&](const std::string& entry) {
    return equal_ignoring_case(entry, name);
  });
}

// Of the members that a walker gives, those that a reader of text would see.
neighbour_list nearest_neighbours(std::span<const value_neighbour> all) {
  const auto before = static_cast<std::size_t>(std::count_if(
      all.begin(), all.end(),
      [](const value_neighbour& neighbour) { return !neighbour.after && !neighbour.child; }));
  neighbour_list list;
  std::size_t passed = 0;
  std::size_t after = 0;
  for (value_neighbour neighbour : all) {
    auto& seen = neighbour.after ? after : passed;
    seen += neighbour.child ? 0 : 1;
    const bool near = neighbour.after ? after <= sanitize_limits::max_neighbours
                                      : before - passed < sanitize_limits::max_neighbours;
    if (neighbour.value.size() > max_neighbour_value) neighbour.value = {};
    if (near && !telling_name(neighbour.name).empty()) list.add(neighbour);
  }
  return list;
}

// Cuts bring what stands behind them nearer, so a neighbour across a placeholder could come into
// view only because of a cut: it is not believed, or sanitising twice would cut more.
bool is_across_placeholder(std::string_view text, const judgement& j,
                           const value_neighbour* neighbour) noexcept {
  if (neighbour == nullptr) return false;
  const char* place = neighbour->name.data();
  const char* base = text.data();
  const std::less<> before;
  if (before(place, base) || !before(place, base + text.size())) return false;  // of a walker
  const auto at = static_cast<std::size_t>(place - base);
  const std::size_t from = std::min(at, j.begin);
  const std::size_t to = std::max(at, j.run.end);
  const std::string_view between =
      at < j.begin ? text.substr(from, j.begin - from) : text.substr(j.run.end, to - j.run.end);
  return between.find("_REMOVED") != npos;
}

void cut(judgement& j, blob_form form, cut_evidence evidence, blob_class kind,
         std::string_view media_type) {
  j.cut = true;
  j.form = form;
  j.evidence = evidence;
  j.kind = kind;
  j.media_type = media_type.empty() ? unknown_type : media_type;
}

}  // namespace

run_context base64_judge::context_of(std::size_t begin, std::size_t end) const {
  run_context context = read_context(text_, begin, end);
  if (context.in_string || outside_ == nullptr || begin > sanitize_limits::neighbour_window) {
    return context;
  }
  const raw_unit behind = read_unit(text_, end);
  const std::size_t rest = behind.what == raw_unit::kind::line_break ? end + behind.size : end;
  context.in_string = true;
  context.outer = true;
  context.after_colon = true;
  const bool long_value = end - begin > sanitize_limits::run_window;
  context.whole = begin == 0 && (long_value || rest == text_.size());
  context.name = telling_name(outside_->name);
  context.parent_name = telling_name(outside_->parent_name);
  context.in_array = outside_->name.empty();
  context.neighbours = nearest_neighbours(outside_->neighbours);
  return context;
}

std::string_view base64_judge::name_of(std::size_t begin) const noexcept {
  const std::string_view name = adjacent_name(text_, begin);
  return name.empty() && begin == 0 && outside_ != nullptr ? telling_name(outside_->name) : name;
}

bool base64_judge::is_cut_name(std::string_view name) const noexcept {
  return is_cut_field(name) || is_listed(options_.cut_fields, name);
}

judgement base64_judge::look_at(std::size_t begin, std::size_t low, bool announced) const {
  judgement j;
  j.begin = begin;
  // A line break may stand between the comma of a data URI and its payload.
  std::size_t payload = begin;
  if (payload > low && text_[payload - 1] == '\n') {
    payload -= payload > low + 1 && text_[payload - 2] == '\r' ? 2 : 1;
  } else if (payload > low + 1 && text_[payload - 1] == 'n' && text_[payload - 2] == '\\') {
    --payload;
    while (payload > low && text_[payload - 1] == '\\') --payload;
    if (payload > low + 1 && text_[payload - 1] == 'r' && text_[payload - 2] == '\\') {
      --payload;
      while (payload > low && text_[payload - 1] == '\\') --payload;
    }
  }
  if (payload > low && text_[payload - 1] == ',') {
    const auto header = read_data_uri_header(text_, low, payload);
    if (header) {
      j.run = read_run(text_, payload, kernels_, run_kind::after_header, more_);
      if (j.run.chars >= 2) {
        j.begin = header->begin;
        judge_data_uri(j, *header);
        return j;
      }
    }
  }
  j.run = read_run(text_, begin, kernels_, run_kind::any, more_);
  if (j.run.chars >= options_.min_run_chars || (announced && j.run.chars >= 2)) {
    judge_run(j, low);
  }
  return j;
}

void base64_judge::judge_data_uri(judgement& j, const data_uri_header& header) const {
  if (is_percent_encoded(text_, j.run)) return keep(j, keep_reason::url);
  const run_context context = context_of(j.begin, j.run.end);
  j.value_for_certain = is_value_for_certain(context);
  if (context.key) return keep(j, keep_reason::object_key);
  if (is_listed(options_.protect_fields, effective_name(context)))
    return keep(j, keep_reason::protected_field);

  const std::string declared = clean_media_type(header.media_type);
  std::string bytes;
  const auto seen = recognize_run(text_, j.run, bytes);
  const blob_class kind = seen && declared.empty()                         ? seen->kind
                          : seen && class_of(declared) == blob_class::data ? seen->kind
                                                                           : class_of(declared);
  const std::string_view type = !declared.empty() ? std::string_view(declared)
                                : seen            ? seen->media_type
                                                  : std::string_view("text/plain");
  cut(j, blob_form::data_uri, cut_evidence::declared,
      declared.empty() && !seen ? blob_class::text : kind, type);
  j.canonical_header = header.canonical && declared == header.media_type;
}

void base64_judge::judge_field(judgement& j, const run_context& context) const {
  std::string bytes;
  const auto seen = recognize_run(text_, j.run, bytes);
  if (!seen && j.run.chars < options_.min_run_chars) {
    std::string buffer;
    const auto content = find_plain_content(sample(text_, j.run, content_sample, buffer));
    if (content == keep_reason::words) return keep(j, *content);  // a path
  }
  const blob_class unseen = is_cut_field(context.name) ? blob_class::image
                            : is_text(as_bytes(bytes)) ? blob_class::text
                                                       : blob_class::data;
  j.value_for_certain = is_value_for_certain(context);
  cut(j, blob_form::field, cut_evidence::name, seen ? seen->kind : unseen,
      seen ? seen->media_type : unknown_type);
}

// What the run by itself, and what touches it, says against a cut. Words and digits are never cut;
// of the rest `options_.cut_protected` may allow it.
base64_judge::doubts base64_judge::look_inside(const base64_run& run, std::size_t low,
                                               std::span<const std::byte> bytes,
                                               const std::optional<recognized>& seen) const {
  doubts found;
  if (!seen) {
    std::string buffer;
    const std::string_view chars = sample(text_, run, content_sample, buffer);
    found.content = find_plain_content(chars);
    if (found.content) {
      found.filler = is_dominated(chars);
      return found;
    }
    found.token = find_token_content(chars, bytes, run.is_long() ? long_size : run.decoded_size());
    if (!found.token &&
        (is_armored(text_, low, run.begin) || follows_key_type(text_, low, run.begin))) {
      found.token = keep_reason::key_material;
    }
  }
  const bool dotted =
      is_behind_dot(text_, low, run) || (may_be_token(seen) && is_before_dot(text_, run));
  // A part of which the one before it was cut for a token goes, too.
  const bool follows_cut = options_.cut_protected && run.begin > 1 && text_[run.begin - 1] == '.' &&
                           (run.begin - 1 == low || text_[run.begin - 2] == ']');
  if (!found.token && (dotted || follows_cut)) found.token = keep_reason::token;
  return found;
}

void base64_judge::judge_run(judgement& j, std::size_t low) const {
  std::optional<run_context> known;
  const auto context = [&]() -> const run_context& {
    if (!known) known = context_of(j.run.begin, j.run.end);
    return *known;
  };
  if (is_cut_name(name_of(j.run.begin))) {
    const run_context& around = context();
    if (around.whole && !is_listed(options_.protect_fields, around.name)) {
      return judge_field(j, around);
    }
  }
  if (j.run.chars < options_.min_run_chars) return;
  if (is_percent_encoded(text_, j.run)) return keep(j, keep_reason::url);

  std::string decoded;
  const auto seen = recognize_run(text_, j.run, decoded);
  const auto bytes = as_bytes(decoded);
  const doubts inside = look_inside(j.run, low, bytes, seen);
  if (inside.content && !(inside.filler && is_typed(context()))) return keep(j, *inside.content);
  if (inside.token && !options_.cut_protected) return keep(j, *inside.token);

  const run_context& around = context();
  j.value_for_certain = is_value_for_certain(around);
  if (around.key) return keep(j, keep_reason::object_key);
  if (is_listed(options_.protect_fields, effective_name(around))) {
    return keep(j, keep_reason::protected_field);
  }
  typed_value type;
  if (around.whole) type = find_type(shape_of(around));
  if (is_across_placeholder(text_, j, type.neighbour)) type = {};
  auto doubt = look_around(around, seen, type.known);
  // What follows so long a value is out of sight, and it may say that this is the job itself.
  const bool first = around.name == "body" || around.name == "payload";
  const bool image = seen && seen->kind == blob_class::image;
  if (!doubt && first && !image && !type.known && j.size() > sanitize_limits::run_window) {
    doubt = keep_reason::queue_payload;
  }
  if (doubt && !options_.cut_protected) return keep(j, *doubt);
  if (is_in_url(text_, low, j.run.begin, seen.has_value())) return keep(j, keep_reason::url);
  const bool labelled = !seen && is_labelled_token(text_, low, j.run.begin);
  if (labelled && !options_.cut_protected) return keep(j, keep_reason::token);

  if (seen) {
    const blob_form form = type.known ? blob_form::typed_pair : blob_form::run;
    return cut(j, form, cut_evidence::magic, seen->kind, seen->media_type);
  }
  const bool text = is_text(bytes);
  const blob_class kind = text ? blob_class::text : blob_class::data;
  const std::string_view fallback = text ? std::string_view("text/plain") : unknown_type;
  if (type.known) {
    const std::string declared = clean_media_type(type.type);
    const blob_class said = class_of(declared);
    return cut(j, blob_form::typed_pair,
               type.neighbour != nullptr ? cut_evidence::neighbour : cut_evidence::name,
               said == blob_class::data ? kind : said,
               declared.empty() ? fallback : std::string_view(declared));
  }
  // With `cut_protected`, what is known for a token by itself or the name right before it goes like
  // a blob. What stands further away must not count, as a cut in between would bring it into view.
  const std::string_view adjacent = name_of(j.run.begin);
  const bool certain =
      inside.token || labelled || is_protected_field(adjacent) || names_a_token(adjacent);
  if (!certain && j.run.chars < options_.min_unknown_chars) {
    return keep(j, keep_reason::short_unknown);
  }
  cut(j, blob_form::run, cut_evidence::content, kind, fallback);
}

judgement base64_judge::look_at_naively(std::size_t begin) const {
  judgement j;
  j.begin = begin;
  j.run = read_run(text_, begin, kernels_, run_kind::naive, more_);
  if (j.run.chars < options_.min_run_chars) return j;
  const run_context context = context_of(begin, j.run.end);
  j.value_for_certain = is_value_for_certain(context);
  const std::string_view run =
      text_.substr(begin, std::min(j.run.chars, sanitize_limits::run_window));
  if (context.key) {
    keep(j, keep_reason::object_key);
    return j;
  }
  if (text_.substr(0, begin).ends_with("_REMOVED sha256-")) return j;  // a reference is no blob
  cut(j, blob_form::run, cut_evidence::naive, blob_class::data, unknown_type);
  j.may_be_number = run.find_first_not_of("0123456789eE+-") == npos;
  j.value_for_certain = j.value_for_certain && !j.may_be_number;
  return j;
}

}  // namespace jobqueue::detail
