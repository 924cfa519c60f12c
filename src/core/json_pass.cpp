#include "core/json_pass.hpp"

#include <bit>

#include "core/json_text.hpp"

// As in json_index.cpp. There are no vectors here, but instructions that count and find bits, which
// come with them.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_AVX3_DL)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/json_pass.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace jobqueue::detail::HWY_NAMESPACE {

HWY_INLINE constexpr std::uint64_t lowest(std::uint64_t bits) { return bits & (~bits + 1); }
// All bits from that one on, all behind it, all up to it; none from none.
HWY_INLINE constexpr std::uint64_t from_bit(std::uint64_t bit) { return ~bit + 1; }
HWY_INLINE constexpr std::uint64_t behind_bit(std::uint64_t bit) { return from_bit(bit << 1U); }
HWY_INLINE constexpr std::uint64_t to_bit(std::uint64_t bit) { return (bit << 1U) - 1; }
HWY_INLINE constexpr std::uint64_t all_if(bool is) { return is ? ~std::uint64_t{0} : 0; }
HWY_INLINE std::size_t place(std::uint64_t bit) {
  return static_cast<std::size_t>(std::countr_zero(bit));
}
HWY_INLINE std::size_t count(std::uint64_t bits) {
  return static_cast<std::size_t>(std::popcount(bits));
}

HWY_INLINE bool next_block(json_walk& walk) {
  if (!walk.find_next()) return false;
#if HWY_TARGET == HWY_EMU128 || HWY_TARGET == HWY_SCALAR
  return walk.mark(odd_before(walk.quotes()));
#else
  // The same as a product without carries, by as many ones as there are bits.
  namespace hn = hwy::HWY_NAMESPACE;
  const hn::Full128<std::uint64_t> d;
  const auto ones = hn::Set(d, ~std::uint64_t{0});
  return walk.mark(hn::GetLane(hn::CLMulLower(hn::Set(d, walk.quotes()), ones)));
#endif
}

// The tokens right behind those of `marks`. `carried` is the first byte of the block, if it may be
// part of what is behind a token of the block before.
HWY_INLINE std::uint64_t behind(std::uint64_t marks, std::uint64_t carried, std::uint64_t tokens) {
  const std::uint64_t next = marks << 1U | carried;
  // The carry of an addition runs through what is no token.
  const std::uint64_t sum = ~tokens + (next & ~tokens);
  return (sum | next) & tokens;
}

// The innermost of the containers that were opened and not closed.
struct nesting {
  bool in_object = false;
  std::size_t depth = 0;     // how many there are
  std::uint64_t around = 0;  // up to 64 around the innermost one: 1 for an object
};

// Of the bytes of a block.
struct brackets_of {
  std::uint64_t opens = 0;
  std::uint64_t closes = 0;
  std::uint64_t in_object = 0;  // what is in an object, and in nothing in that
  std::uint64_t top = 0;        // what is in the container itself
  std::uint64_t end = 0;        // its closing bracket
};

// Opens and closes the containers of a block. False: one is closed by the bracket of another kind.
HWY_INLINE bool follow(std::string_view text, std::size_t begin, std::uint64_t left, nesting& in,
                       std::vector<std::uint64_t>& outer, brackets_of& out) {
  out.in_object = all_if(in.in_object);
  out.top = all_if(in.depth == 0);
  for (; left != 0; left &= left - 1) {
    const std::uint64_t bit = lowest(left);
    const char c = text[begin + place(bit)];
    const bool before = in.in_object;
    if (c == '{' || c == '[') {
      out.opens |= bit;
      if (in.depth % 64 == 0 && in.depth != 0) outer.push_back(in.around);
      in.around = in.around << 1U | static_cast<std::uint64_t>(before);
      in.in_object = c == '{';
      ++in.depth;
      out.top &= to_bit(bit);
    } else {
      out.closes |= bit;
      if ((c == '}') != before) return false;
      if (in.depth == 0) {
        out.end = bit;
        return true;
      }
      in.in_object = (in.around & 1U) != 0;
      in.around >>= 1U;
      --in.depth;
      if (in.depth % 64 == 0 && in.depth != 0) {
        in.around = outer.back();
        outer.pop_back();
      }
      out.top |= in.depth == 0 ? behind_bit(bit) : 0;
    }
    out.in_object ^= in.in_object != before ? behind_bit(bit) : 0;
  }
  return true;
}

// A number or word that has been checked, or of which there is nothing to check.
constexpr std::size_t no_run = ~std::size_t{0};

// Whether the numbers and words of a block are some. Most are integers, for which the classes of
// their bytes are enough. `run` is where one begins that goes on in this block, and had nothing to
// check so far, and becomes the same of the next block.
HWY_INLINE bool check_plain(std::string_view text, std::size_t begin, const json_marks& marks,
                            std::uint64_t live, std::size_t& run) {
  const std::uint64_t starts = marks.starts & live;
  const std::uint64_t here = from_bit(lowest(starts));
  std::uint64_t doubtful = marks.doubtful & live;
  if ((doubtful & ~here) != 0 && run != no_run) {
    if (json_plain_end(text, run) == run) return false;
    run = no_run;
  }
  const std::uint64_t last = std::bit_floor(starts);
  run = starts != 0 ? begin + place(last) : run;
  for (doubtful &= here; doubtful != 0;) {
    const std::uint64_t start = std::bit_floor(starts & to_bit(lowest(doubtful)));
    const std::size_t at = begin + place(start);
    if (json_plain_end(text, at) == at) return false;
    run = start == last ? no_run : run;
    doubtful &= marks.plain + start;  // without its own bytes
  }
  run = marks.plain >> 63U != 0 ? run : no_run;
  return true;
}

