#include <jobqueue/content_type.hpp>

#include <algorithm>
#include <array>
#include <optional>

#include "core/content_type_parts.hpp"
#include "core/magic_file.hpp"
#include "core/media_types.hpp"

namespace jobqueue {
namespace {

using namespace detail;

constexpr std::array<std::string_view, 10> category_words = {
    "data",    "image", "video", "audio", "document",
    "archive", "text",  "model", "font",  "executable"};
constexpr std::array<std::string_view, 7> source_words = {"none",      "url",  "header",    "magic",
                                                          "container", "text", "configured"};
constexpr std::array<std::string_view, 4> confidence_words = {"none", "low", "medium", "high"};

// What a text says.
struct claim {
  content_source source;
  bool contradicted;
  media_type_traits type;
  std::string_view given;           // the name as it was given
  const media_type_row* given_row;  // null: `given` is not static
  std::string_view detail;
};

// Those that say something, in the order in which they are believed: header, URL, setting.
class claim_list {
 public:
  void add(content_source source, const parsed_media_type& parsed) noexcept {
    const std::string_view name = parsed.view();
    if (name.empty() || says_nothing(name)) return;
    const media_type_row* const row = find_media_type(name);
    add({source, false, row != nullptr ? traits_of(*row) : traits_of(name), name, row, {}});
  }
  void add(const claim& made) noexcept { items_[size_++] = made; }

  [[nodiscard]] claim* begin() noexcept { return items_.data(); }
  [[nodiscard]] claim* end() noexcept { return items_.data() + size_; }
  [[nodiscard]] const claim* begin() const noexcept { return items_.data(); }
  [[nodiscard]] const claim* end() const noexcept { return items_.data() + size_; }
  [[nodiscard]] const claim* header() const noexcept {
    return size_ != 0 && items_[0].source == content_source::header ? items_.data() : nullptr;
  }

 private:
  std::array<claim, 3> items_;
  std::size_t size_ = 0;
};

// What the bytes say.
struct observation {
  content_source source = content_source::none;
  media_type_traits type{};
  content_confidence confidence = content_confidence::none;
  bool is_guess = false;

