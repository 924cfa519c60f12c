// Sequences of calls of the C ABI: buffers that are used again, a vault of callbacks that fail or
// lie, a chain of records, options of other sizes, arguments that are wrong. The input is the
// program; see `machine`.
#include <jobqueue/jobqueue.h>

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <jobqueue/base64.hpp>

#include "fuzz/fuzz.hpp"
#include "fuzz/sanitize_rules.hpp"
#include "fuzz/snippets.hpp"

namespace jobqueue::fuzz {
namespace {

using digest_bytes = std::array<std::uint8_t, 32>;

jobqueue_string borrow(std::string_view text) { return {text.data(), text.size()}; }
std::string_view view(const jobqueue_buffer& buffer) {
  return buffer.data != nullptr ? std::string_view(buffer.data, buffer.size) : std::string_view{};
}

// What the callbacks of the vault see.
struct blobs {
  enum : unsigned { put_fails = 1, get_fails = 2, get_lies = 4, sync_fails = 8 };

  std::map<digest_bytes, std::string> kept;
  unsigned faults = 0;

  static digest_bytes read(const std::uint8_t* digest) {
    digest_bytes bytes;
    std::copy_n(digest, bytes.size(), bytes.begin());
    return bytes;
  }
  static jobqueue_status put(void* payload, const std::uint8_t* digest, const void* blob,
                             size_t size) {
    auto& self = *static_cast<blobs*>(payload);
    if ((self.faults & put_fails) != 0) return JOBQUEUE_E_STORE_ERROR;
    self.kept[read(digest)] = std::string(static_cast<const char*>(blob), size);
    return JOBQUEUE_OK;
  }
  static jobqueue_status get(void* payload, jobqueue_buffer* out, const std::uint8_t* digest,
                             std::uint64_t /*size*/) {
    auto& self = *static_cast<blobs*>(payload);
    if ((self.faults & get_fails) != 0) return 12345;  // no status of ours
    const auto found = self.kept.find(read(digest));
    if (found == self.kept.end()) return JOBQUEUE_E_BLOB_MISSING;
    const std::string given = (self.faults & get_lies) != 0 ? found->second + "!" : found->second;
    return jobqueue_buffer_assign(out, given.data(), given.size());
  }
  static jobqueue_status sync(void* payload) {
    const auto& self = *static_cast<blobs*>(payload);
    return (self.faults & sync_fails) != 0 ? JOBQUEUE_E_STORE_ERROR : JOBQUEUE_OK;
  }
};

// Counts what is reported, and looks at its order.
struct report {
  std::size_t cuts = 0;
  std::uint64_t end_of_cut = 0;
  std::size_t input_size = 0;

  static void on_cut(void* payload, const jobqueue_cut* cut) {
    auto& self = *static_cast<report*>(payload);
    require(cut->struct_size == sizeof *cut, "a cut says how large it is");
    require(cut->offset >= self.end_of_cut && cut->size <= self.input_size &&
                cut->offset <= self.input_size - cut->size,
            "cuts are in order and in the input");
    for (const auto& text :
         {cut->form, cut->blob_class, cut->encoding, cut->evidence, cut->media_type}) {
      require(text.data != nullptr && text.size != 0, "a cut says what it is");
    }
    self.end_of_cut = cut->offset + cut->size;
    ++self.cuts;
  }
  static void on_kept(void* payload, const jobqueue_kept* kept) {
    const auto& self = *static_cast<report*>(payload);
    require(kept->struct_size == sizeof *kept && kept->reason.size != 0 &&
                kept->size <= self.input_size && kept->offset <= self.input_size - kept->size,
            "what is kept is in the input, for a reason");
  }
};

// The C form of `options`, and the arrays that it borrows.
struct c_options {
  explicit c_options(const sanitize_options& options) {
    for (const std::string& name : options.cut_fields) cut_fields.push_back(borrow(name));
    for (const std::string& name : options.protect_fields) protect_fields.push_back(borrow(name));
    given.flags = (options.mode == detection::naive ? JOBQUEUE_SANITIZE_NAIVE : 0U) |
                  (options.cut_protected ? JOBQUEUE_SANITIZE_CUT_PROTECTED : 0U);
    given.format = static_cast<std::uint32_t>(options.format);
    given.max_depth = options.max_depth;
    given.min_run_chars = options.min_run_chars;
    given.min_unknown_chars = options.min_unknown_chars;
    given.cut_fields = cut_fields.data();
    given.cut_field_count = cut_fields.size();
    given.protect_fields = protect_fields.data();
    given.protect_field_count = protect_fields.size();
  }

