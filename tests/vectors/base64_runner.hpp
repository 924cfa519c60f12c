// Replays the vectors of base64 through one face of the library: C++ or C. What is expected is the
// same for both, so that it stands here; a face only calls.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "vectors/vector_file.hpp"

namespace jobqueue::vectors {

// What a face has answered. `cuts` and `kept` are arrays of objects as the vectors have them.
struct answer {
  std::string error_code;  // empty: no error
  std::optional<std::uint64_t> error_offset;
  bool changed = false;
  std::string text;  // the output, where something has changed
  json cuts = json::array();
  json kept = json::array();
  json restored;  // null where the face does not tell
  json missing;
};

class face {
 public:
  enum class report : bool { no, yes };
  enum class vault : bool { no, yes };

  face() = default;
  face(const face&) = delete;
  face& operator=(const face&) = delete;
  virtual ~face() = default;

  // The instruction set in use; or nothing if this CPU cannot run `wanted`. "": the best.
  virtual std::optional<std::string> choose_target(const std::string& wanted) = 0;
  // `options` as the vectors have them: members that are not there have their default.
  virtual answer sanitize(std::string_view input, const json& options, report with_report,
                          vault with_vault) = 0;
  virtual answer restore(std::string_view input, const json& options) = 0;
  // The vault of all calls.
  virtual void clear_vault() = 0;
  virtual std::size_t objects_in_vault() = 0;
  virtual void put(std::string_view object) = 0;
};

class runner {
 public:
  explicit runner(face& tested) : face_(tested) {}

  int run(const std::vector<std::string>& files) {
    const char* wanted = std::getenv("JOBQUEUE_SIMD");
    const std::string name = wanted != nullptr ? wanted : "";
    const std::set<std::string> known{"", "scalar", "sse4", "avx2", "avx3", "avx3_dl", "neon"};
    if (!known.contains(name)) throw bad_vector_file("JOBQUEUE_SIMD names nothing: " + name);
    const auto target = face_.choose_target(name);
    if (!target) {
      std::cout << "NOT RUN on " << name << ": this CPU cannot run it\n";
      return 0;
    }
    for (const std::string& path : files) {
      const vector_file file = load(path);
      for (const vector_case& vector : file.cases) {
        name_ = vector.name;
        file.kind == "sanitize" ? check_sanitize(vector) : check_restore(vector);
      }
      std::cout << file.cases.size() << " vectors of "
                << std::filesystem::path(path).filename().string() << " on " << *target << ", "
                << failures_ << " failures\n";
    }
    return failures_ == 0 ? 0 : 1;
  }

 private:
  using report = face::report;
  using vault = face::vault;

  // A copy in a block of the exact size, so that a read behind the end is found.
  class exact_copy {
   public:
    explicit exact_copy(std::string_view text) : data_(new char[text.size()]), size_(text.size()) {
      text.copy(data_.get(), size_);
    }
    [[nodiscard]] std::string_view view() const { return {data_.get(), size_}; }

   private:
    std::unique_ptr<char[]> data_;
    std::size_t size_;
  };

  void check_sanitize(const vector_case& vector) {
    const exact_copy input(vector.input);
    face_.clear_vault();
    const answer plain = face_.sanitize(input.view(), vector.options, report::no, vault::no);
    expect_outcome("the output", plain, vector.expect);
    const answer told = face_.sanitize(input.view(), vector.options, report::yes, vault::no);
    expect_outcome("the output with a report", told, vector.expect);
    const answer kept = face_.sanitize(input.view(), vector.options, report::no, vault::yes);
    if (!vector.expect.error_code.empty()) {
      expect_outcome("the output with a vault", kept, vector.expect);
      expect_equal("objects in the vault", face_.objects_in_vault(), std::size_t{0});
      return;
    }
    expect_equal("the number of cuts", told.cuts.empty(), vector.expect.unchanged);
    expect_entries("cut", told.cuts, vector.cuts);
    expect_entries("kept", told.kept, vector.kept);
    if (vector.with_vault) expect_outcome("the output with a vault", kept, *vector.with_vault);
    expect_equal("objects in the vault", face_.objects_in_vault() == 0, !kept.changed);

    // Only a reference that the input itself holds may be missing.
    const exact_copy lean(kept.changed ? kept.text : vector.input);
    const answer restored = face_.restore(lean.view(), {{"keep_missing", true}});
    expect_equal("the error of restoring", restored.error_code, std::string());
    expect_equal("what is restored", restored.changed ? restored.text : std::string(lean.view()),
                 vector.input);

    const exact_copy once(plain.changed ? plain.text : vector.input);
    expect_equal("sanitising twice",
                 face_.sanitize(once.view(), vector.options, report::no, vault::no).changed, false);
    expect_equal("sanitising twice with a vault",
                 face_.sanitize(lean.view(), vector.options, report::no, vault::yes).changed,
                 false);
  }

