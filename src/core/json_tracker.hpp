// Where in a JSON document a byte is: followed from left to right, only as far as asked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace jobqueue::detail {

// Follows the structure of a JSON document, of several (NDJSON, concatenated), of logs with JSON
// lines among others, or of any bytes at all. What is not JSON is no error but a place that is not
// known: until the next LF, behind which a new document may begin. A raw LF inside a string is such
// a break, too; so is a '{' or '[' at the beginning of a line where none can be, as behind a line
// that was cut short. A leading byte order mark is skipped.
//
// Strings that hold JSON are followed: level 0 is the text itself, level 1 the content of one of
// its string values that begins, after white space, with '{' or '[', level 2 the content of such a
// value of level 1, and so on. They are followed as they stand, escaped: a quote of level e has
// 2^e - 1 backslashes before it, or is "\u0022" with its own, as some serializers write it. A
// string that turns out not to hold JSON is from there on an ordinary one.
//
// Braces, brackets, colons, commas and literals are checked; escapes and UTF-8 are not.
//
//   json_tracker tracker(text, 8, true);
//   const auto where = tracker.at(found);              // in_string, in_key, string_begin
//   if (where.has_pointer) report(tracker.pointer());  // "/payload/~s/images/0"
//
// All calls together take time linear in the size of the text, except for `pointer`. Memory: one
// bit for each open container, and a constant. The text need not be there as a whole: what has been
// read may be dropped, and more may come (`drop`, `see`).
class json_tracker {
 public:
  // There is no pointer to a value inside more containers than this.
  static constexpr std::size_t max_pointer_depth = 1024;
  // Nor to one whose enclosing keys are, as they stand in the text, more bytes than this together:
  // a report with one pointer for each finding would be the product of both sizes.
  static constexpr std::size_t max_pointer_key_bytes = 4096;
  // A number or a row of backslashes that is longer, or more open containers, is not followed: the
  // place is not known, and `unsure`, until the next LF.
  static constexpr std::size_t max_token = 65536;
  static constexpr std::size_t max_containers = std::size_t{1} << 24;

  // `text` must outlive the tracker, up to the next `move`. `max_depth`: the deepest level that is
  // followed; 0: none but the text itself.
  json_tracker(std::string_view text, unsigned max_depth, bool with_pointers);

  // From how far back on the tracker still reads the text.
  [[nodiscard]] std::size_t needed() const noexcept;
  // The first `dropped` bytes of the text, which are before `needed`, go away: offsets are so much
  // less from now on. To be called while the text is still there; then `see` says where it is.
  void drop(std::size_t dropped);
  // The text is here now, with more at its end perhaps. The last answer needs `max_token` bytes
  // behind its place.
  void see(std::string_view text) noexcept { text_ = text; }

  struct place {
    bool known = false;            // False: not JSON here, and the rest is unset.
    bool unsure = false;           // Not known, but what is here may be JSON all the same.
    bool in_string = false;        // In the content of a string, up to and with its closing quote.
    bool in_key = false;           // That string is an object's key, at whatever level.
    bool has_pointer = false;      // `pointer` has an answer.
    std::size_t string_begin = 0;  // Offset of the content of the innermost string around it.
  };

  // Where the byte at `offset` is, or the end of the text if there is none. `offset` is not less
  // than in the calls before.
  [[nodiscard]] place at(std::size_t offset);

  // The caller knows that [from, to) holds no quote, backslash, line break or structural character.
  // Like `at(to)`, but does not read them inside a string. `from` is not less than the last offset.
  void skip(std::size_t from, std::size_t to);

  // RFC 6901 pointer to the innermost value that the place of the last call is in; in a key or
  // between two members that is the object. A hop into a string that holds JSON is the token `~s`.
  // Half a surrogate pair in a key becomes U+FFFD; raw bytes of a key stay as they are, be they
  // UTF-8 or not. Only if the place `has_pointer`, else empty.
  [[nodiscard]] std::string pointer() const;

  // 1-based line on which the document of the last place began (the same as its own line in
  // NDJSON), or its own line outside of documents.
  [[nodiscard]] std::uint64_t line() const noexcept { return document_line_; }