  std::vector<jobqueue_string> cut_fields;
  std::vector<jobqueue_string> protect_fields;
  jobqueue_sanitize_options given = JOBQUEUE_SANITIZE_OPTIONS_INIT;
};

// Runs the calls that the input asks for.
class machine {
 public:
  machine() {
    jobqueue_vault_callbacks callbacks = JOBQUEUE_VAULT_CALLBACKS_INIT;
    callbacks.payload = &blobs_;
    callbacks.put = blobs::put;
    callbacks.get = blobs::get;
    callbacks.sync = blobs::sync;
    expect(jobqueue_vault_from_callbacks(&vault_, &callbacks, &error_), JOBQUEUE_OK);
    expect(jobqueue_attestation_signer_new(&signer_, "s", 1, &error_), JOBQUEUE_OK);
    const jobqueue_string secret{"s", 1};
    expect(jobqueue_attestation_verifier_new(&verifier_, &secret, 1, &error_), JOBQUEUE_OK);
  }
  machine(const machine&) = delete;
  machine& operator=(const machine&) = delete;
  ~machine() {
    jobqueue_vault_free(vault_);
    jobqueue_attestation_signer_free(signer_);
    jobqueue_attestation_verifier_free(verifier_);
    jobqueue_buffer_dispose(&lean_);
    jobqueue_buffer_dispose(&restored_);
  }

  void run(choices& in) {
    constexpr std::size_t max_calls = 40;
    for (std::size_t i = 0; i < max_calls && !in.done(); ++i) {
      const unsigned call = in.byte();
      switch (call == 'T' ? 16 : call & 15U) {
        case 0: sanitize(in); break;
        case 1: sanitize_value(in); break;
        case 2: restore(in); break;
        case 3: put(read_text(in)); break;
        case 4: get(digest_, size_); break;
        case 5: get(digest_, size_ + 1); break;
        case 6: get({}, 3); break;
        case 7: blobs_.faults = in.nibble(); break;
        case 8: assign(read_text(in)); break;
        case 9: jobqueue_buffer_dispose(&lean_); break;
        case 10: call_wrongly(in.nibble()); break;
        case 11: sync(); break;
        case 12: detect(in); break;
        case 13: seal(in); break;
        case 14: verify(in); break;
        case 16: truncate(in); break;
        default: sanitize_with_size(in); break;
      }
    }
  }

 private:
  static std::string read_text(choices& in) {
    const std::size_t low = in.byte();
    return expanded(in.text(low | static_cast<std::size_t>(in.byte()) << 8U));
  }
  void expect(jobqueue_status status, jobqueue_status wanted) {
    require(status == wanted, "a call ends as it must");
    check(status);
  }
  // The error of a call that has failed.
  void check(jobqueue_status status) {
    require(std::string_view(jobqueue_status_name(status)) != "UNKNOWN", "a status has a name");
    require(status != JOBQUEUE_E_INTERNAL, "nothing unforeseen happens");
    if (status == JOBQUEUE_OK) return;
    require(error_.status == status, "an error says what the call returned");
    const std::string_view message(error_.message, sizeof error_.message);
    require(message.find('\0') != std::string_view::npos && message.front() != '\0',
            "an error has a message that ends");
    error_ = {};
  }
  static void check_buffer(const jobqueue_buffer& buffer) {
    require(buffer.data == nullptr ? buffer.size == 0 && buffer.capacity == 0
                                   : buffer.size < buffer.capacity && buffer.data[buffer.size] == 0,
            "a buffer has room for the NUL behind its content");
  }