// What the last token before a block is, if something must follow it: all ones or none.
struct last_token {
  std::uint64_t open = 0;
  std::uint64_t comma = 0;
  std::uint64_t colon = 0;
  std::uint64_t name = 0;
};

std::optional<passed_container> pass_container(json_index& index, std::string_view text,
                                               bool object, bool opened, item_notes* notes) {
  passed_container out;
  nesting in;
  in.in_object = object;
  std::vector<std::uint64_t> outer;  // what `in.around` has no place for
  last_token last;
  last.open = all_if(opened);
  std::size_t run = no_run;
  json_walk walk(index);
  std::uint64_t live = walk.ahead();
  for (;; live = ~std::uint64_t{0}) {
    const json_marks& marks = walk.marks();
    std::uint64_t tokens = marks.tokens & live & ~marks.closings;
    if ((tokens | (marks.plain & live)) == 0) {
      out.white_space += count(marks.spaces & live);
      if (!next_block(walk)) return std::nullopt;
      continue;
    }
    const std::uint64_t first = lowest(live);
    brackets_of brackets;
    if (!follow(text, walk.begin(), marks.brackets & live, in, outer, brackets)) {
      return std::nullopt;
    }
    if (brackets.end != 0) live &= to_bit(brackets.end);
    if (!check_plain(text, walk.begin(), marks, live, run)) return std::nullopt;

    const std::uint64_t commas = marks.commas & live;
    const std::uint64_t colons = marks.colons & live;
    const std::uint64_t strings = marks.openings & live;
    const std::uint64_t values = strings | brackets.opens | (marks.starts & live);
    tokens &= live;
    // Where a child begins, or an empty container ends.
    const std::uint64_t children =
        behind(brackets.opens | commas, first & (last.open | last.comma), tokens);
    const std::uint64_t wanted = children | behind(colons, first & last.colon, tokens);
    const std::uint64_t names = children & brackets.in_object & ~brackets.closes;
    const std::uint64_t named = behind(names, first & last.name, tokens);
    // A value where one must be and nowhere else, a string if it is a name, and colons behind names
    // and nowhere else.
    if (((wanted & ~(values | brackets.closes)) | (values & ~wanted) | (names & ~strings) |
         (colons ^ named)) != 0) {
      return std::nullopt;
    }
    bool empty = false;
    if ((brackets.closes & wanted) != 0) {
      const std::uint64_t opened_here = behind(brackets.opens, first & last.open, tokens);
      if ((brackets.closes & wanted & ~opened_here) != 0) return std::nullopt;
      empty = (brackets.end & opened_here) != 0;
    }

    const std::uint64_t separators = commas & brackets.top;
    out.count += count(separators);
    if (notes != nullptr && separators != 0) {
      notes->add(walk.begin(), separators, marks.spaces & live, out.white_space);
    }
    out.white_space += count(marks.spaces & live);
    if (brackets.end != 0) {
      out.end = walk.begin() + place(brackets.end);
      if (opened && !empty) ++out.count;
      walk.stop(behind_bit(brackets.end));
      return out;
    }
    const std::uint64_t end = std::bit_floor(tokens);
    last.open = all_if((brackets.opens & end) != 0);
    last.comma = all_if((commas & end) != 0);
    last.colon = all_if((colons & end) != 0);
    last.name = all_if((names & end) != 0);
    if (!next_block(walk)) return std::nullopt;
  }
}

}  // namespace jobqueue::detail::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

#include "core/simd_choice.hpp"

namespace jobqueue::detail {

void item_notes::add(std::size_t at, std::uint64_t commas, std::uint64_t spaces,
                     std::size_t white_space) {
  const block noted{at, commas, spaces, white_space_ + white_space};
  if (blocks_.size() < most_) {
    blocks_.push_back(noted);
  } else {
    blocks_[added_ % most_] = noted;
  }
  ++added_;
  ordinal_ += static_cast<std::size_t>(std::popcount(commas));
}

std::optional<item_notes::item> item_notes::find(std::size_t least, std::size_t at) const {
  std::optional<item> found;
  std::size_t taken = 0;
  for (std::size_t i = 0; i < blocks_.size(); ++i) {
    const block& in = blocks_[(added_ - 1 - i) % blocks_.size()];
    for (std::uint64_t commas = in.commas; commas != 0; ++taken) {
      const std::uint64_t bit = std::bit_floor(commas);
      commas ^= bit;
      const std::size_t begin = in.at + static_cast<std::size_t>(std::countr_zero(bit)) + 1;
      if (taken == most_ || (taken >= least && begin < at)) return found;
      const auto spaces = static_cast<std::size_t>(std::popcount(in.spaces & (bit - 1)));
      found = {begin, ordinal_ - taken - 1, in.white_space + spaces};
    }
  }
  return found;
}

std::size_t pass_value(json_index& index, std::string_view text, std::size_t at) {
  if (text[at] == '"') {
    const std::size_t quote = index.next();
    return quote == text.size() ? at : quote + 1;
  }
  if (text[at] != '{' && text[at] != '[') return json_plain_end(text, at);
  const auto passed = pass_container(index, text, text[at] == '{', true);
  return passed ? passed->end + 1 : at;
}

std::optional<passed_container> pass_container(json_index& index, std::string_view text,
                                               bool object, bool opened, item_notes* notes) {
  const auto pass = [&] {
    switch (index.target()) {
      JOBQUEUE_SIMD_CASES(pass_container)
      default: return &HWY_STATIC_DISPATCH(pass_container);
    }
  }();
  return pass(index, text, object, opened, notes);
}

}  // namespace jobqueue::detail

#endif  // HWY_ONCE