  [[nodiscard]] bool says() const noexcept { return source != content_source::none; }
};

content_confidence raised(content_confidence by) noexcept {
  return by == content_confidence::high ? by
                                        : static_cast<content_confidence>(static_cast<int>(by) + 1);
}

// Static if there is a row for it.
void set_name(media_type_name& name, std::string_view text, const media_type_row* row) {
  if (row != nullptr) {
    name.assign(row->name);
  } else {
    name = media_type_name(std::string(text));
  }
}
void set_name(media_type_name& name, const media_type_traits& type) {
  set_name(name, type.name, type.row);
}

// `detail` is static. The name is set by who has it.
media_type_name& add_evidence(content_type& found, content_source source, std::string_view detail,
                              bool contradicted = false) {
  content_evidence& one = found.evidence.of(source);
  one.contradicted = contradicted;
  one.detail = detail;
  return one.media_type;
}

content_confidence confidence_of(const text_form& form) noexcept {
  if (form.detail == "json" || form.detail == "ndjson") return content_confidence::high;
  if (form.is_guess || form.media_type == "text/plain") return content_confidence::low;
  return content_confidence::medium;
}

// Made where they are kept: to copy one costs more than to make it.
observation observe_file(const recognized_file& file, content_type& found) {
  const bool is_container = !file.container.empty();
  const observation seen{
      is_container ? content_source::container : content_source::magic, traits_of(file.media_type),
      file.is_short ? content_confidence::medium : content_confidence::high, false};
  if (!is_container || !file.outer.empty()) {
    media_type_name& name =
        add_evidence(found, content_source::magic, file.is_short ? "short" : "");
    if (file.outer.empty()) {
      set_name(name, seen.type);
    } else {
      name.assign(file.outer);
    }
  }
  if (is_container) {
    set_name(add_evidence(found, content_source::container, file.container), seen.type);
  }
  return seen;
}

observation observe_text(std::span<const std::byte> head, content_type& found) {
  const text_form form = recognize_text(head);
  if (form.media_type.empty()) return {};
  observation seen{content_source::text, traits_of(form.media_type), confidence_of(form),
                   form.is_guess};
  set_name(add_evidence(found, content_source::text, form.detail), seen.type);
  return seen;
}

observation observe(std::span<const std::byte> head, content_type& found) {
  if (head.empty()) return {};
  const recognized_file file = recognize_file(head);
  return file.media_type.empty() ? observe_text(head, found) : observe_file(file, found);
}

// Types whose files all begin in a way that is recognised.
bool has_known_beginning(const media_type_traits& type) noexcept {
  constexpr std::string_view names[] = {
      "image/png",           "image/apng",       "image/jpeg",
      "image/gif",           "image/webp",       "image/avif",
      "image/heic",          "application/pdf",  "application/zip",
      "application/gzip",    "font/woff",        "font/woff2",
      "application/wasm",    "video/webm",       "video/matroska",
      "audio/flac",          "audio/wav",        "audio/ogg",
      "video/ogg",           "video/x-msvideo",  "application/vnd.sqlite3",
      "application/x-xz",    "application/zstd", "application/x-7z-compressed",
      "application/vnd.rar", "model/gltf-binary"};
  return (type.forms & media_form::zip) != 0 ||
         std::find(std::begin(names), std::end(names), type.name) != std::end(names);
}

// Whether the bytes show that it is not what the claim says.
bool contradicts(const observation& seen, const claim& made, std::span<const std::byte> head) {
  if (head.empty()) return false;
  if (seen.source == content_source::text) {
    // What is text, but no JSON, is not what is called JSON; the same with XML.
    const unsigned missing = made.type.forms & ~seen.type.forms;
    if ((missing & media_form::json) != 0) return !may_be_json(head);
    if ((missing & media_form::xml) != 0) return !may_be_xml(head);
  }
  if (seen.says()) {
    if (are_compatible(seen.type, made.type)) return false;
    // One kind of text may look like another: JSON is YAML, and a script.
    const bool both_text = (seen.type.forms & made.type.forms & media_form::text) != 0;
    const bool may_be_json =
        made.type.name == "text/javascript" || made.type.name == "application/yaml";
    const bool is_json = (seen.type.forms & media_form::json) != 0;
    return !both_text || !(seen.is_guess || (is_json && may_be_json));
  }
  if (head.size() >= 32 && has_known_beginning(made.type)) return true;
  // No text, and of no format that is known.
  return made.type.category == content_category::text &&
         (made.type.forms & media_form::text) != 0 && has_binary_byte(head);
}

// Whether the claim says more of the same than the bytes do.
bool refines(const claim& made, const observation& seen) noexcept {
  if (made.contradicted || made.type.name == seen.type.name) return false;
  if (is_kind_of(made.type, seen.type)) return true;
  return seen.is_guess && made.type.name != "text/plain" &&
         (made.type.forms & media_form::text) != 0;
}

void decide(content_type& found, content_source source, const media_type_traits& type,
            content_confidence confidence) {
  set_name(found.media_type, type);
  found.extension = type.extension;
  found.category = type.category;
  found.source = source;
  found.confidence = confidence;
}

content_confidence confidence_of(const claim& made, const observation& seen,
                                 const claim_list& claims) noexcept {
  if (made.contradicted) return content_confidence::low;
  content_confidence confidence =
      made.source == content_source::header ? content_confidence::medium : content_confidence::low;
  if (seen.says()) confidence = raised(confidence);
  const bool agreed = std::any_of(claims.begin(), claims.end(), [&](const claim& other) {
    return other.source != made.source && !other.contradicted && other.type.name == made.type.name;
  });
  return agreed ? raised(confidence) : confidence;
}

void decide_by_evidence(content_type& found, const observation& seen, const claim_list& claims,
                        bool nosniff) {
  if (const claim* const header = claims.header(); nosniff && header != nullptr) {
    decide(found, header->source, header->type, confidence_of(*header, seen, claims));
    return;
  }
  if (!seen.says()) {
    for (const bool contradicted : {false, true}) {
      for (const claim& made : claims) {
        if (made.contradicted != contradicted) continue;
        decide(found, made.source, made.type, confidence_of(made, seen, claims));
        return;
      }
    }
    return;
  }
  for (const claim& made : claims) {
    if (!refines(made, seen)) continue;
    decide(found, made.source, made.type, confidence_of(made, seen, claims));
    return;
  }
  const bool agreed = std::any_of(claims.begin(), claims.end(), [&](const claim& made) {
    return !made.contradicted && are_compatible(made.type, seen.type);
  });
  decide(found, seen.source, seen.type, agreed ? raised(seen.confidence) : seen.confidence);
}

void decide_by_standard(content_type& found, std::span<const std::byte> head,
                        const content_type_options& options, const parsed_media_type& header,
                        const observation& seen, const claim_list& claims) {
  const whatwg_answer answer =
      sniff_whatwg(head, header.view(), last_line(options.header), options.nosniff);
  if (answer.source == content_source::none) return;
  const media_type_row* const row = find_media_type(answer.media_type);
  content_confidence confidence = content_confidence::high;
  if (answer.source != content_source::header) {
    if (answer.source == content_source::text) confidence = content_confidence::low;
    add_evidence(found, answer.source, "whatwg").assign(answer.media_type);
  } else if (const claim* const supplied = claims.header(); supplied != nullptr) {
    confidence = confidence_of(*supplied, seen, claims);
  } else {
    // Here even "application/octet-stream" says something.
    confidence = content_confidence::medium;
    set_name(add_evidence(found, answer.source, "whatwg"), answer.media_type, row);
  }
  // Under the name of the standard, which may be another than that of IANA.
  media_type_traits type = traits_of(answer.media_type);
  type.name = answer.media_type;
  type.row = row;
  decide(found, answer.source, type, confidence);
}

// Where there is nothing but a URL, without what only several claims need: half of the time.
void decide_by_url(content_type& found, std::string_view url) {
  const extension_meaning meaning = read_url(url);
  if (meaning.type == nullptr) return;
  const media_type_traits type = canonical_traits(*meaning.type);
  set_name(add_evidence(found, content_source::url, meaning.extension), type);
  decide(found, content_source::url, type, content_confidence::low);
}

void append_text(std::string& json, std::string_view name, std::string_view text) {
  json.append(1, '"').append(name).append("\":");
  if (text.empty()) {
    json += "null";
  } else {
    // Names of types and words have nothing that JSON escapes.
    json.append(1, '"').append(text).append(1, '"');
  }
  json += ',';
}

void append_flag(std::string& json, std::string_view name, bool flag) {
  json.append(1, '"').append(name).append("\":").append(flag ? "true" : "false");
}

}  // namespace

inline namespace v1 {

std::string_view to_string(content_category category) noexcept {
  return category_words[static_cast<std::size_t>(category)];
}

std::string_view to_string(content_source source) noexcept {
  return source_words[static_cast<std::size_t>(source)];
}

std::string_view to_string(content_confidence confidence) noexcept {
  return confidence_words[static_cast<std::size_t>(confidence)];
}

content_type detect_content_type(std::span<const std::byte> head,
                                 const content_type_options& options) {
  head = head.first(std::min(head.size(), content_head_bytes));
  content_type found;
  if (head.empty() && options.header.empty() && options.configured.empty() && !options.whatwg) {
    decide_by_url(found, options.url);
    return found;
  }
  const parsed_media_type header(options.header);
  const parsed_media_type configured(options.configured);
  claim_list claims;
  claims.add(content_source::header, header);
  if (const extension_meaning url = read_url(options.url); url.type != nullptr) {
    claims.add({content_source::url, false, canonical_traits(*url.type), url.type->name, url.type,
                url.extension});
  }
  claims.add(content_source::configured, configured);

  const observation seen = observe(head, found);
  for (claim& made : claims) {
    made.contradicted = contradicts(seen, made, head);
    if (made.source != content_source::configured) found.mismatch |= made.contradicted;
    set_name(add_evidence(found, made.source, made.detail, made.contradicted), made.given,
             made.given_row);
  }
  if (seen.says()) found.polyglot = is_polyglot(head, seen.type);
  if (options.whatwg) {
    decide_by_standard(found, head, options, header, seen, claims);
  } else {
    decide_by_evidence(found, seen, claims, options.nosniff);
  }
  return found;
}

std::string to_json(const content_type& found) {
  std::string json = "{";
  append_text(json, "media_type", found.media_type.view());
  append_text(json, "extension", found.extension);
  append_text(json, "category", to_string(found.category));
  append_text(json, "source", to_string(found.source));
  append_text(json, "confidence", to_string(found.confidence));
  json += "\"evidence\":[";
  bool first = true;
  for (const content_evidence& one : found.evidence) {
    json += first ? "{" : ",{";
    first = false;
    append_text(json, "source", to_string(one.source));
    append_text(json, "media_type", one.media_type.view());
    append_text(json, "detail", one.detail);
    append_flag(json, "contradicted", one.contradicted);
    json += '}';
  }
  json += "],";
  append_flag(json, "mismatch", found.mismatch);
  json += ',';
  append_flag(json, "polyglot", found.polyglot);
  json += '}';
  return json;
}

}  // namespace v1
}  // namespace jobqueue
