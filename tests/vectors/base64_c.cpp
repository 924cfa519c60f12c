// Replays the vectors of base64 through the C ABI: of the library only jobqueue.h is used.
#include <cstring>
#include <map>

#include <jobqueue/jobqueue.h>

#include "vectors/base64_runner.hpp"

namespace {

using namespace jobqueue::vectors;

// What a buffer holds that a call must leave as it was.
constexpr std::string_view before = "as it was before";

std::string text_of(jobqueue_string text) { return {text.data, text.size}; }

std::string hex_of(const std::uint8_t* digest) {
  static constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (int i = 0; i < 32; ++i) {
    out += digits[digest[i] >> 4U];
    out += digits[digest[i] & 15U];
  }
  return out;
}

std::uint32_t format_of(const std::string& name) {
  if (name == "json") return JOBQUEUE_FORMAT_JSON;
  if (name == "ndjson") return JOBQUEUE_FORMAT_NDJSON;
  if (name == "text") return JOBQUEUE_FORMAT_TEXT;
  if (name == "auto") return JOBQUEUE_FORMAT_AUTO;
  throw bad_vector_file("no format is called " + name);
}

// The list of names as the ABI wants it; the texts stay where they are.
std::vector<jobqueue_string> borrow(const std::vector<std::string>& names) {
  std::vector<jobqueue_string> list;
  for (const std::string& name : names) list.push_back({name.data(), name.size()});
  return list;
}

extern "C" {
jobqueue_status put_blob(void* payload, const std::uint8_t* digest, const void* blob,
                         std::size_t size) {
  auto& blobs = *static_cast<std::map<std::string, std::string>*>(payload);
  blobs[hex_of(digest)] = std::string(static_cast<const char*>(blob), size);
  return JOBQUEUE_OK;
}

jobqueue_status get_blob(void* payload, jobqueue_buffer* out, const std::uint8_t* digest,
                         std::uint64_t) {
  const auto& blobs = *static_cast<std::map<std::string, std::string>*>(payload);
  const auto found = blobs.find(hex_of(digest));
  if (found == blobs.end()) return JOBQUEUE_E_BLOB_MISSING;
  return jobqueue_buffer_assign(out, found->second.data(), found->second.size());
}

void add_cut(void* payload, const jobqueue_cut* cut) {
  static_cast<answer*>(payload)->cuts.push_back(
      {{"offset", cut->offset},
       {"size", cut->size},
       {"decoded_size", cut->decoded_size},
       {"form", text_of(cut->form)},
       {"class", text_of(cut->blob_class)},
       {"media_type", text_of(cut->media_type)},
       {"evidence", text_of(cut->evidence)},
       {"encoding", text_of(cut->encoding)},
       {"pointer", cut->has_pointer != 0 ? json(text_of(cut->pointer)) : json()},
       {"line", cut->line},
       {"sha256", hex_of(cut->sha256)}});
}

void add_kept(void* payload, const jobqueue_kept* kept) {
  static_cast<answer*>(payload)->kept.push_back(
      {{"offset", kept->offset}, {"size", kept->size}, {"reason", text_of(kept->reason)}});
}
}

class c_face final : public face {
 public:
  c_face() {
    jobqueue_vault_callbacks callbacks = JOBQUEUE_VAULT_CALLBACKS_INIT;
    callbacks.payload = &blobs_;
    callbacks.put = &put_blob;
    callbacks.get = &get_blob;
    require(jobqueue_vault_from_callbacks(&vault_, &callbacks, nullptr));
  }
  ~c_face() override {
    jobqueue_buffer_dispose(&buffer_);
    jobqueue_vault_free(vault_);
  }

  // The library reads JOBQUEUE_SIMD by itself.
  std::optional<std::string> choose_target(const std::string& wanted) override {
    jobqueue_error error;
    std::int32_t changed = 0;
    const jobqueue_status status =
        jobqueue_sanitize_base64(&buffer_, &changed, "", 0, nullptr, &error);
    if (status == JOBQUEUE_E_INVALID_ARGUMENT && std::strstr(error.message, "JOBQUEUE_SIMD")) {
      return std::nullopt;
    }
    require(status);
    std::string target = jobqueue_simd_target();
    if (!wanted.empty() && target != wanted) throw bad_vector_file("the library uses " + target);
    return target;
  }

