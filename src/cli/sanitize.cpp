#include <algorithm>
#include <array>
#include <chrono>
#include <iomanip>
#include <iostream>
#include <memory>
#include <optional>
#include <sstream>
#include <vector>

#include <nlohmann/json.hpp>

#include <jobqueue/base64.hpp>
#include <jobqueue/vault.hpp>

#include "cli/command.hpp"
#include "cli/files.hpp"

namespace jobqueue::cli {
namespace {

using json = nlohmann::ordered_json;

constexpr std::chrono::milliseconds progress_interval{200};

class measuring_spool final : public blob_spool {
 public:
  status append(std::span<const std::byte> /*piece*/) override { return done; }
  status keep(const sha256_digest& /*digest*/) override { return done; }
};

// What --check measures with: references are as long as they would be, and nothing is kept.
class measuring_store final : public blob_store {
 public:
  status put(const sha256_digest& /*digest*/, std::span<const std::byte> /*blob*/) override {
    return done;
  }
  result<std::string> get(const sha256_digest& /*digest*/, std::uint64_t /*size*/) const override {
    return error{errc::blob_missing, no_offset, "nothing is kept"};
  }
  result<std::unique_ptr<blob_spool>> open_spool() override {
    return std::unique_ptr<blob_spool>(std::make_unique<measuring_spool>());
  }
};

struct sanitize_command {
  std::vector<std::string> files;
  std::string output;
  bool in_place = false;
  bool check = false;
  std::string vault_directory;
  std::string report_file;
  bool report_kept = false;
  bool naive = false;
  std::string format = "auto";
  bool as_json = false;
  bool quiet = false;
  bool min_unknown_given = false;
  std::vector<std::string> cut_fields;
  std::vector<std::string> protect_fields;
  sanitize_options options;

  int run();

 private:
  struct file_answer {
    std::string file;
    std::uint64_t bytes_in = 0;
    std::uint64_t bytes_out = 0;
    bool changed = false;
  };

  int prepare();
  int sanitize_files();
  int sanitize_file(const std::string& file);
  int stream_file(const std::string& file);
  status stream(input_file& input, const std::string& file, file_answer& answer);
  status give_out(std::string_view lean, bool cut);
  void count(const sanitized& answer);
  void add_to_report(const std::string& file, const sanitized& answer);
  int finish(int code);
  void print_table(std::ostream& out) const;
  [[nodiscard]] json summary() const;