  // Calls `call(out, changed)` and checks what it leaves behind; returns whether it succeeded.
  template <class Call>
  bool call_with_output(jobqueue_buffer& out, std::int32_t& changed, Call call) {
    const jobqueue_buffer before = out;
    const std::string content(view(out));
    changed = -7;
    const jobqueue_status status = call(&out, &changed);
    check(status);
    check_buffer(out);
    if (status != JOBQUEUE_OK || changed != 1) {
      require(out.data == before.data && out.capacity == before.capacity && view(out) == content,
              "without an output a buffer is as it was");
    }
    require(changed == (status == JOBQUEUE_OK ? changed & 1 : -7), "changed is 0 or 1, or not set");
    return status == JOBQUEUE_OK;
  }

  void sanitize(choices& in) {
    enum : unsigned { with_vault = 1, with_report = 2, same_buffer = 4, no_sync = 8 };
    const unsigned flags = in.nibble();
    const sanitize_options options = choose_options(in);
    const exact_text text((flags & same_buffer) != 0 ? std::string(view(lean_)) : read_text(in));
    // The input may be what the output replaces.
    const std::string_view input = (flags & same_buffer) != 0 ? view(lean_) : text.view();
    c_options chosen(options);
    report seen;
    seen.input_size = input.size();
    if ((flags & with_vault) != 0) chosen.given.vault = vault_;
    if ((flags & no_sync) != 0) chosen.given.flags |= JOBQUEUE_SANITIZE_NO_SYNC;
    if ((flags & with_report) != 0) {
      chosen.given.on_cut = report::on_cut;
      chosen.given.on_kept = report::on_kept;
      chosen.given.payload = &seen;
    }
    std::int32_t changed = 0;
    const bool succeeded = call_with_output(lean_, changed, [&](jobqueue_buffer* out, auto* flag) {
      return jobqueue_sanitize_base64(out, flag, input.data(), input.size(), &chosen.given,
                                      &error_);
    });
    const auto expected = sanitize_base64(text.view(), options);
    if (!succeeded) {
      require(!expected || (blobs_.faults != 0 && (flags & with_vault) != 0),
              "C fails where C++ does, or a callback");
      return;
    }
    require(expected.has_value(), "C fails where C++ does");
    if ((flags & with_vault) != 0) return;
    require((changed == 1) == expected->changed, "C cuts what C++ cuts");
    if (changed == 1) require(view(lean_) == expected->text, "C writes what C++ writes");
    if ((flags & with_report) != 0) require(seen.cuts == expected->cut_count, "C reports each cut");
  }

  void sanitize_value(choices& in) {
    c_options chosen(choose_options(in));
    if ((in.nibble() & 1U) != 0) chosen.given.vault = vault_;
    const std::string name = read_text(in);
    const std::string parent = read_text(in);
    const std::string neighbour_name = read_text(in);
    const std::string neighbour_value = read_text(in);
    const unsigned flags = in.nibble();
    const jobqueue_neighbour neighbour{borrow(neighbour_name), borrow(neighbour_value), flags & 1U,
                                       flags & 2U};
    jobqueue_value_context context = JOBQUEUE_VALUE_CONTEXT_INIT;
    context.name = borrow(name);
    context.parent_name = borrow(parent);
    context.neighbours = &neighbour;
    context.neighbour_count = 1;
    const exact_text text(read_text(in));
    std::int32_t changed = 0;
    call_with_output(lean_, changed, [&](jobqueue_buffer* out, auto* flag) {
      return jobqueue_sanitize_base64_value(out, flag, text.view().data(), text.view().size(),
                                            (flags & 4U) != 0 ? nullptr : &context, &chosen.given,
                                            &error_);
    });
  }