  void check_restore(const vector_case& vector) {
    face_.clear_vault();
    for (const std::string& object : vector.objects) face_.put(object);
    const exact_copy input(vector.input);
    const answer restored = face_.restore(input.view(), vector.options);
    expect_outcome("the output", restored, vector.expect);
    if (!vector.restored.is_null() && !restored.restored.is_null()) {
      expect_equal("restored", restored.restored, vector.restored);
    }
    if (!vector.missing.is_null() && !restored.missing.is_null()) {
      expect_equal("missing", restored.missing, vector.missing);
    }
  }

  void expect_outcome(std::string_view what, const answer& is, const outcome& wanted) {
    if (is.error_code != wanted.error_code || is.error_offset != wanted.error_offset) {
      fail(what, describe(is.error_code, is.error_offset),
           describe(wanted.error_code, wanted.error_offset));
      return;
    }
    if (!wanted.error_code.empty()) return;
    const bool changed = !wanted.unchanged;
    if (is.changed != changed) {
      fail(what, is.changed ? excerpt(is.text, 0) : "unchanged",
           changed ? excerpt(wanted.output, 0) : "unchanged");
    } else if (changed) {
      expect_equal(what, is.text, wanted.output);
    }
  }

  // What a vector does not say of an entry may be anything.
  void expect_entries(const std::string& what, const json& are, const json& wanted) {
    if (wanted.is_null()) return;
    if (are.size() != wanted.size()) return fail("all " + what, are.dump(), wanted.dump());
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      json is = json::object();
      for (const auto& [key, value] : wanted[i].items()) is[key] = are[i].at(key);
      expect_equal(what + " " + std::to_string(i), is, wanted[i]);
    }
  }

  template <class T>
  void expect_equal(std::string_view what, const T& is, const T& wanted) {
    if (is != wanted) fail(what, json(is).dump(), json(wanted).dump());
  }
  void expect_equal(std::string_view what, const std::string& is, const std::string& wanted) {
    if (is == wanted) return;
    std::size_t at = 0;
    while (at < is.size() && at < wanted.size() && is[at] == wanted[at]) ++at;
    fail(std::string(what) + " from byte " + std::to_string(at), excerpt(is, at),
         excerpt(wanted, at));
  }

  void fail(std::string_view what, std::string_view is, std::string_view wanted) {
    ++failures_;
    std::cout << "FAILED " << name_ << ": " << what << "\n  is     " << is << "\n  wanted "
              << wanted << '\n';
  }
  static std::string excerpt(const std::string& text, std::size_t at) {
    constexpr std::size_t enough = 120;
    const json part = text.substr(at > enough / 4 ? at - enough / 4 : 0, enough);
    return part.dump(-1, ' ', true, json::error_handler_t::replace);
  }
  static std::string describe(const std::string& code, std::optional<std::uint64_t> offset) {
    if (code.empty()) return "no error";
    return code + (offset ? " at byte " + std::to_string(*offset) : " without an offset");
  }

  face& face_;
  std::string name_;
  unsigned failures_ = 0;
};

// What `main` of a runner does: the arguments are vector files.
inline int run_vectors(face& tested, int argc, char** argv) {
  try {
    return runner(tested).run(std::vector<std::string>(argv + 1, argv + argc));
  } catch (const std::exception& problem) {
    std::cout << "FAILED: " << problem.what() << '\n';
    return 1;
  }
}

}  // namespace jobqueue::vectors
