// The equations of sanitize_base64_value, for a value with any neighbours; the C function gives the
// same answer; and so does sanitize_base64 for the object that the value is in.
//
// An input is four bytes of options (sanitize_rules.hpp), the number of neighbours, the name and
// the parent's name, for each neighbour its name, its value and a byte of flags (1: child, 2:
// after), and the value. Names are a size in one byte and the bytes.
#include <jobqueue/base64.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <jobqueue/jobqueue.h>
#include <nlohmann/json.hpp>

#include "core/json_check.hpp"
#include "fuzz/fuzz.hpp"
#include "fuzz/sanitize_rules.hpp"
#include "fuzz/snippets.hpp"

namespace jobqueue::fuzz {
namespace {

constexpr std::size_t max_neighbours = 80;  // more than are looked at

struct neighbour {
  std::string name;
  std::string value;
  bool child = false;
  bool after = false;
};

struct value_in_hand {
  std::string name;
  std::string parent;
  std::vector<neighbour> neighbours;
  std::string text;
};

std::string short_text(choices& in) { return expanded(in.text(in.byte())); }

value_in_hand read_value(choices& in) {
  value_in_hand value;
  const std::size_t count = in.byte() % max_neighbours;
  value.name = short_text(in);
  value.parent = short_text(in);
  for (std::size_t i = 0; i < count && !in.done(); ++i) {
    neighbour read{short_text(in), short_text(in)};
    // What a walker must not tell.
    if (read.value.size() > 256) read.value.clear();
    const unsigned flags = in.nibble();
    read.child = (flags & 1U) != 0;
    read.after = (flags & 2U) != 0;
    value.neighbours.push_back(std::move(read));
  }
  value.text = expanded(in.rest());
  return value;
}

jobqueue_string borrow(std::string_view text) { return {text.data(), text.size()}; }

std::vector<jobqueue_string> borrow_all(std::span<const std::string> texts) {
  std::vector<jobqueue_string> borrowed;
  for (const std::string& text : texts) borrowed.push_back(borrow(text));
  return borrowed;
}

void check_c(const value_in_hand& value, std::string_view text, const sanitize_options& options,
             const sanitized& expected) {
  std::vector<jobqueue_neighbour> neighbours;
  for (const neighbour& given : value.neighbours) {
    neighbours.push_back(
        {borrow(given.name), borrow(given.value), given.child ? 1U : 0U, given.after ? 1U : 0U});
  }
  jobqueue_value_context context = JOBQUEUE_VALUE_CONTEXT_INIT;
  context.name = borrow(value.name);
  context.parent_name = borrow(value.parent);
  context.neighbours = neighbours.data();
  context.neighbour_count = neighbours.size();
  const auto cut_fields = borrow_all(options.cut_fields);
  const auto protect_fields = borrow_all(options.protect_fields);
  jobqueue_sanitize_options chosen = JOBQUEUE_SANITIZE_OPTIONS_INIT;
  chosen.flags = (options.mode == detection::naive ? JOBQUEUE_SANITIZE_NAIVE : 0U) |
                 (options.cut_protected ? JOBQUEUE_SANITIZE_CUT_PROTECTED : 0U);
  chosen.format = static_cast<std::uint32_t>(options.format);
  chosen.max_depth = options.max_depth;
  chosen.min_run_chars = options.min_run_chars;
  chosen.min_unknown_chars = options.min_unknown_chars;
  chosen.cut_fields = cut_fields.data();
  chosen.cut_field_count = cut_fields.size();
  chosen.protect_fields = protect_fields.data();
  chosen.protect_field_count = protect_fields.size();
  jobqueue_buffer out = JOBQUEUE_BUFFER_INIT;
  std::int32_t changed = -1;
  require(jobqueue_sanitize_base64_value(&out, &changed, text.data(), text.size(), &context,
                                         &chosen, nullptr) == JOBQUEUE_OK,
          "C does what C++ does");
  const std::string_view given =
      out.data != nullptr ? std::string_view(out.data, out.size) : std::string_view{};
  require((changed == 1) == expected.changed && given == expected.text, "C says what C++ says");
  jobqueue_buffer_dispose(&out);
}

// Whether a JSON writer writes it without escapes, which count when names are compared.
bool is_plain(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\' || c == '\x7F';
  });
}

