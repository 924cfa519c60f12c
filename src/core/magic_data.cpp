// Models, tensors, tables.

#include <array>

#include "core/inflate_check.hpp"
#include "core/magic_parts.hpp"

namespace jobqueue::detail {

bool is_glb(const byte_window& in, recognized&) noexcept {
  return in.has(0, 12) && in_range(in.le32(4), 1, 2) && in.le32(8) >= 20;
}

// The size of a JSON header, 37 bits of which are zero, and the header: `{"name":{"dtype":...`.
bool is_safetensors(const byte_window& in, recognized&) noexcept {
  constexpr std::uint64_t max_header_size = 100'000'000;
  const std::uint64_t header_size = in.le64(0);
  if (!in.holds(8, "{\"") || !in_range(header_size, 8, max_header_size)) return false;
  if (!in.may_have(8, header_size)) return false;
  std::string_view header = in.text(10, header_size - 2);
  const std::size_t name_end = header.find('"');
  const std::string_view name = header.substr(0, name_end);
  const auto is_name = [](unsigned char c) { return c >= 32 && c != '\\'; };
  if (!all_of(name, is_name)) return false;
  if (name_end == std::string_view::npos) return !in.complete();
  header.remove_prefix(name_end + 1);
  const auto skip_space = [&header] {
    while (!header.empty() && is_space(static_cast<unsigned char>(header.front()))) {
      header.remove_prefix(1);
    }
  };
  for (const char expected : {':', '{'}) {
    skip_space();
    if (header.empty()) return !in.complete();
    if (header.front() != expected) return false;
    header.remove_prefix(1);
  }
  skip_space();
  if (name == "__metadata__") return true;
  for (const std::string_view key : {"\"dtype\"", "\"shape\"", "\"data_offsets\""}) {
    if (key.substr(0, header.size()) == header.substr(0, key.size())) return true;
  }
  return false;
}

// Either byte order; the version is small in the one or the other.
bool is_gguf(const byte_window& in, recognized&) noexcept {
  if (!in.has(0, 16)) return false;
  return in_range(in.le32(4), 1, 16) || in_range(in.be32(4), 1, 16);
}

// "ggml" without a version is followed by sizes of the model, the later variants by a version.
bool is_ggml(const byte_window& in, recognized&) noexcept {
  if (!in.has(0, 12)) return false;
  if (in.holds(0, "lmgg")) {
    return in_range(in.le32(4), 1, 1U << 20) && in_range(in.le32(8), 1, 1U << 20);
  }
  return in_range(in.le32(4), 1, 10);
}

bool is_npy(const byte_window& in, recognized&) noexcept {
  return in_range(in.u8(6), 1, 3) && in.has(7, 1) && in.u8(7) == 0;
}

// A protobuf message without any magic: known only by the names of the programs that write it. The
// version of the format is field 1, the name is field 2, a field from 3 on follows.
bool is_onnx(const byte_window& in, recognized&) noexcept {
  constexpr std::array<std::string_view, 12> producers = {
      "pytorch",     "tf2onnx",     "skl2onnx", "keras2onnx", "onnxmltools", "OnnxMLTools",
      "onnx-export", "onnxruntime", "caffe2",   "CNTK",       "MXNet",       "PaddlePaddle"};
  if (!in_range(in.u8(1), 3, 20) || in.u8(2) != 0x12) return false;
  const std::string_view name = in.text(4, in.u8(3));
  const std::uint8_t next = in.u8(4 + name.size());
  for (const std::string_view producer : producers) {
    if (name == producer && name.size() == in.u8(3)) {
      return next == 0x1A || next == 0x22 || next == 0x28 || next == 0x32 || next == 0x3A ||
             next == 0x42;
    }
  }
  return false;
}

// A flatbuffer: the offset of its root is small and aligned.
bool is_tflite(const byte_window& in, recognized&) noexcept {
  return in.has(0, 8) && in_range(in.le32(0), 8, 1U << 16) && in.le32(0) % 4 == 0;
}

namespace {

// Reads a pickle (PEP 307, 3154, 574) opcode by opcode as picklers write it.
class pickle_reader {
 public:
  pickle_reader(const byte_window& in, std::uint64_t at) noexcept : in_(in), at_(at) {}

