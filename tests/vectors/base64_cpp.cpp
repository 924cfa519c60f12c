// Replays the vectors of base64 through the C++ API.
#include <jobqueue/base64.hpp>

#include "support/memory_store.hpp"
#include "vectors/base64_runner.hpp"

namespace {

using namespace jobqueue;
using vectors::answer;
using vectors::json;

document_format format_of(const std::string& name) {
  if (name == "json") return document_format::json;
  if (name == "ndjson") return document_format::ndjson;
  if (name == "text") return document_format::text;
  if (name == "auto") return document_format::auto_detect;
  throw vectors::bad_vector_file("no format is called " + name);
}

void tell(const error& problem, answer& out) {
  out.error_code = error_name(problem.code);
  if (problem.offset != no_offset) out.error_offset = problem.offset;
}

class cpp_face final : public vectors::face {
 public:
  std::optional<std::string> choose_target(const std::string& wanted) override {
    if (!wanted.empty()) {
      const auto target = parse_simd_target(wanted);
      if (!target) return std::nullopt;
      target_ = *target;
    }
    return std::string(to_string(wanted.empty() ? best_simd_target() : target_));
  }

  answer sanitize(std::string_view input, const json& given, report with_report,
                  vault with_vault) override {
    const auto cut_fields = given.value("cut_fields", std::vector<std::string>{});
    const auto protect_fields = given.value("protect_fields", std::vector<std::string>{});
    sanitize_options options;
    options.min_run_chars = given.value("min_run_chars", options.min_run_chars);
    options.min_unknown_chars = given.value("min_unknown_chars", options.min_unknown_chars);
    if (given.value("naive", false)) options.mode = detection::naive;
    options.format = format_of(given.value("format", "auto"));
    options.cut_fields = cut_fields;
    options.protect_fields = protect_fields;
    options.cut_protected = given.value("cut_protected", false);
    options.store = with_vault == vault::yes ? &store_ : nullptr;
    options.report = with_report == report::yes;
    options.report_kept = options.report;
    options.simd = target_;

    answer out;
    const auto lean = sanitize_base64(input, options);
    if (!lean) {
      tell(lean.problem(), out);
      return out;
    }
    out.changed = lean->changed;
    out.text = lean->text;
    for (const blob_cut& cut : lean->cuts) {
      out.cuts.push_back({{"offset", cut.offset},
                          {"size", cut.size},
                          {"decoded_size", cut.decoded_size},
                          {"form", to_string(cut.form)},
                          {"class", to_string(cut.kind)},
                          {"media_type", cut.media_type},
                          {"evidence", to_string(cut.evidence)},
                          {"encoding", to_string(cut.encoding)},
                          {"pointer", cut.has_pointer ? json(cut.pointer) : json()},
                          {"line", cut.line},
                          {"sha256", cut.digest.hex()}});
    }
    for (const blob_kept& kept : lean->kept) {
      out.kept.push_back(
          {{"offset", kept.offset}, {"size", kept.size}, {"reason", to_string(kept.reason)}});
    }
    return out;
  }

  answer restore(std::string_view input, const json& given) override {
    restore_options options;
    options.keep_missing = given.value("keep_missing", false);
    options.max_output_bytes = given.value("max_output_bytes", options.max_output_bytes);
    answer out;
    const auto restored = restore_base64(input, store_, options);
    if (!restored) {
      tell(restored.problem(), out);
      return out;
    }
    out.changed = restored->changed;
    out.text = restored->text;
    out.restored = restored->restored_count;
    out.missing = restored->missing_count;
    return out;
  }

  void clear_vault() override { store_.blobs.clear(); }
  std::size_t objects_in_vault() override { return store_.blobs.size(); }
  void put(std::string_view object) override {
    store_.blobs[sha256(std::as_bytes(std::span(object.data(), object.size())))] = object;
  }

 private:
  test::memory_store store_;
  simd_target target_ = simd_target::best;
};

}  // namespace

int main(int argc, char** argv) {
  cpp_face face;
  return vectors::run_vectors(face, argc, argv);
}
