// jobqueue - base64: find blobs inside JSON or text, cut them out byte-exactly, put them back.
//
//   #include <iostream>
//   #include <jobqueue/jobqueue.hpp>
//
//   int main() {
//     // Too short for a reference, so without a vault; base64 of a GIF in a string of JSON.
//     const std::string_view job = R"({"out":"data:image/gif;base64,R0lGODlhAQABAAAAACw="})";
//     const auto lean = jobqueue::sanitize_base64(job).value();
//     std::cout << lean.changed << ' ' << lean.view(job) << '\n';
//   }
//
// prints "1 {"out":"[BASE64_IMAGE_REMOVED]"}". With `options.store` set to a vault, what is
// cut is kept, and `restore_base64(lean.view(job), vault)` gives the job back, byte for byte.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <jobqueue/result.hpp>

namespace jobqueue {
inline namespace v1 {

/// A SHA-256 digest (FIPS 180-4), by which a vault names its objects.
struct sha256_digest {
  std::array<std::byte, 32> bytes{};
  [[nodiscard]] friend bool operator==(const sha256_digest&, const sha256_digest&) = default;
  [[nodiscard]] friend auto operator<=>(const sha256_digest&, const sha256_digest&) = default;
  /// 64 lower-case hexadecimal digits.
  [[nodiscard]] std::string hex() const;
  /// Reads 64 hexadecimal digits of either case; `invalid_argument` for anything else.
  [[nodiscard]] static result<sha256_digest> from_hex(std::string_view text);
};

/// SHA-256 of `data`.
[[nodiscard]] sha256_digest sha256(std::span<const std::byte> data);

/// A blob on its way into a store, in pieces; dropped if it is destroyed before it is kept.
class blob_spool {
 public:
  blob_spool() = default;
  blob_spool(const blob_spool&) = delete;
  blob_spool& operator=(const blob_spool&) = delete;
  virtual ~blob_spool() = default;

  [[nodiscard]] virtual status append(std::span<const std::byte> piece) = 0;
  /// All pieces together become the blob with that digest; as `blob_store::put`. Called once, last.
  [[nodiscard]] virtual status keep(const sha256_digest& digest) = 0;
};

/// Where blobs go and come from: what `sanitize_base64` and `restore_base64` need of a vault.
/// vault.hpp has the directory implementation; derive from this for another store.
class blob_store {
 public:
  blob_store() = default;
  blob_store(const blob_store&) = delete;
  blob_store& operator=(const blob_store&) = delete;
  virtual ~blob_store() = default;

  /// Keeps `blob` under its digest; a no-op if it is there already. Called before the reference to
  /// it is written anywhere. The implementation need not make it durable before `sync`.
  [[nodiscard]] virtual status put(const sha256_digest& digest,
                                   std::span<const std::byte> blob) = 0;

  /// The blob with that digest, its digest checked again. `blob_missing` if the store does not have
  /// it, `blob_corrupt` if what it has does not hash to `digest` or is not `size` bytes.
  [[nodiscard]] virtual result<std::string> get(const sha256_digest& digest,
                                                std::uint64_t size) const = 0;

  /// Returns when everything put so far survives a power failure.
  [[nodiscard]] virtual status sync() { return done; }

  /// For a blob that is larger than the window of a stream. This one collects it in memory and
  /// calls `put`; a store that can write piece by piece should say how.
  [[nodiscard]] virtual result<std::unique_ptr<blob_spool>> open_spool();
};

/// How runs of base64 are judged.
enum class detection : std::uint8_t {
  verified,  ///< A run must decode to something recognised, or be long, and not be protected.
  naive,     ///< Every run of `[A-Za-z0-9+/]{min_run_chars,}={0,2}` goes, as a regex would have it.
};

/// What the input is.
enum class document_format : std::uint8_t {
  auto_detect,  ///< Any bytes; JSON structure is used where there is some. Never fails on content.
  json,         ///< One RFC 8259 document; anything else is refused with its offset.
  ndjson,       ///< One RFC 8259 document a line; blank lines are allowed.
  text,         ///< Any bytes, no JSON structure assumed: no pointers.
};

/// Where a blob was found.
enum class blob_form : std::uint8_t {
  data_uri,    ///< `data:[type][;param]*;base64,...` (RFC 2397), the whole URI.
  field,       ///< The whole value of a member that is known to carry base64.
  typed_pair,  ///< The whole value of a member whose neighbour says what it is.
  run,         ///< A run of base64 characters anywhere in a string or text.
};

/// What the bytes of a blob are.
enum class blob_class : std::uint8_t {
  image,
  document,
  archive,
  audio,
  video,
  model,
  compressed,
  font,
  executable,
  database,
  text,
  data,
};

inline constexpr std::size_t blob_class_count = 12;

/// How the object in the vault becomes the original text again.
enum class blob_encoding : std::uint8_t {
  std_padded,    ///< "std": base64 of RFC 4648 section 4.
  std_unpadded,  ///< "std-nopad"
  url_padded,    ///< "url": base64url of RFC 4648 section 5, padded.
  url_unpadded,  ///< "url-nopad"
  data_uri,      ///< "data-uri": `data:<media type>;base64,` and padded standard base64.
  text,          ///< "text": the object is the original text itself.
};

/// Why a candidate was judged a blob.
enum class cut_evidence : std::uint8_t {
  magic,      ///< The decoded bytes begin like a known format.
  declared,   ///< A data URI says so.
  name,       ///< The member's name says so.
  neighbour,  ///< Another member of the object says so.
  content,    ///< Long, decodes, and looks like nothing that must be kept.
  naive,      ///< Detection was `naive`.
};

/// Why a candidate was left alone.
enum class keep_reason : std::uint8_t {
  object_key,     ///< Object keys are never changed.
  not_shorter,    ///< The placeholder would not be shorter.
  short_unknown,  ///< Unrecognised bytes under `min_unknown_chars`.
  hex,            ///< Hexadecimal digits.
  sequence,       ///< Letters of one case, DNA, protein, repeated or too few different characters.
  words,          ///< A path, identifier or words.
  url,            ///< Part of a URL.
  token,          ///< JWT or JOSE part, or the known beginning of an opaque token.
  key_material,   ///< PEM, DER, SSH or PGP data.
  protected_field,  ///< The member's name is in the protected list or says that it is a token.
  protected_shape,  ///< The object around it is a signed or encrypted envelope.
  queue_payload,    ///< The base64 is the job itself (Celery body, CloudWatch logs, ...).
};

[[nodiscard]] std::string_view to_string(blob_form form) noexcept;
[[nodiscard]] std::string_view to_string(blob_class kind) noexcept;
[[nodiscard]] std::string_view to_string(blob_encoding encoding) noexcept;
[[nodiscard]] std::string_view to_string(cut_evidence evidence) noexcept;
[[nodiscard]] std::string_view to_string(keep_reason reason) noexcept;
/// Reverse of `to_string`; `invalid_argument` for any other name.
[[nodiscard]] result<blob_encoding> parse_blob_encoding(std::string_view name);

/// One blob that was cut out of the input.
struct blob_cut {
  std::uint64_t offset = 0;            ///< Where it began in the input, in bytes.
  std::uint64_t size = 0;              ///< How many bytes of the input it was.
  std::uint64_t decoded_size = 0;      ///< Bytes that its base64 stands for.
  std::uint64_t replacement_size = 0;  ///< Bytes of the placeholder in its place.
  blob_form form = blob_form::run;
  blob_class kind = blob_class::data;
  blob_encoding encoding = blob_encoding::text;
  cut_evidence evidence = cut_evidence::content;
  std::string media_type;  ///< IANA name; "application/octet-stream" where nothing better is known.
  sha256_digest digest;    ///< Of the object as a vault keeps it.
  /// RFC 6901 pointer to the string it stood in; a hop into a string that holds JSON is the
  /// reference token `~s` (no RFC 6901 token can be that). Empty pointer: the document itself.
  std::string pointer;
  bool has_pointer = false;  ///< False in text and where the structure is not JSON.
  std::uint64_t line = 0;    ///< 1-based line on which its document begins; 0 in text.
};

/// One candidate that was looked at and left alone.
struct blob_kept {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  keep_reason reason = keep_reason::short_unknown;
};

/// SIMD instruction sets that the scanner is compiled for, in Highway's names: `avx3` is AVX-512 of
/// Skylake, `avx3_dl` that of Ice Lake and Zen 4. Output is equal on all of them.
enum class simd_target : std::uint8_t { best, scalar, sse4, avx2, avx3, avx3_dl, neon };

/// "best", "scalar", "sse4", "avx2", "avx3", "avx3_dl" or "neon".
[[nodiscard]] std::string_view to_string(simd_target target) noexcept;
/// Reverse of `to_string`; `invalid_argument` for an unknown name or one this CPU cannot run.
[[nodiscard]] result<simd_target> parse_simd_target(std::string_view name);
/// The target that `simd_target::best` stands for on this CPU.
[[nodiscard]] simd_target best_simd_target() noexcept;

/// Limits that do not depend on options; see docs/api/base64.md.
struct sanitize_limits {
  static constexpr std::size_t run_window = 65536;       ///< A run is judged by its first 64 KiB.
  static constexpr std::size_t neighbour_window = 4096;  ///< Neighbours begin within 4 KiB.
  static constexpr std::size_t max_neighbours = 32;   ///< And there are at most so many each way.
  static constexpr std::size_t min_run_chars = 32;    ///< Least allowed `min_run_chars`.
  static constexpr std::size_t max_field_name = 128;  ///< Longest name in `cut_fields`.
  static constexpr unsigned max_depth = 16;           ///< Greatest allowed `max_depth`.
};

struct sanitize_options {
  /// Least length of a run, in base64 characters; at least 32.
  std::size_t min_run_chars = 100;
  /// Least length of a run whose bytes are not recognised, in base64 characters.
  std::size_t min_unknown_chars = 1000;
  detection mode = detection::verified;
  document_format format = document_format::auto_detect;
  /// Names of members (3 to 128 bytes, any case) whose whole value is cut if it decodes, besides
  /// the built-in `default_cut_fields()`.
  std::span<const std::string> cut_fields;
  /// Names of members, any case, whose value is never touched.
  std::span<const std::string> protect_fields;
  /// Cut what the built-in rules protect (tokens, keys, envelopes), too. Never object keys, hex,
  /// paths, words, sequences, and never `protect_fields`.
  bool cut_protected = false;
  /// How deep JSON inside strings inside JSON is followed for pointers; 0 to 16.
  unsigned max_depth = 8;
  /// Where blobs are kept; null: they are dropped and cannot be restored. Not owned.
  blob_store* store = nullptr;
  /// Call `store->sync()` before returning, so that the caller may write the output at once. Set it
  /// to false to sync once for many inputs, before any of their outputs is written.
  bool sync_store = true;
  /// Fill `sanitized::cuts`.
  bool report = false;
  /// Fill all of each cut. If false, `digest`, `encoding` and `line` may be left out, and there are
  /// no pointers: places and sizes alone cost less than decoding each blob and following the JSON.
  bool report_details = true;
  /// Fill `sanitized::kept`.
  bool report_kept = false;
  /// Instruction set; for tests.
  simd_target simd = simd_target::best;
};

/// What was cut of one `blob_class`.
struct blob_totals {
  std::uint64_t count = 0;
  std::uint64_t bytes_before = 0;  ///< Of input.
  std::uint64_t bytes_after = 0;   ///< Of placeholders.
};

/// The answer of `sanitize_base64`.
struct sanitized {
  bool changed = false;  ///< False: nothing was cut, `text` is empty and the input is the output.
  std::string text;
  std::uint64_t cut_count = 0;
  std::uint64_t cut_bytes = 0;  ///< Bytes of input that the cuts were, before placeholders.
  std::array<blob_totals, blob_class_count> by_class{};  ///< Indexed by `blob_class`.
  std::vector<blob_cut> cuts;   ///< In order of offset; only with `report`.
  std::vector<blob_kept> kept;  ///< In order of offset; only with `report_kept`.
  /// The output: `text`, or `input` where nothing changed.
  [[nodiscard]] std::string_view view(std::string_view input) const noexcept {
    return changed ? std::string_view(text) : input;
  }
};

/// Cuts every blob out of `input` and puts a placeholder in its place.
///
/// A placeholder is `[BASE64_IMAGE_REMOVED]` for images and `[BASE64_DATA_REMOVED]` for the rest.
/// With a store it says how to restore (media type, size of the object in bytes, `blob_encoding`):
/// `[BASE64_IMAGE_REMOVED sha256-<64 hex> image/png 48213 std]`. It needs no escaping in JSON.
///
/// Equations, for every input x:
///   - outside the cuts, output bytes equal input bytes, in order;
///   - x is valid JSON => the output is valid JSON with the same structure and keys;
///   - `sanitize(sanitize(x)) == sanitize(x)`;
///   - with a store, `restore(sanitize(x)) == x` if x holds no reference of its own.
///
/// Linear time; memory for the output and one blob. The views in `options` are read during the
/// call only. Thread-safe if the store is.
///
/// Errors: `invalid_argument` (an option out of range), `invalid_json` and `invalid_utf8` with the
/// offset (formats `json`, `ndjson`), and whatever the store reports; nothing is half done.
/// Sources: RFC 4648, RFC 2397, RFC 8259, RFC 6901.
[[nodiscard]] result<sanitized> sanitize_base64(std::string_view input,
                                                const sanitize_options& options = {});

/// `sanitize_base64` for an input that comes in pieces, in bounded memory: about 2 MiB, and what
/// the store takes for a larger blob. Equation: however x is divided, the outputs of `update` and
/// `finish` together are `sanitize_base64(x)`.
///
///   jobqueue::base64_sanitizer lean(options);
///   while (read(piece)) lean.update(piece, out).value();
///   lean.finish(out).value();
///
/// `options.format` must be `auto_detect` or `text`: to refuse a malformed document before any of
/// it is given out, it must be there as a whole. To be used by one thread at a time.
class base64_sanitizer {
 public:
  /// The options are copied; the store must live as long as this.
  explicit base64_sanitizer(const sanitize_options& options = {});
  base64_sanitizer(base64_sanitizer&&) noexcept;
  base64_sanitizer& operator=(base64_sanitizer&&) noexcept;
  ~base64_sanitizer();

  /// Appends to `out` what is certain of the output after `piece`. Errors: `invalid_argument` (an
  /// option), and whatever the store reports; every later call reports the same.
  [[nodiscard]] status update(std::string_view piece, std::string& out);
  /// The input is complete: appends the rest of the output, and syncs the store if
  /// `options.sync_store`. The next `update` begins another input.
  [[nodiscard]] status finish(std::string& out);

  /// Of the input so far, or of the one that was finished last: `changed` and the totals, and with
  /// `report` and `report_kept` what was cut and kept since the last call, so that a long report
  /// need not be in memory. `text` is empty.
  [[nodiscard]] sanitized take_report();

 private:
  struct state;
  std::unique_ptr<state> state_;
};

/// What an object walker knows about a string value that it has in hand, for
/// `sanitize_base64_value`.
struct value_neighbour {
  std::string_view name;   ///< Name of the neighbouring member.
  std::string_view value;  ///< Its value if that is a string of at most 256 bytes, else empty.
  bool child = false;      ///< It is a member of one child object of the same object.
  bool after = false;      ///< It comes after the value.
};
struct value_context {
  std::string_view name;         ///< Name of the member, or empty (array element, top level).
  std::string_view parent_name;  ///< Name of the member that the enclosing object is, or empty.
  std::span<const value_neighbour> neighbours;
};

/// `sanitize_base64` for one string value of an object in memory: `text` is the value as the
/// program holds it, without JSON escapes; `options.format` does not apply. Equation, as far as the
/// windows reach equally far: for a JSON document x,
/// `parse(sanitize_base64(dump(x)))` equals x with each string value v replaced by
/// `sanitize_base64_value(v, context of v)`.
[[nodiscard]] result<sanitized> sanitize_base64_value(std::string_view text,
                                                      const value_context& context,
                                                      const sanitize_options& options = {});

/// The built-in names of members whose value is base64: `image_base64`, `b64_json`, ...
[[nodiscard]] std::span<const std::string_view> default_cut_fields() noexcept;

struct restore_options {
  /// Most bytes of output. A thousand references to one 30 MB blob are 30 GB.
  std::uint64_t max_output_bytes = std::uint64_t{1} << 32;
  /// Leave a reference whose blob the store does not have as it is, instead of failing.
  bool keep_missing = false;
};

/// The answer of `restore_base64`.
struct restored {
  bool changed = false;  ///< False: there was no reference; the input is the output.
  std::string text;
  std::uint64_t restored_count = 0;
  std::uint64_t missing_count = 0;  ///< Left as they were; only with `keep_missing`.
  [[nodiscard]] std::string_view view(std::string_view input) const noexcept {
    return changed ? std::string_view(text) : input;
  }
};

/// Puts back what `sanitize_base64` cut into `store`. References are understood also where a JSON
/// writer has escaped their `/` and `+` (PHP, System.Text.Json).
/// Errors: `blob_missing`, `blob_corrupt` and `input_too_large` with the offset of the reference.
[[nodiscard]] result<restored> restore_base64(std::string_view input, const blob_store& store,
                                              const restore_options& options = {});

/// A reference found in a text, for those who keep count of what is still in use.
struct blob_reference {
  std::uint64_t offset = 0;  ///< Of the opening bracket.
  std::uint64_t size = 0;    ///< Bytes up to and with the closing bracket.
  sha256_digest digest;
  std::string media_type;
  std::uint64_t object_size = 0;
  blob_encoding encoding = blob_encoding::text;
};

/// All references in `input`, in order.
[[nodiscard]] std::vector<blob_reference> find_blob_references(std::string_view input);

}  // namespace v1
}  // namespace jobqueue