  // False: no pickle.
  bool read() noexcept {
    while (!stopped_ && bits_ < enough_bits && in_.has(at_, 1)) {
      if (!read_opcode()) return false;
    }
    return in_.may_have(at_, 0);
  }
  // How many bits of evidence there were.
  [[nodiscard]] unsigned bits() const noexcept { return bits_; }

  static constexpr unsigned enough_bits = 20;

 private:
  bool read_opcode() noexcept {
    const std::uint8_t opcode = in_.u8(at_++);
    bits_ += 2;  // Fewer than a quarter of all bytes are opcodes here.
    for (const effect& known : effects) {
      if (known.opcodes.find(static_cast<char>(opcode)) == std::string_view::npos) continue;
      if (depth_ < known.needs || (known.to_mark && marks_ == 0)) return false;
      depth_ = depth_ + known.adds - known.takes;
      if (known.to_mark) --marks_;
      return true;
    }
    switch (opcode) {
      case '.':
        stopped_ = true;
        if (in_.complete() && at_ == in_.size()) bits_ += 6;  // It is the last byte.
        return depth_ != 0;
      case '(': ++marks_; return true;
      case 'q': return memoize(in_.u8(at_), 1);
      case 'r': return memoize(in_.le32(at_), 4);
      case 0x94: ++memoized_; return depth_ != 0;
      case 0x95: return in_.le64(at_) < max_size && skip(8);
      default: ++depth_; return read_value(opcode);
    }
  }

  // An opcode with an operand that pushes a value.
  bool read_value(std::uint8_t opcode) noexcept {
    switch (opcode) {
      case 'K':
      case 'h': return skip(1);
      case 'M': return skip(2);
      case 'J':
      case 'j': return skip(4);
      case 'G': return skip(8);
      case 'U':
      case 'C':
      case 0x8A: return skip(1 + std::uint64_t{in_.u8(at_)});
      case 'B':
      case 'T':
      case 0x8B: return skip(4 + std::uint64_t{in_.le32(at_)});
      case 0x8E:
      case 0x96: return in_.le64(at_) < max_size && skip(8 + in_.le64(at_));
      case 0x8C: return skip_text(in_.u8(at_), 1);
      case 'X':
        if (in_.has(at_, 4)) bits_ += 8;  // The first byte of the size.
        return in_.u8(at_ + 3) == 0 && skip_text(in_.le32(at_), 4);
      case 0x8D: return in_.le64(at_) < max_size && skip_text(in_.le64(at_), 8);
      case 'c': return skip_name() && skip_name();
      default: return false;
    }
  }

  bool skip(std::uint64_t count) noexcept {
    at_ += count;
    return true;
  }
  bool skip_text(std::uint64_t count, unsigned prefix) noexcept {
    // UTF-8 in which control characters are rare.
    for (const char c : in_.text(at_ + prefix, count < 64 ? count : 64)) {
      const auto byte = static_cast<unsigned char>(c);
      if (byte < 32 && !is_space(byte)) return false;
    }
    return skip(prefix + count);
  }
  // Memo numbers count up from 0.
  bool memoize(std::uint32_t number, unsigned size) noexcept {
    if (in_.has(at_, size)) {
      if (number != memoized_ || depth_ == 0) return false;
      ++memoized_;
      bits_ += 8;
    }
    return skip(size);
  }
  // A line with a dotted name.
  bool skip_name() noexcept {
    const auto is_name = [](unsigned char c) { return is_alnum(c) || c == '_' || c == '.'; };
    unsigned count = 0;
    for (; is_name(in_.u8(at_)); ++at_) ++count;
    if (!in_.has(at_, 1)) return true;
    bits_ += 2 * count;
    return in_.u8(at_++) == '\n' && count != 0;
  }

  static constexpr std::uint64_t max_size = std::uint64_t{1} << 32;

  // What opcodes without an operand do to the stack. Only the greatest depth that is possible is
  // kept: how much an opcode takes that goes back to a mark is not followed.
  struct effect {
    std::string_view opcodes;
    unsigned needs;
    unsigned adds;
    unsigned takes;
    bool to_mark;
  };
  static constexpr std::array<effect, 8> effects = {{
      {"N)]}\x88\x89\x8F\x97", 0, 1, 0, false},
      {"2", 1, 1, 0, false},
      {"Q\x85\x98", 1, 0, 0, false},
      {"0", 1, 0, 1, false},
      {"Rab\x81\x86\x93", 2, 0, 1, false},
      {"s\x87\x92", 3, 0, 2, false},
      {"t\x91", 0, 1, 0, true},
      {"eu1\x90", 0, 0, 0, true},
  }};

