#include "core/truncate_write.hpp"

#include <optional>
#include <string_view>
#include <utility>

#include "core/json_text.hpp"
#include "core/json_tracker.hpp"
#include "core/truncate_text.hpp"

namespace jobqueue::detail {
namespace {

using kind = truncate_node::kind;

// The name that is written as `key`, with its quotes, in a document of `level`.
std::string name_of(std::string_view key, unsigned level) {
  std::string name(key);
  for (; level != 0; --level) unescape_json(std::exchange(name, {}), name);
  return name.substr(1, name.size() - 2);
}

class writer {
 public:
  writer(const truncate_tree& tree, const truncate_plan& plan, std::string& out,
         std::vector<truncate_cut>* cuts)
      : tree_(tree), plan_(plan), out_(out), cuts_(cuts) {}

  void write() {
    note(truncate_reason::white_space, tree_.documents[0].white_space, 0);
    write_value(0, 0);
    while (!open_.empty()) step();
  }

 private:
  // A container that is being written, or a string with JSON in it.
  struct open_value {
    std::size_t document;
    std::size_t node;
    std::size_t child;  // the next one
    std::optional<kept_children> kept;
    std::size_t next = 0;          // behind the last child that was written, or stands in a marker
    std::size_t written = 0;       // children
    std::size_t parts = 0;         // children and markers
    std::size_t bytes_kept = 0;    // of these children, as they were
    std::size_t bytes_marked = 0;  // of the markers
    std::size_t pointer_size = 0;  // of the pointer to it
    std::size_t key_bytes = 0;     // of the names in that
  };

  [[nodiscard]] const truncate_node& node_of(const open_value& of) const {
    return tree_.documents[of.document].nodes[of.node];
  }
  [[nodiscard]] std::string_view raw(const truncate_node& node) const {
    return tree_.text.substr(node.begin, node.end - node.begin);
  }

  void write_value(std::size_t document, std::size_t node);
  void write_leaf(const truncate_document& in, const truncate_node& node, std::size_t size);
  void step();
  void write_child(open_value& in, std::size_t child);
  void write_items_marker(open_value& in, std::size_t up_to);
  void close(open_value& in);
  void enter(std::size_t document, std::size_t node);
  void note(truncate_reason reason, std::size_t before, std::size_t after);