  std::unique_ptr<vault> vault_;
  measuring_store measuring_store_;
  std::string report_;
  std::string whole_output_;                  // of all files, where they go to one place
  std::optional<output_file> stream_output_;  // unless it has been written piece by piece
  std::vector<file_answer> answers_;
  std::array<blob_totals, blob_class_count> classes_{};
  blob_totals all_;
};

// Invalid UTF-8 (of a file name, of a key) becomes U+FFFD, as JSON has no other way.
std::string dump_line(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace) + '\n';
}

int sanitize_command::prepare() {
  if (files.empty()) files = {"-"};
  if (in_place && (!output.empty() || check)) {
    say("--in-place goes with neither --output nor --check");
    return exit_usage;
  }
  if (check && !output.empty()) {
    say("--check writes no output; leave out --output");
    return exit_usage;
  }
  if (in_place && std::find(files.begin(), files.end(), "-") != files.end()) {
    say("--in-place needs files; standard input has no place");
    return exit_usage;
  }
  if (report_file == "-" && output.empty() && !in_place && !check) {
    say("--report - and the data would mix on standard output; use --output for one of them");
    return exit_usage;
  }
  if (!report_file.empty() && report_file != "-" &&
      (report_file == output ||
       (in_place && std::find(files.begin(), files.end(), report_file) != files.end()))) {
    say("the report would replace the output; give it another name");
    return exit_usage;
  }
  if (std::count(files.begin(), files.end(), "-") > 1) {
    say("standard input can be read only once");
    return exit_usage;
  }
  if (const status chosen = choose_simd(options.simd); !chosen) {
    return report_problem("JOBQUEUE_SIMD", chosen.problem());
  }
  if (!min_unknown_given) {
    options.min_unknown_chars = std::max(options.min_unknown_chars, options.min_run_chars);
  }
  options.mode = naive ? detection::naive : detection::verified;
  constexpr std::array<std::string_view, 4> formats{"auto", "json", "ndjson", "text"};
  options.format = static_cast<document_format>(std::find(formats.begin(), formats.end(), format) -
                                                formats.begin());
  options.cut_fields = cut_fields;
  options.protect_fields = protect_fields;
  options.report = !report_file.empty();
  options.report_kept = report_kept;
  options.sync_store = false;
  if (!vault_directory.empty() && check) {
    options.store = &measuring_store_;
  } else if (!vault_directory.empty()) {
    auto opened = open_directory_vault(vault_directory, {.create = true});
    if (!opened) return report_problem({}, opened.problem());
    vault_ = *std::move(opened);
    options.store = vault_.get();
  }
  return exit_done;
}

void sanitize_command::count(const sanitized& answer) {
  const auto add = [](blob_totals& to, const blob_totals& more) {
    to.count += more.count;
    to.bytes_before += more.bytes_before;
    to.bytes_after += more.bytes_after;
  };
  for (std::size_t i = 0; i < classes_.size(); ++i) {
    add(classes_[i], answer.by_class[i]);
    add(all_, answer.by_class[i]);
  }
}

void sanitize_command::add_to_report(const std::string& file, const sanitized& answer) {
  if (report_file.empty()) return;
  auto kept = answer.kept.begin();
  const auto add_kept_before = [&](std::uint64_t offset) {
    for (; kept != answer.kept.end() && kept->offset < offset; ++kept) {
      report_ += dump_line({{"file", file},
                            {"action", "kept"},
                            {"offset", kept->offset},
                            {"size", kept->size},
                            {"reason", to_string(kept->reason)}});
    }
  };
  for (const blob_cut& cut : answer.cuts) {
    add_kept_before(cut.offset);
    json line{{"file", file}, {"action", "cut"}};
    line["pointer"] = cut.has_pointer ? json(cut.pointer) : json(nullptr);
    if (options.format == document_format::ndjson) line["line"] = cut.line;
    line["offset"] = cut.offset;
    line["size"] = cut.size;
    line["decoded_size"] = cut.decoded_size;
    line["form"] = to_string(cut.form);
    line["class"] = to_string(cut.kind);
    line["media_type"] = cut.media_type;
    line["evidence"] = to_string(cut.evidence);
    line["encoding"] = to_string(cut.encoding);
    line["sha256"] = cut.digest.hex();
    report_ += dump_line(line);
  }
  add_kept_before(no_offset);
}

int sanitize_command::sanitize_file(const std::string& file) {
  const auto input = read_input(file);
  if (!input) return report_problem(name_of_input(file), input.problem());
  const auto answer = sanitize_base64(*input, options);
  if (!answer) return report_problem(name_of_input(file), answer.problem());
  const std::string_view lean = answer->view(*input);
  if (check) {
    // Only counted.
  } else if (in_place) {
    if (answer->changed) {
      if (const status synced = vault_ ? vault_->sync() : status(done); !synced) {
        return report_problem(name_of_input(file), synced.problem());
      }
      if (const status written = write_output(file, lean, file); !written) {
        return report_problem({}, written.problem());
      }
    }
  } else {
    // Documents of files whose last line does not end must not run together.
    if (options.format == document_format::ndjson && !whole_output_.empty() &&
        whole_output_.back() != '\n') {
      whole_output_ += '\n';
    }
    whole_output_.append(lean);
  }
  count(*answer);
  add_to_report(file, *answer);
  answers_.push_back({file, input->size(), lean.size(), answer->changed});
  return exit_done;
}

// One input that need not be checked before any of it is given out.
int sanitize_command::stream_file(const std::string& file) {
  auto input = input_file::open(file);
  if (!input) return report_problem(name_of_input(file), input.problem());
  if (!check) {
    auto opened = output_file::open(output);
    if (!opened) return report_problem({}, opened.problem());
    stream_output_.emplace(*std::move(opened));
  }
  file_answer answer{file};
  const status streamed = stream(*input, file, answer);
  answers_.push_back(answer);
  if (streamed) return exit_done;
  const int code = report_problem(name_of_input(file), streamed.problem());
  if (stream_output_ && stream_output_->is_direct()) say("the output is not complete");
  return code;
}

status sanitize_command::stream(input_file& input, const std::string& file, file_answer& answer) {
  base64_sanitizer sanitizer(options);
  std::vector<char> piece(std::size_t{1} << 18);
  std::string lean;
  progress line("sanitizing");
  line.show("1/1 " + name_of_input(file));
  auto shown = std::chrono::steady_clock::now();
  bool cut = false;
  for (bool last = false; !last;) {
    const auto got = input.read(piece);
    if (!got) return got.problem();
    last = *got == 0;
    lean.clear();
    status taken = last ? sanitizer.finish(lean) : sanitizer.update({piece.data(), *got}, lean);
    if (!taken) return taken;
    answer.bytes_in += *got;
    answer.bytes_out += lean.size();
    sanitized report = sanitizer.take_report();
    cut = cut || report.cut_count != all_.count;
    all_.count = report.cut_count;
    add_to_report(file, report);
    if (!lean.empty()) {
      if (status given = give_out(lean, cut); !given) return given;
      cut = false;
    }
    if (last) {
      all_ = {};
      count(report);
      answer.changed = report.changed;
    }
    if (const auto now = std::chrono::steady_clock::now(); now - shown > progress_interval) {
      shown = now;
      line.show("1/1 " + name_of_input(file) + ", " + human_size(answer.bytes_in) + ", " +
                std::to_string(report.cut_count) + " blobs");
    }
  }
  return done;
}

// Blobs first: what is given out may refer to them if there was a `cut`.
status sanitize_command::give_out(std::string_view lean, bool cut) {
  if (!stream_output_) return done;
  if (cut && vault_ && stream_output_->is_direct()) {
    if (status synced = vault_->sync(); !synced) return synced;
  }
  return stream_output_->write(lean);
}

json sanitize_command::summary() const {
  json by_class = json::object();
  for (std::size_t i = 0; i < classes_.size(); ++i) {
    if (classes_[i].count == 0) continue;
    by_class[std::string(to_string(static_cast<blob_class>(i)))] = {
        {"blobs", classes_[i].count},
        {"bytes", classes_[i].bytes_before},
        {"bytes_after", classes_[i].bytes_after}};
  }
  std::uint64_t in = 0;
  std::uint64_t out = 0;
  std::uint64_t changed = 0;
  for (const file_answer& answer : answers_) {
    in += answer.bytes_in;
    out += answer.bytes_out;
    changed += answer.changed ? 1 : 0;
  }
  return {{"files", answers_.size()}, {"files_changed", changed}, {"blobs", all_.count},
          {"bytes_before", in},       {"bytes_after", out},       {"by_class", by_class}};
}

void sanitize_command::print_table(std::ostream& out) const {
  std::uint64_t before = 0;
  std::uint64_t after = 0;
  for (const file_answer& answer : answers_) {
    before += answer.bytes_in;
    after += answer.bytes_out;
  }
  if (all_.count == 0) {
    out << "no blobs found in " << human_size(before) << '\n';
    return;
  }
  const auto row = [&](std::string_view name, const blob_totals& totals) {
    out << std::left << std::setw(11) << name << std::right << std::setw(7) << totals.count
        << std::setw(12) << human_size(totals.bytes_before) << std::setw(12)
        << human_size(totals.bytes_after) << '\n';
  };
  out << "class        blobs      before       after\n";
  for (std::size_t i = 0; i < classes_.size(); ++i) {
    if (classes_[i].count != 0) row(to_string(static_cast<blob_class>(i)), classes_[i]);
  }
  row("all", all_);
  out << human_size(before) << (check ? " would become " : " became ") << human_size(after);
  if (before != 0) {
    out << " (" << std::fixed << std::setprecision(1)
        << 100.0 * static_cast<double>(before - after) / static_cast<double>(before) << " % less)";
  }
  out << '\n';
}

// Blobs first, then the output that refers to them. Files in place have been written by now. Where
// several inputs make one output, one bad input means that nothing is written, the report neither.
int sanitize_command::finish(int code) {
  const bool to_one_place = !in_place && !check;
  if (to_one_place && code != exit_done) {
    if (files.size() > 1) say("nothing was written, because not all inputs could be read");
    return code;
  }
  if (vault_) {
    if (const status synced = vault_->sync(); !synced) return report_problem({}, synced.problem());
  }
  if (!report_file.empty()) {
    if (const status written = write_output(report_file, report_); !written) {
      return report_problem({}, written.problem());
    }
  }
  if (to_one_place) {
    const status written =
        stream_output_ ? stream_output_->commit() : write_output(output, whole_output_);
    if (!written) {
      return report_problem({}, written.problem());
    }
  }
  const bool stdout_is_data = to_one_place && (output.empty() || output == "-");
  if (as_json && (stdout_is_data || report_file == "-")) {
    std::cerr << dump_line(summary());
  } else if (as_json) {
    if (const status written = write_output({}, dump_line(summary())); !written) {
      return report_problem({}, written.problem());
    }
  } else if (!quiet && !answers_.empty()) {
    print_table(std::cerr);
  }
  return code == exit_done && check && all_.count != 0 ? exit_no : code;
}

int sanitize_command::run() {
  if (const int code = prepare(); code != exit_done) return code;
  return finish(sanitize_files());
}

int sanitize_command::sanitize_files() {
  const bool whole =
      options.format == document_format::json || options.format == document_format::ndjson;
  if (files.size() == 1 && !in_place && !whole) return stream_file(files[0]);
  int code = exit_done;
  progress line("sanitizing");
  for (std::size_t i = 0; i < files.size(); ++i) {
    line.show(std::to_string(i + 1) + "/" + std::to_string(files.size()) + " " +
              name_of_input(files[i]) + ", " + std::to_string(all_.count) + " blobs, " +
              human_size(all_.bytes_before));
    // One bad file does not keep the others from being done, but it decides the exit code.
    code = std::max(code, sanitize_file(files[i]));
  }
  return code;
}

}  // namespace