 private:
  static constexpr std::size_t none = std::numeric_limits<std::size_t>::max();

  // What a level expects next.
  enum class state : std::uint8_t {
    value,
    first_element,  // Or ']'.
    first_key,      // Or '}'.
    key,
    colon,
    after_value,  // A comma or the end of the container; at the root of a level >= 1, nothing.
    string_head,  // In a string value, white space so far: it may hold JSON.
    string_rest,  // In a string, up to its closing quote.
  };
  struct level {
    std::size_t base = 0;          // How many containers were open when it began.
    std::size_t string_begin = 0;  // Of the string that it is or was last in.
    state now = state::value;
    bool in_key = false;  // That string is a key.
  };
  // An open container: how its current element is found.
  struct frame {
    std::size_t index = 0;
    std::size_t key_begin = 0;
    std::size_t key_size = 0;
    std::string key;  // The key, once its place in the text has gone.
  };
  // A quotation mark with the backslashes that belong to it.
  struct quote {
    std::size_t of_level = none;  // Of the string that it opens or closes; `none`: there is none.
    std::size_t begin = 0;
    std::size_t end = 0;
  };

  [[nodiscard]] std::size_t depth() const noexcept { return in_object_.size(); }
  [[nodiscard]] bool in_string() const noexcept { return levels_.back().now >= state::string_head; }
  [[nodiscard]] bool expects_value() const noexcept {
    return levels_.back().now == state::value || levels_.back().now == state::first_element;
  }
  [[nodiscard]] bool expects_key() const noexcept {
    return levels_.back().now == state::key || levels_.back().now == state::first_key;
  }
  [[nodiscard]] bool may_close(bool object) const noexcept;
  [[nodiscard]] bool has_pointer() const noexcept;
  [[nodiscard]] frame* current_frame() noexcept;

  // Moves on as far as `offset` allows. A token that ends behind it is left for the next call.
  void advance(std::size_t offset, std::size_t plain_from);
  // Each step takes in one token at `position_`, or changes the state and leaves the token to the
  // next step, and returns true; or it returns false, as the token ends behind `offset`.
  bool step_lost(std::size_t offset, std::size_t plain_from);
  bool step_string_head(std::size_t offset);
  bool step_string_rest(std::size_t offset, std::size_t plain_from);
  bool step_structure(std::size_t offset);
  bool step_quote(std::size_t offset);
  bool step_literal(std::size_t offset);
  bool step_space(std::size_t offset);
  bool stop_in_value() noexcept;
  bool refuse();
  bool give_up();

  void open_container(bool object);
  void close_container();
  void open_string(const quote& opening);
  void close_string(const quote& closing);
  void end_value();
  void restart_at_next_line();
  void start_over();
  void leave_containers(std::size_t remaining);
  void set_key(std::size_t begin, std::size_t size) noexcept;

  [[nodiscard]] quote quote_after(std::size_t run_begin, std::size_t run_end) const noexcept;
  [[nodiscard]] bool is_escaped_space(std::size_t run_begin, std::size_t run_end,
                                      std::size_t in_level) const noexcept;
  [[nodiscard]] std::size_t backslashes_end(std::size_t begin) noexcept;
  [[nodiscard]] std::size_t literal_end(std::size_t begin) noexcept;

  std::string_view text_;
  std::size_t max_depth_;
  bool with_pointers_;
  bool lost_ = false;
  bool unsure_ = false;    // Lost in what may be JSON.
  bool in_value_ = false;  // The last place is in a value of the innermost container, not beside.
  std::size_t position_ = 0;        // Everything before is accounted for in the state.
  std::size_t token_begin_ = none;  // The last token whose end was looked for, as it may lie far
  std::size_t token_end_ = none;    // behind the offset that was asked for.
  std::uint64_t line_ = 1;
  std::uint64_t document_line_ = 1;
  std::vector<level> levels_;
  std::vector<bool> in_object_;  // The open containers of all levels.
  std::vector<frame> frames_;    // The first of them, `max_pointer_depth` at most.
  std::size_t key_bytes_ = 0;    // Sum of their `key_size`.
};

}  // namespace jobqueue::detail