  const byte_window& in_;
  std::uint64_t at_;
  unsigned bits_ = 0;
  std::uint32_t memoized_ = 0;
  unsigned depth_ = 0;
  unsigned marks_ = 0;
  bool stopped_ = false;
};

}  // namespace

// Protocols 2 to 5. From 4 on there is a frame with its size, 40 bits; before it, opcodes must have
// as many as are missing.
bool is_pickle(const byte_window& in, recognized&) noexcept {
  const unsigned protocol = in.u8(1);
  if (!in_range(protocol, 2, 5)) return false;
  constexpr std::uint64_t frame_header_size = 11;
  constexpr std::uint64_t max_frame_size = std::uint64_t{1} << 32;
  if (protocol >= 4) {
    if (in.u8(2) != 0x95 || !in.has(frame_header_size, 4)) return false;
    if (!in_range(in.le64(3), 4, max_frame_size)) return false;
    if (!in.may_have(frame_header_size, in.le64(3))) return false;
    return pickle_reader(in, frame_header_size).read();
  }
  pickle_reader reader(in, 2);
  return reader.read() && reader.bits() >= pickle_reader::enough_bits;
}

bool is_ply(const byte_window& in, recognized&) noexcept {
  const std::uint64_t at = in.u8(3) == '\r' && in.u8(4) == '\n' ? 5 : 4;
  return (at == 5 || in.u8(3) == '\n') && in.holds(at, "format ");
}

// "PAR1", then in Thrift's compact protocol the header of a page or, without rows, the footer: the
// first field is a small integer, the second an integer or the list of the schema.
bool is_parquet(const byte_window& in, recognized&) noexcept {
  return in.u8(4) == 0x15 && in.u8(5) <= 6 && in.u8(5) % 2 == 0 &&
         (in.u8(6) == 0x15 || in.u8(6) == 0x19);
}

// "Obj\1", then metadata: how many, the size of the first name (both as zigzag numbers), the name.
bool is_avro(const byte_window& in, recognized&) noexcept {
  const std::uint32_t count = in.u8(4);
  const std::uint32_t doubled_size = in.u8(5);
  if (count == 0 || count > 64 || count % 2 != 0 || doubled_size % 2 != 0) return false;
  return in.has(6, 4) && in_range(doubled_size, 8, 126) &&
         all_of(in.text(6, doubled_size / 2), is_printable);
}

// "ORC", then stripes; the first begins with the index of the rows, a protobuf message whose field
// 1 is repeated: 0A size (0A|12 size ...). Codecs put three bytes in front of each piece.
bool is_orc(const byte_window& in, recognized&) noexcept {
  if (in.complete() && in.size() > 16) {
    // The last byte is the size of the postscript, at the end of which the magic stands again.
    const std::uint64_t end = in.size() - 1;
    return in.u8(end) < end && in.holds(end - 3, "ORC");
  }
  const auto is_row_index = [&](std::uint64_t at) {
    const std::uint8_t inner = in.u8(at + 2);
    return in.has(at, 4) && in.u8(at) == 0x0A && in.u8(at + 1) >= 4 && in.u8(at + 1) < 128 &&
           (inner == 0x0A || inner == 0x12) && in.u8(at + 3) < in.u8(at + 1);
  };
  if (is_row_index(3)) return true;
  const std::uint32_t piece = in.le16(3) | static_cast<std::uint32_t>(in.u8(5)) << 16;
  constexpr std::uint32_t max_piece = 256U << 10;
  if (piece >> 1 > max_piece || piece < 16) return false;
  if ((piece & 1) != 0) return is_row_index(6);  // Kept as it is.
  if (in.holds(6, "\x28\xB5\x2F\xFD")) return true;
  constexpr double needed = 0x1p-12;
  constexpr double enough = 0x1p-30;
  const inflate_check_result stream =
      check_inflate(in.bytes().subspan(in.size() < 6 ? in.size() : 6), enough);
  return stream.valid && stream.chance <= needed;
}

}  // namespace jobqueue::detail