using json = nlohmann::ordered_json;

// The object that the value and its neighbours make, or null if they do not make one that is
// written as it is held. Neighbours that are children become one object before the value and one
// after it.
json object_of(const value_in_hand& value) {
  json object = json::object();
  const auto add_neighbours = [&](bool after) {
    json child = json::object();
    for (const neighbour& one : value.neighbours) {
      if (one.after == after) (one.child ? child : object)[one.name] = one.value;
    }
    if (!child.empty()) object[after ? "child_after" : "child_before"] = std::move(child);
  };
  add_neighbours(false);
  object[value.name] = value.text;
  add_neighbours(true);
  return object;
}

bool makes_an_object(const value_in_hand& value) {
  std::vector<std::string_view> names{value.name, "child_after", "child_before"};
  for (const neighbour& one : value.neighbours) {
    if (!is_plain(one.name) || !is_plain(one.value)) return false;
    names.push_back(one.name);
  }
  std::sort(names.begin(), names.end());
  return is_plain(value.name) && value.parent.empty() && !value.name.empty() &&
         value.neighbours.size() < sanitize_limits::max_neighbours / 2 &&
         std::adjacent_find(names.begin(), names.end()) == names.end();
}

// parse(sanitize_base64(dump(x))) has the value that sanitize_base64_value gives.
void check_object(const value_in_hand& value, sanitize_options options) {
  if (!makes_an_object(value)) return;
  const json object = object_of(value);
  std::string dumped;
  try {
    dumped = object.dump();
  } catch (const json::type_error&) {
    return;  // no UTF-8
  }
  if (dumped.size() > sanitize_limits::neighbour_window) return;
  std::vector<value_neighbour> around;
  bool after = false;
  for (const auto& [name, held] : object.items()) {
    if (name == value.name) {
      after = true;
    } else if (held.is_object()) {
      around.push_back({name, {}, false, after});
      for (const auto& [child_name, child] : held.items()) {
        around.push_back({child_name, child.get_ref<const std::string&>(), true, after});
      }
    } else {
      around.push_back({name, held.get_ref<const std::string&>(), false, after});
    }
  }
  const auto in_hand = sanitize_base64_value(value.text, {value.name, {}, around}, options);
  options.format = document_format::json;
  const auto in_text = sanitize_base64(dumped, options);
  require(in_hand && in_text, "both judges answer");
  const json parsed = json::parse(in_text->view(dumped));
  require(parsed.at(value.name) == json(std::string(in_hand->view(value.text))),
          "a value gets the same answer in hand and in a document");
}

void run(choices& in) {
  const sanitize_options options = choose_options(in);
  const value_in_hand value = read_value(in);
  std::vector<value_neighbour> neighbours;
  for (const neighbour& one : value.neighbours) {
    neighbours.push_back({one.name, one.value, one.child, one.after});
  }
  const exact_text exact(value.text);
  const value_context context{value.name, value.parent, neighbours};
  const sanitized answer = check_sanitize(
      exact.view(), options, [&](std::string_view text, const sanitize_options& chosen) {
        return sanitize_base64_value(text, context, chosen);
      });
  if (answer.changed && detail::check_json(exact.view())) {
    require(detail::check_json(answer.text).has_value(), "JSON in a value stays valid");
  }
  check_c(value, exact.view(), options, answer);
  check_object(value, options);
}

}  // namespace
}  // namespace jobqueue::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  jobqueue::fuzz::choices in(data, size);
  jobqueue::fuzz::run(in);
  return 0;
}