  // Options as a program has them that was built with a smaller or a larger struct.
  void sanitize_with_size(choices& in) {
    const std::size_t size = in.byte();
    const jobqueue_sanitize_options full = JOBQUEUE_SANITIZE_OPTIONS_INIT;
    std::vector<char> exact(std::max<std::size_t>(size, sizeof full.struct_size), '\0');
    std::memcpy(exact.data(), &full, std::min(exact.size(), sizeof full));
    const auto stated = static_cast<std::uint32_t>(size);
    std::memcpy(exact.data(), &stated, sizeof stated);
    std::int32_t changed = 0;
    const bool succeeded = call_with_output(lean_, changed, [&](jobqueue_buffer* out, auto* flag) {
      return jobqueue_sanitize_base64(
          out, flag, "[]", 2, reinterpret_cast<const jobqueue_sanitize_options*>(exact.data()),
          &error_);
    });
    require(succeeded == (size >= sizeof stated), "options may be of any size that has a size");
  }

  // Into the buffer that the next call may have as its input.
  void truncate(choices& in) {
    constexpr std::uint64_t budgets[] = {64, 100, 1000, 63, UINT64_MAX};
    const unsigned flags = in.nibble();
    const std::string pointer = read_text(in);
    const jobqueue_string pinned = borrow(pointer);
    jobqueue_truncate_options options = JOBQUEUE_TRUNCATE_OPTIONS_INIT;
    options.max_bytes = in.pick(budgets);
    options.array_head = in.byte();
    options.format = flags % 5;
    options.pinned = (flags & 8U) != 0 ? nullptr : &pinned;
    options.pinned_count = pointer.empty() ? 0 : 1;
    std::uint64_t lost = 0;
    options.payload = &lost;
    options.on_cut = [](void* payload, const jobqueue_truncate_cut* cut) {
      require(cut->struct_size == sizeof *cut && cut->reason.size != 0, "a cut says what it is");
      *static_cast<std::uint64_t*>(payload) += cut->bytes_before - cut->bytes_after;
    };
    const exact_text text((flags & 4U) != 0 ? std::string(view(lean_)) : read_text(in));
    const std::string_view input = (flags & 4U) != 0 ? view(lean_) : text.view();
    const std::size_t before = input.size();
    std::int32_t changed = 0;
    call_with_output(lean_, changed, [&](jobqueue_buffer* out, auto* flag) {
      return jobqueue_truncate_payload(out, flag, input.data(), input.size(), &options, &error_);
    });
    if (changed != 1) return;
    require(lean_.size <= options.max_bytes, "the output fits");
    require(lost == before - lean_.size, "the report adds up");
  }

  void detect(choices& in) {
    const unsigned flags = in.nibble();
    const exact_text url(read_text(in));
    const exact_text header(read_text(in));
    const exact_text head(read_text(in));
    jobqueue_content_type_options options = JOBQUEUE_CONTENT_TYPE_OPTIONS_INIT;
    options.flags = flags;
    options.url = borrow(url.view());
    options.header = borrow(header.view());
    jobqueue_content_type answer = JOBQUEUE_CONTENT_TYPE_INIT;
    std::int32_t changed = 0;
    const bool succeeded = call_with_output(lean_, changed, [&](jobqueue_buffer* out, auto* flag) {
      const jobqueue_status status = jobqueue_detect_content_type(
          &answer, out, head.view().data(), head.view().size(), &options, &error_);
      if (status == JOBQUEUE_OK) *flag = 1;
      return status;
    });
    require(succeeded == (flags < 4), "unknown flags are refused, and nothing else");
    require(succeeded == (answer.media_type[0] != '\0'), "an answer, or none");
  }

  void restore(choices& in) {
    constexpr std::uint64_t limits[] = {1ULL << 32U, 0, 100, 10000};
    jobqueue_restore_options options = JOBQUEUE_RESTORE_OPTIONS_INIT;
    if ((in.nibble() & 1U) != 0) options.flags = JOBQUEUE_RESTORE_KEEP_MISSING;
    options.max_output_bytes = in.pick(limits);
    std::int32_t changed = 0;
    call_with_output(restored_, changed, [&](jobqueue_buffer* out, auto* flag) {
      return jobqueue_restore_base64(out, flag, view(lean_).data(), view(lean_).size(), vault_,
                                     &options, &error_);
    });
    if (changed == 1) {
      require(restored_.size <= options.max_output_bytes, "the output is not larger than allowed");
    }
  }