void add_sanitize(CLI::App& program, std::function<int()>& run) {
  auto command = std::make_shared<sanitize_command>();
  CLI::App* app = program.add_subcommand("sanitize", "Cut base64 blobs out of JSON or text");
  app->footer(
      "Without --vault what is cut is gone. With it, 'jobqueue restore' gives the input back.\n"
      "The report has one JSON object a line: file, action, pointer, offset, size, decoded_size,\n"
      "form, class, media_type, evidence, encoding, sha256.\n"
      "Examples:\n"
      "  jobqueue sanitize job.json --vault blobs -o lean.json\n"
      "  redis-cli --raw get job:42 | jobqueue sanitize --report cuts.ndjson\n"
      "  jobqueue sanitize --in-place --vault blobs dumps/*.json\n"
      "  jobqueue sanitize --check fixtures/*.json      exits with 1 if there is a blob");
  app->add_option("FILE", command->files,
                  "Files to read; none or - is standard input. The outputs\n"
                  "of several are written one after the other");
  app->add_option("-o,--output", command->output, "Where to write; standard output if not given");
  app->add_flag("--in-place", command->in_place, "Replace each file that changes by its output");
  app->add_flag("--check", command->check, "Write nothing; exit with 1 if anything would be cut");
  app->add_option("--vault", command->vault_directory,
                  "Directory to keep the blobs in; made if it does not exist");
  app->add_option("--report", command->report_file, "File for one JSON object for each cut");
  app->add_flag("--report-kept", command->report_kept,
                "Report also what was looked at and left alone, with the reason")
      ->needs("--report");
  app->add_flag("--naive", command->naive,
                "Cut every run of base64 characters as a regex would, without verifying it");
  app->add_option("--format", command->format,
                  "auto takes any bytes; json and ndjson refuse what is not (exit code 3)")
      ->check(CLI::IsMember({"auto", "json", "ndjson", "text"}))
      ->capture_default_str();
  app->add_option("--min-run", command->options.min_run_chars,
                  "Least number of base64 characters in a row; at least 32")
      ->capture_default_str();
  app->add_option("--min-unknown", command->options.min_unknown_chars,
                  "The same where the bytes are of no known kind")
      ->capture_default_str();
  app->add_option("--cut-field", command->cut_fields,
                  "Name of a member whose whole value is base64; may be repeated")
      ->allow_extra_args(false);
  app->add_option("--protect-field", command->protect_fields,
                  "Name of a member whose value is never touched; may be repeated")
      ->allow_extra_args(false);
  app->add_flag("--cut-protected", command->options.cut_protected,
                "Cut also tokens, keys, signatures and payloads that other programs need");
  app->add_flag("--json", command->as_json,
                "Summary as JSON, on standard output if the data does not go there");
  app->add_flag("-q,--quiet", command->quiet, "No summary");
  app->callback([command, app, &run] {
    command->min_unknown_given = app->count("--min-unknown") != 0;
    run = [command] { return command->run(); };
  });
}

}  // namespace jobqueue::cli