  answer sanitize(std::string_view input, const json& given, report with_report,
                  vault with_vault) override {
    const auto cut_names = given.value("cut_fields", std::vector<std::string>{});
    const auto protect_names = given.value("protect_fields", std::vector<std::string>{});
    const auto cut_fields = borrow(cut_names);
    const auto protect_fields = borrow(protect_names);
    jobqueue_sanitize_options options = JOBQUEUE_SANITIZE_OPTIONS_INIT;
    options.min_run_chars = given.value("min_run_chars", options.min_run_chars);
    options.min_unknown_chars = given.value("min_unknown_chars", options.min_unknown_chars);
    if (given.value("naive", false)) options.flags |= JOBQUEUE_SANITIZE_NAIVE;
    if (given.value("cut_protected", false)) options.flags |= JOBQUEUE_SANITIZE_CUT_PROTECTED;
    options.format = format_of(given.value("format", "auto"));
    options.cut_fields = cut_fields.data();
    options.cut_field_count = cut_fields.size();
    options.protect_fields = protect_fields.data();
    options.protect_field_count = protect_fields.size();
    if (with_vault == vault::yes) options.vault = vault_;
    answer out;
    if (with_report == report::yes) {
      options.on_cut = &add_cut;
      options.on_kept = &add_kept;
      options.payload = &out;
    }
    call(out, [&](std::int32_t& changed, jobqueue_error& error) {
      return jobqueue_sanitize_base64(&buffer_, &changed, input.data(), input.size(), &options,
                                      &error);
    });
    return out;
  }

  answer restore(std::string_view input, const json& given) override {
    jobqueue_restore_options options = JOBQUEUE_RESTORE_OPTIONS_INIT;
    if (given.value("keep_missing", false)) options.flags |= JOBQUEUE_RESTORE_KEEP_MISSING;
    options.max_output_bytes = given.value("max_output_bytes", options.max_output_bytes);
    answer out;
    call(out, [&](std::int32_t& changed, jobqueue_error& error) {
      return jobqueue_restore_base64(&buffer_, &changed, input.data(), input.size(), vault_,
                                     &options, &error);
    });
    return out;
  }

  void clear_vault() override { blobs_.clear(); }
  std::size_t objects_in_vault() override { return blobs_.size(); }
  void put(std::string_view object) override {
    std::uint8_t digest[32];
    require(jobqueue_vault_put(digest, vault_, object.data(), object.size(), nullptr));
  }

 private:
  static void require(jobqueue_status status) {
    if (status != JOBQUEUE_OK) throw bad_vector_file(jobqueue_status_name(status));
  }

  template <class Function>
  void call(answer& out, Function function) {
    require(jobqueue_buffer_assign(&buffer_, before.data(), before.size()));
    jobqueue_error error;
    std::int32_t changed = -1;
    const jobqueue_status status = function(changed, error);
    const std::string_view buffer(buffer_.data, buffer_.size);
    if (status != JOBQUEUE_OK) {
      out.error_code = jobqueue_status_name(status);
      if (error.status != status) out.error_code += ", but the error says another";
      if (error.offset != JOBQUEUE_NO_OFFSET) out.error_offset = error.offset;
    } else {
      out.changed = changed == 1;
      if (changed != 0 && changed != 1) out.error_code = "`changed` was not set";
      if (out.changed) out.text = buffer;
      if (buffer_.data[buffer_.size] != '\0') out.error_code = "no NUL behind the output";
    }
    if (!out.changed && buffer != before) out.error_code += "the buffer is not as it was";
  }

  std::map<std::string, std::string> blobs_;
  jobqueue_vault* vault_ = nullptr;
  jobqueue_buffer buffer_ = JOBQUEUE_BUFFER_INIT;
};

}  // namespace

int main(int argc, char** argv) {
  c_face face;
  return run_vectors(face, argc, argv);
}