  const truncate_tree& tree_;
  const truncate_plan& plan_;
  std::string& out_;
  std::vector<truncate_cut>* cuts_;
  std::vector<open_value> open_;
  std::string pointer_;        // to the value that is being written
  std::size_t key_bytes_ = 0;  // of the names in it
};

void writer::note(truncate_reason reason, std::size_t before, std::size_t after) {
  if (cuts_ == nullptr || before == after) return;
  truncate_cut& cut = cuts_->emplace_back();
  cut.reason = reason;
  cut.has_pointer = open_.size() <= json_tracker::max_pointer_depth &&
                    key_bytes_ <= json_tracker::max_pointer_key_bytes;
  if (cut.has_pointer) cut.pointer = pointer_;
  cut.bytes_before = before;
  cut.bytes_after = after;
}

void writer::write_value(std::size_t document, std::size_t node) {
  const truncate_document& in = tree_.documents[document];
  const truncate_node& value = in.nodes[node];
  const std::size_t size = plan_.size_of(document, node);
  if (value.pinned || (size == value.whole && size == value.end - value.begin)) {
    out_ += raw(value);
  } else if (value.is_container() || value.nested != 0) {
    enter(document, node);
  } else {
    write_leaf(in, value, size);
  }
}

void writer::write_leaf(const truncate_document& in, const truncate_node& node, std::size_t size) {
  const std::size_t begin = out_.size();
  append_quote(out_, in.level);
  if (node.of == kind::number) {
    plan_.marker().append_bytes(out_, node.whole);
  } else {
    const std::string_view content = node.content(tree_.text);
    const std::size_t marks = 2 * quote_size(in.level) + plan_.marker().bytes_size(node.whole);
    const kept_ends kept = cut_string(content, in.level, size > marks ? size - marks : 0);
    out_ += content.substr(0, kept.head);
    plan_.marker().append_bytes(out_, content.size() - kept.head - kept.tail);
    out_ += content.substr(content.size() - kept.tail);
  }
  append_quote(out_, in.level);
  note(truncate_reason::value, node.whole, out_.size() - begin);
}

void writer::enter(std::size_t document, std::size_t node) {
  const truncate_node& value = tree_.documents[document].nodes[node];
  open_value& in = open_.emplace_back();
  in.document = document;
  in.node = node;
  in.child = node + 1;
  in.kept = plan_.shortened(document, node);
  in.pointer_size = pointer_.size();
  in.key_bytes = key_bytes_;
  if (value.is_container()) {
    out_ += value.of == kind::object ? '{' : '[';
    return;
  }
  out_ += tree_.text.substr(value.begin, value.open_quote);
  in.next = 0;
}

// Writes the next child of what is open, or the end of it.
void writer::step() {
  open_value& in = open_.back();
  const truncate_document& document = tree_.documents[in.document];
  const truncate_node& value = document.nodes[in.node];
  pointer_.resize(in.pointer_size);
  key_bytes_ = in.key_bytes;
  if (value.nested != 0 && in.written == 0) {
    ++in.written;
    if (cuts_ != nullptr) pointer_.append("/").append(nested_token);
    write_value(value.nested, 0);
    return;
  }
  while (value.is_container() && in.child < in.node + value.span) {
    const std::size_t child = in.child;
    const truncate_node& one = document.nodes[child];
    in.child += one.span;
    if (in.kept && !in.kept->has(one.ordinal) && !one.kept) continue;
    write_child(in, child);
    return;
  }
  close(in);
  open_.pop_back();
}

void writer::write_child(open_value& in, std::size_t child) {
  const truncate_document& document = tree_.documents[in.document];
  const truncate_node& one = document.nodes[child];
  const bool in_object = document.nodes[in.node].of == kind::object;
  if (!in_object) write_items_marker(in, one.ordinal);
  in.next = one.ordinal + 1;
  ++in.written;
  in.bytes_kept += one.lead() + one.whole;
  if (in.parts++ != 0) out_ += ',';
  const std::string_view key = tree_.text.substr(one.key_begin, one.key_size);
  if (in_object) out_.append(key).append(":");
  if (cuts_ != nullptr) {
    if (in_object) {
      key_bytes_ += key.size();
      pointer_ += '/';
      append_pointer_token(pointer_, name_of(key, document.level), 0);
    } else {
      pointer_.append("/").append(std::to_string(one.ordinal));
    }
  }
  write_value(in.document, child);
}

// For the items that are missing before the one at `up_to`.
void writer::write_items_marker(open_value& in, std::size_t up_to) {
  if (in.next == up_to) return;
  if (in.parts++ != 0) out_ += ',';
  const std::size_t begin = out_.size();
  plan_.marker().append_items(out_, up_to - in.next, tree_.documents[in.document].level);
  in.bytes_marked += out_.size() - begin;
}

void writer::close(open_value& in) {
  const truncate_node& value = node_of(in);
  if (!value.is_container()) {
    out_ += tree_.text.substr(value.end - value.close_quote, value.close_quote);
    return;
  }
  if (in.kept && value.of == kind::array) {
    write_items_marker(in, value.count);
  } else if (in.kept) {
    if (in.parts++ != 0) out_ += ',';
    const std::size_t begin = out_.size();
    plan_.marker().append_members(out_, value.count - in.written,
                                  tree_.documents[in.document].level);
    in.bytes_marked += out_.size() - begin;
  }
  out_ += value.of == kind::object ? '}' : ']';
  if (!in.kept) return;
  const auto commas = [](std::size_t of) { return of == 0 ? 0 : of - 1; };
  note(value.of == kind::object ? truncate_reason::members : truncate_reason::items,
       value.whole - 2 - in.bytes_kept - commas(in.written),
       in.bytes_marked + commas(in.parts) - commas(in.written));
}

}  // namespace

void write_truncated(const truncate_tree& tree, const truncate_plan& plan, std::string& out,
                     std::vector<truncate_cut>* cuts) {
  out.reserve(out.size() + plan.size());
  writer(tree, plan, out, cuts).write();
}

}  // namespace jobqueue::detail