  void put(const std::string& blob) {
    const jobqueue_status status =
        jobqueue_vault_put(digest_.data(), vault_, blob.data(), blob.size(), &error_);
    check(status);
    require((status == JOBQUEUE_OK) == ((blobs_.faults & blobs::put_fails) == 0),
            "put fails when its callback does");
    if (status == JOBQUEUE_OK) size_ = blob.size();
  }

  void get(const digest_bytes& digest, std::uint64_t size) {
    std::int32_t changed = 0;
    const bool found = call_with_output(restored_, changed, [&](jobqueue_buffer* out, auto* flag) {
      const jobqueue_status status = jobqueue_vault_get(out, vault_, digest.data(), size, &error_);
      if (status == JOBQUEUE_OK) *flag = 1;
      return status;
    });
    const auto kept = blobs_.kept.find(digest);
    const bool is_kept = kept != blobs_.kept.end() && kept->second.size() == size;
    const bool tells_the_truth = (blobs_.faults & (blobs::get_fails | blobs::get_lies)) == 0;
    require(found == (is_kept && tells_the_truth), "what is kept is found, and nothing else");
    if (found) require(view(restored_) == kept->second, "what is found is what was put");
  }

  void sync() {
    const jobqueue_status status = jobqueue_vault_sync(vault_, &error_);
    check(status);
    require((status == JOBQUEUE_OK) == ((blobs_.faults & blobs::sync_fails) == 0),
            "sync fails when its callback does");
  }

  // Seals a text, or what is in the buffer that the output replaces.
  void seal(choices& in) {
    const exact_text text((in.nibble() & 1U) != 0 ? std::string(view(lean_)) : read_text(in));
    const jobqueue_attestation_head before = head_;
    std::int32_t changed = 0;
    const bool is_sealed = call_with_output(lean_, changed, [&](jobqueue_buffer* out, auto* flag) {
      const jobqueue_status status = jobqueue_attestation_signer_seal(
          out, &head_, signer_, text.view().data(), text.view().size(), &error_);
      if (status == JOBQUEUE_OK) *flag = 1;
      return status;
    });
    require(head_.sequence == before.sequence + (is_sealed ? 1 : 0), "a head moves with a record");
    if (!is_sealed) {
      require(std::string_view(head_.digest) == before.digest, "or not at all");
      return;
    }
    jobqueue_attestation_head again = JOBQUEUE_ATTESTATION_HEAD_INIT;
    expect(jobqueue_attestation_verifier_head(&again, verifier_, lean_.data, lean_.size, &error_),
           JOBQUEUE_OK);
    require(std::string_view(again.digest) == head_.digest, "a record has its head");
  }

  // Verifies what is in the buffer, after the head and alone; the report goes elsewhere.
  void verify(choices& in) {
    const jobqueue_string record = borrow(view(lean_));
    jobqueue_attestation_options options = JOBQUEUE_ATTESTATION_OPTIONS_INIT;
    const std::string head = read_text(in);
    options.expected_head = borrow(head);
    if ((in.nibble() & 1U) != 0) options.after = &head_;
    const jobqueue_status status =
        jobqueue_attestation_verifier_verify(&restored_, verifier_, &record, 1, &options, &error_);
    check(status);
    check_buffer(restored_);
    if (status == JOBQUEUE_E_INVALID_ARGUMENT) return;
    require(view(restored_).starts_with(status == JOBQUEUE_OK ? R"({"ok":true)" : R"({"ok":false)"),
            "the report says what the status says");
  }

