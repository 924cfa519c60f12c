#include "core/inflate_check.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/bit_reader.hpp"

namespace jobqueue::detail {
namespace {

constexpr std::size_t max_stream_bytes = 4096;
constexpr std::uint32_t max_symbols = 512;
constexpr unsigned max_blocks = 16;
constexpr unsigned max_code_bits = 15;
constexpr unsigned literal_codes = 288;  // 286 and 287 have a fixed code but stand for nothing.
constexpr unsigned valid_literal_codes = 286;
constexpr unsigned valid_distance_codes = 30;
constexpr unsigned distance_codes = 32;  // The same with 30 and 31.
constexpr unsigned end_of_block = 256;

// Code space is counted in units of the longest code: a code of n bits takes `code_space >> n`.
constexpr std::uint32_t code_space = 1U << max_code_bits;

constexpr std::array<std::uint8_t, 19> length_order = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                                       11, 4,  12, 3, 13, 2, 14, 1, 15};
constexpr std::array<std::uint16_t, 29> match_base = {3,  4,  5,  6,   7,   8,   9,   10,  11, 13,
                                                      15, 17, 19, 23,  27,  31,  35,  43,  51, 59,
                                                      67, 83, 99, 115, 131, 163, 195, 227, 258};
constexpr std::array<std::uint8_t, 29> match_extra_bits = {
    0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};
constexpr std::array<std::uint16_t, 30> distance_base = {
    1,   2,   3,   4,   5,   7,    9,    13,   17,   25,   33,   49,   65,    97,    129,
    193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577};

constexpr unsigned distance_extra_bits(unsigned code) { return code < 4 ? 0 : code / 2 - 1; }

// The chance that `count` random 3-bit lengths are a complete code, by `count`.
constexpr std::array<double, 20> complete_length_code_chance() {
  std::array<double, 129> free{};  // Chance that so much code space, in 1/128, is left.
  free[128] = 1;
  std::array<double, 20> chance{};
  for (std::size_t count = 1; count < chance.size(); ++count) {
    std::array<double, 129> next{};
    for (unsigned left = 0; left <= 128; ++left) {
      next[left] += free[left] / 8;
      for (unsigned bits = 1; bits <= 7; ++bits) {
        if ((128U >> bits) <= left) next[left - (128U >> bits)] += free[left] / 8;
      }
    }
    free = next;
    chance[count] = free[0];
  }
  return chance;
}
constexpr std::array<double, 20> complete_chance = complete_length_code_chance();

// A canonical Huffman code: how many codes there are of each length, and what they stand for.
struct huffman_code {
  std::array<std::uint16_t, max_code_bits + 1> count{};
  std::array<std::uint16_t, literal_codes> symbol{};
  std::uint32_t free = code_space;  // Code space that no code takes.
};

// False if the lengths ask for more code space than there is.
constexpr bool build_code(huffman_code& code, std::span<const std::uint8_t> lengths) {
  code.count = {};
  for (const std::uint8_t bits : lengths) ++code.count[bits];
  code.count[0] = 0;
  std::array<std::uint16_t, max_code_bits + 2> first{};
  std::uint32_t taken = 0;
  for (unsigned bits = 1; bits <= max_code_bits; ++bits) {
    taken += code.count[bits] * (code_space >> bits);
    first[bits + 1] = static_cast<std::uint16_t>(first[bits] + code.count[bits]);
  }
  if (taken > code_space) return false;
  code.free = code_space - taken;
  for (std::size_t symbol = 0; symbol < lengths.size(); ++symbol) {
    if (lengths[symbol] != 0) {
      code.symbol[first[lengths[symbol]]++] = static_cast<std::uint16_t>(symbol);
    }
  }
  return true;
}

struct block_codes {
  huffman_code literals;
  huffman_code distances;
  // Code space of the distance codes below this one.
  std::array<std::uint32_t, valid_distance_codes + 1> distance_space{};
};

constexpr void set_distance_space(block_codes& codes, std::span<const std::uint8_t> lengths) {
  for (unsigned code = 0; code < valid_distance_codes; ++code) {
    const unsigned bits = code < lengths.size() ? lengths[code] : 0;
    codes.distance_space[code + 1] =
        codes.distance_space[code] + (bits == 0 ? 0 : code_space >> bits);
  }
}

constexpr block_codes make_fixed_codes() {
  block_codes codes;
  std::array<std::uint8_t, literal_codes> literals{};
  for (unsigned i = 0; i < literal_codes; ++i) {
    literals[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
  }
  std::array<std::uint8_t, distance_codes> distances{};
  distances.fill(5);
  build_code(codes.literals, literals);
  build_code(codes.distances, distances);
  set_distance_space(codes, distances);
  return codes;
}
constexpr block_codes fixed_codes = make_fixed_codes();

enum class step : std::uint8_t { next, stop, invalid };

class deflate_walker {
 public:
  deflate_walker(std::span<const std::byte> stream, double enough, std::uint32_t window_size)
      : bits_(stream), enough_(enough), window_size_(window_size) {}

  inflate_check_result walk() noexcept {
    step last = step::next;
    for (unsigned block = 0; block < max_blocks && last == step::next && !result_.finished;
         ++block) {
      last = read_block();
    }
    result_.valid = last != step::invalid;
    result_.finished = result_.finished && last == step::next;
    result_.size = bits_.bytes_taken();
    return result_;
  }

 private:
  // What was just read would have been refused with the chance 1 - `chance`.
  [[nodiscard]] step passed(double chance) noexcept {
    chance_ *= chance;
    result_.chance = std::min(1.0, chance_ * text_chance());
    return result_.chance <= enough_ || bits_.exhausted() ? step::stop : step::next;
  }

  // Short streams have fixed codes and few matches, but are often text: half of the stake is put on
  // that. A symbol of random bits is a character of text in 0.383 of all cases, another byte in
  // 0.399 and a match in 0.203; the bet is fair because 0.383 * 1.8 + 0.399 / 10 + 0.203 * 1.25 +
  // 0.008 < 1.
  [[nodiscard]] double text_chance() const noexcept {
    return fixed_seen_ ? 2 * std::min(1.0, text_chance_) : 1;
  }
  void bet_on_text(unsigned symbol) noexcept {
    fixed_seen_ = true;
    const bool text =
        (symbol >= 32 && symbol < 127) || symbol == '\n' || symbol == '\r' || symbol == '\t';
    if (symbol != end_of_block) text_chance_ *= text ? 1 / 1.8 : symbol < 256 ? 10 : 1 / 1.25;
  }

  step read_block() noexcept {
    result_.finished = bits_.take(1) == 1;
    const unsigned type = bits_.take(2);
    if (bits_.exhausted()) return step::stop;
    // Encoders begin nearly always with dynamic codes, so the chance of 3/4 is dealt out in favour
    // of those: 1/4 * (1/0.29 + 1/3 + 1/8) < 1.
    step last = step::invalid;
    switch (type) {
      case 0:
        chance_ *= 8;
        last = skip_stored();
        break;
      case 1:
        chance_ *= 3;
        last = read_symbols(fixed_codes, true);
        break;
      case 2:
        chance_ *= 0.29;
        last = read_codes();
        if (last == step::next) last = read_symbols(dynamic_codes_, false);
        break;
      default: break;
    }
    return last;
  }

  step skip_stored() noexcept {
    const unsigned padding = bits_.bits_to_boundary();
    if (bits_.take(padding) != 0) return step::invalid;
    const std::uint32_t size = bits_.take(16);
    const std::uint32_t inverse = bits_.take(16);
    if (bits_.exhausted()) return step::stop;
    if ((size ^ inverse) != 0xFFFF) return step::invalid;
    bits_.skip_bytes(size);
    produced_ += size;
    return passed(std::ldexp(1.0, -16 - static_cast<int>(padding)));
  }

  // The two codes of a dynamic block.
  step read_codes() noexcept {
    const unsigned literals = bits_.take(5) + 257;
    const unsigned distances = bits_.take(5) + 1;
    const unsigned count = bits_.take(4) + 4;
    std::array<std::uint8_t, 19> bits{};
    for (unsigned i = 0; i < count; ++i) {
      bits[length_order[i]] = static_cast<std::uint8_t>(bits_.take(3));
    }
    if (literals > valid_literal_codes || distances > valid_distance_codes) return step::invalid;
    if (bits_.exhausted()) return step::stop;
    huffman_code code;
    if (!build_code(code, bits) || code.free != 0) return step::invalid;
    if (const step last = passed(complete_chance[count]); last != step::next) return last;

    std::array<std::uint8_t, valid_literal_codes + valid_distance_codes> lengths{};
    if (const step last =
            read_lengths(code, bits, literals, std::span(lengths).first(literals + distances));
        last != step::next) {
      return last;
    }
    const auto all = std::span<const std::uint8_t>(lengths);
    if (!build_code(dynamic_codes_.literals, all.first(literals)) ||
        !build_code(dynamic_codes_.distances, all.subspan(literals, distances))) {
      return step::invalid;
    }
    set_distance_space(dynamic_codes_, all.subspan(literals, distances));
    return step::next;
  }

  // Reads code lengths: `literals` of them are of the literal code, the rest of the distance code.
  step read_lengths(const huffman_code& code, const std::array<std::uint8_t, 19>& bits,
                    unsigned literals, std::span<std::uint8_t> lengths) noexcept {
    // How often, out of 128, a length of 1 to n - 1 comes up.
    std::array<unsigned, max_code_bits + 2> shorter{};
    const auto weight = [&bits](unsigned symbol) {
      return bits[symbol] == 0 ? 0U : 128U >> bits[symbol];
    };
    for (unsigned n = 1; n <= max_code_bits; ++n) shorter[n + 1] = shorter[n] + weight(n);

    std::uint32_t free = code_space;
    unsigned used = 0;  // Symbols that have a code.
    std::size_t at = 0;
    while (at < lengths.size()) {
      const std::size_t section_end = at < literals ? literals : lengths.size();
      unsigned shortest = 1;  // Shorter codes do not fit any more.
      while (shortest <= max_code_bits && (code_space >> shortest) > free) ++shortest;
      unsigned allowed = 128 - shorter[shortest];
      if (at + 1 == section_end && free != 0 && used > 1) {
        // The last one has to fill what is free.
        allowed = (code_space >> shortest) == free ? weight(shortest) + weight(16) : weight(16);
      }

      const int symbol = decode(code);
      if (symbol < 0) return bits_.exhausted() ? step::stop : step::invalid;
      std::uint8_t length = 0;
      unsigned repeat = 1;
      if (symbol < 16) {
        length = static_cast<std::uint8_t>(symbol);
      } else if (symbol == 16) {
        if (at == 0) return step::invalid;
        length = lengths[at - 1];
        repeat = 3 + bits_.take(2);
      } else {
        repeat = symbol == 17 ? 3 + bits_.take(3) : 11 + bits_.take(7);
      }
      if (bits_.exhausted()) return step::stop;
      if (repeat > lengths.size() - at) return step::invalid;

      for (; repeat != 0; --repeat) {
        lengths[at++] = length;
        if (length != 0) {
          if ((code_space >> length) > free) return step::invalid;
          free -= code_space >> length;
          ++used;
        }
        if (at == literals || at == lengths.size()) {
          // Complete, or one code of one bit; distance codes may be none at all.
          const bool lone = used == 1 && free == code_space / 2;
          const bool none = used == 0 && at == lengths.size();
          if (free != 0 && !lone && !none) return step::invalid;
          if (at == literals && lengths[end_of_block] == 0) return step::invalid;
          free = code_space;
          used = 0;
        }
      }
      if (const step last = passed(std::min(allowed, 128U) / 128.0); last != step::next) {
        return last;
      }
    }
    return step::next;
  }

  step read_symbols(const block_codes& codes, bool fixed) noexcept {
    while (result_.symbols < max_symbols) {
      const int decoded = decode(codes.literals);
      if (decoded < 0) return bits_.exhausted() ? step::stop : step::invalid;
      const auto symbol = static_cast<unsigned>(decoded);
      if (symbol >= valid_literal_codes) return step::invalid;
      ++result_.symbols;
      if (fixed) bet_on_text(symbol);
      if (symbol == end_of_block) return step::next;
      step last = step::next;
      if (symbol < end_of_block) {
        ++produced_;
        if (fixed) last = passed(1);
      } else {
        last = read_match(codes, symbol - end_of_block - 1);
      }
      if (last != step::next) return last;
    }
    return step::stop;
  }

  step read_match(const block_codes& codes, unsigned code) noexcept {
    const std::uint32_t size = match_base[code] + bits_.take(match_extra_bits[code]);
    const int distance_code = decode(codes.distances);
    if (bits_.exhausted()) return step::stop;
    if (distance_code < 0 || distance_code >= static_cast<int>(valid_distance_codes)) {
      return step::invalid;
    }
    const auto known = static_cast<unsigned>(distance_code);
    const std::uint32_t distance = distance_base[known] + bits_.take(distance_extra_bits(known));
    if (bits_.exhausted()) return step::stop;
    const std::uint64_t reach = std::min<std::uint64_t>(produced_, window_size_);
    if (distance > reach) return step::invalid;
    produced_ += size;
    // Codes that begin within reach; some of their distances may be beyond, which is not counted.
    const auto reachable =
        std::upper_bound(distance_base.begin(), distance_base.end(), reach) - distance_base.begin();
    return passed(codes.distance_space[static_cast<std::size_t>(reachable)] /
                  static_cast<double>(code_space));
  }

  // The next symbol, or -1 if the bits end or are no code.
  int decode(const huffman_code& code) noexcept {
    std::uint32_t value = 0;
    std::uint32_t first = 0;
    std::uint32_t index = 0;
    for (unsigned bits = 1; bits <= max_code_bits; ++bits) {
      value |= bits_.take(1);
      if (bits_.exhausted()) return -1;
      const std::uint32_t count = code.count[bits];
      if (value < first + count) return code.symbol[index + (value - first)];
      index += count;
      first = (first + count) << 1;
      value <<= 1;
    }
    return -1;
  }

  bit_reader bits_;
  double enough_;
  std::uint32_t window_size_;
  std::uint64_t produced_ = 0;
  double chance_ = 1;
  double text_chance_ = 1;
  bool fixed_seen_ = false;
  inflate_check_result result_;
  block_codes dynamic_codes_;
};

}  // namespace

inflate_check_result check_inflate(std::span<const std::byte> stream, double enough,
                                   std::uint32_t window_size) noexcept {
  return deflate_walker(stream.first(std::min(stream.size(), max_stream_bytes)), enough,
                        window_size)
      .walk();
}

}  // namespace jobqueue::detail
