// The small parts of truncating: markers, and where a string may be cut.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace jobqueue::detail {

// How many decimal digits a number has.
[[nodiscard]] std::size_t digits_of(std::size_t number) noexcept;

// The bytes of a quote that opens or closes a string of a document of a level: level 0 is the text
// itself, level 1 what one of its strings holds.
[[nodiscard]] constexpr std::size_t quote_size(unsigned level) noexcept {
  return std::size_t{1} << level;
}
void append_quote(std::string& out, unsigned level);

// What is written in the place of what was cut; of each the size, too.
class truncate_marker {
 public:
  explicit truncate_marker(std::string_view word) noexcept : word_(word) {}

  // [TRUNCATED 974 bytes]
  void append_bytes(std::string& out, std::size_t bytes) const { append(out, bytes, "byte"); }
  [[nodiscard]] std::size_t bytes_size(std::size_t bytes) const noexcept {
    return size_of(bytes, 4);
  }
  // "[TRUNCATED 996 items]", in the quotes of a level
  void append_items(std::string& out, std::size_t items, unsigned level) const;
  [[nodiscard]] std::size_t items_size(std::size_t items, unsigned level) const noexcept {
    return size_of(items, 4) + 2 * quote_size(level);
  }
  // "[TRUNCATED]":5
  void append_members(std::string& out, std::size_t members, unsigned level) const;
  [[nodiscard]] std::size_t members_size(std::size_t members, unsigned level) const noexcept {
    return word_.size() + 3 + 2 * quote_size(level) + digits_of(members);
  }

 private:
  void append(std::string& out, std::size_t count, std::string_view unit) const;
  [[nodiscard]] std::size_t size_of(std::size_t count, std::size_t unit_size) const noexcept {
    return word_.size() + 4 + digits_of(count) + unit_size + (count == 1 ? 0 : 1);
  }

  std::string_view word_;
};

// How much of a text stays: its first `head` and its last `tail` bytes.
struct kept_ends {
  std::size_t head = 0;
  std::size_t tail = 0;
};

// For the content of a string of a document of `level`, between its quotes, as it stands in the
// text: at most `room` bytes of it, cut between characters. A tail is left at level 0 only.
[[nodiscard]] kept_ends cut_string(std::string_view content, unsigned level, std::size_t room);

// The same for text that is no JSON; bytes that are no UTF-8 may be cut anywhere.
[[nodiscard]] kept_ends cut_text(std::string_view text, std::size_t room) noexcept;

// The content of a string that holds JSON, as the characters it stands for, and where each of them
// came from.
class nested_text {
 public:
  // `content` is what stands in the text between the quotes of a string of a document of `level`.
  nested_text(std::string_view content, unsigned level);

  [[nodiscard]] std::string_view text() const noexcept { return texts_.back(); }
  // The offset in `content` of what became the character at `offset` of `text`; not less than the
  // last one that was asked for.
  [[nodiscard]] std::size_t origin(std::size_t offset);

 private:
  // Goes over a text and what it was unescaped from together.
  struct cursor {
    std::string_view escaped;
    std::size_t from = 0;  // in it
    std::size_t to = 0;    // in what became of it

    std::size_t find(std::size_t offset);
  };

  std::vector<std::string> texts_;  // unescaped once, twice, ...
  std::vector<cursor> cursors_;     // of each of them
};

}  // namespace jobqueue::detail