  void assign(const std::string& text) {
    require(jobqueue_buffer_assign(&lean_, text.data(), text.size()) == JOBQUEUE_OK,
            "a buffer takes any bytes");
    check_buffer(lean_);
    require(view(lean_) == text, "a buffer has what was assigned");
    const std::size_t half = text.size() / 2;
    require(jobqueue_buffer_assign(&lean_, lean_.data + half, text.size() - half) == JOBQUEUE_OK,
            "a buffer takes a part of itself");
    check_buffer(lean_);
    require(view(lean_) == std::string_view(text).substr(half), "which is that part");
  }

  void call_wrongly(unsigned which) {
    jobqueue_sanitize_options options = JOBQUEUE_SANITIZE_OPTIONS_INIT;
    jobqueue_value_context context = JOBQUEUE_VALUE_CONTEXT_INIT;
    const jobqueue_string short_name{"ab", 2};
    std::int32_t changed = 0;
    const std::string content(view(lean_));
    switch (which) {
      case 0: options.flags = 1U << 31U; break;
      case 1: options.format = 4; break;
      case 2: options.cut_field_count = 1; break;
      case 3: options.protect_field_count = 1; break;
      case 4: options.min_run_chars = 31; break;
      case 5: options.min_unknown_chars = 99; break;
      case 6: options.max_depth = 17; break;
      case 7: options.cut_fields = &short_name, options.cut_field_count = 1; break;
      case 8: context.neighbour_count = 1; break;
      case 9: context.struct_size = 0; break;
      case 10:
        expect(jobqueue_sanitize_base64(nullptr, &changed, "", 0, nullptr, &error_),
               JOBQUEUE_E_INVALID_ARGUMENT);
        return;
      case 11:
        expect(jobqueue_sanitize_base64(&lean_, nullptr, "", 0, nullptr, &error_),
               JOBQUEUE_E_INVALID_ARGUMENT);
        return;
      case 12:
        expect(jobqueue_sanitize_base64(&lean_, &changed, nullptr, 1, nullptr, &error_),
               JOBQUEUE_E_INVALID_ARGUMENT);
        return;
      case 13:
        expect(jobqueue_restore_base64(&lean_, &changed, "", 0, nullptr, nullptr, &error_),
               JOBQUEUE_E_INVALID_ARGUMENT);
        return;
      case 14: {
        jobqueue_vault* none = nullptr;
        const jobqueue_vault_callbacks callbacks = JOBQUEUE_VAULT_CALLBACKS_INIT;
        expect(jobqueue_vault_from_callbacks(&none, &callbacks, &error_),
               JOBQUEUE_E_INVALID_ARGUMENT);
        require(none == nullptr, "there is no vault without callbacks");
        return;
      }
      default:
        require(jobqueue_buffer_assign(&lean_, nullptr, 1) == JOBQUEUE_E_INVALID_ARGUMENT,
                "a buffer takes no null pointer");
        jobqueue_vault_free(nullptr);
        jobqueue_buffer_dispose(nullptr);
        return;
    }
    expect(jobqueue_sanitize_base64_value(&lean_, &changed, "x", 1, &context, &options, &error_),
           JOBQUEUE_E_INVALID_ARGUMENT);
    require(view(lean_) == content, "a refused call leaves the buffer as it was");
  }

  blobs blobs_;
  jobqueue_vault* vault_ = nullptr;
  jobqueue_attestation_signer* signer_ = nullptr;
  jobqueue_attestation_verifier* verifier_ = nullptr;
  jobqueue_attestation_head head_ = JOBQUEUE_ATTESTATION_HEAD_INIT;
  jobqueue_buffer lean_ = JOBQUEUE_BUFFER_INIT;
  jobqueue_buffer restored_ = JOBQUEUE_BUFFER_INIT;
  jobqueue_error error_{};
  digest_bytes digest_{};
  std::uint64_t size_ = 0;
};

}  // namespace
}  // namespace jobqueue::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  jobqueue::fuzz::choices in(data, size);
  jobqueue::fuzz::machine().run(in);
  return 0;
}
