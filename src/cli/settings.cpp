#include "cli/settings.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "cli/files.hpp"
#include "core/json_text.hpp"

namespace jobqueue::cli {
namespace {

std::string option_of(std::string_view name) {
  std::string option = "--" + std::string(name);
  std::replace(option.begin(), option.end(), '_', '-');
  return option;
}

std::string variable_of(std::string_view name) {
  std::string variable = "JOBQUEUE_" + std::string(name);
  for (char& c : variable) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return variable;
}

error invalid(std::string message) {
  return {errc::invalid_argument, no_offset, std::move(message)};
}

}  // namespace

void settings::add_to(CLI::App& app) {
  for (const setting& one : known_) {
    std::string help(one.help);
    if (!one.value.empty() && !one.is_flag) help += " (default " + std::string(one.value) + ")";
    const std::string name(one.name);
    if (one.is_flag) {
      app.add_flag_callback(
          option_of(one.name), [this, name] { given_[name] = "true"; }, help);
    } else {
      app.add_option_function<std::string>(
          option_of(one.name), [this, name](const std::string& value) { given_[name] = value; },
          help);
    }
  }
  app.add_option("--config", config_,
                 "A JSON object with any of these settings, by their names with _ for -");
}

status settings::read_file(const std::string& file) {
  const auto text = read_input(file);
  if (!text) return text.problem();
  const auto members = detail::check_json_members(*text);
  if (members.empty() && text->find_first_not_of(" \t\r\n{}") != std::string::npos) {
    return invalid(file + " is no JSON object");
  }
  for (const detail::json_member& one : members) {
    const auto known = std::find_if(known_.begin(), known_.end(), [&](const setting& candidate) {
      return candidate.name == one.name;
    });
    // Views of the members are of the text.
    const auto at = static_cast<std::size_t>(one.value.data() - text->data());
    const std::string place =
        file + ", line " +
        std::to_string(
            1 + std::count(text->begin(), text->begin() + static_cast<std::ptrdiff_t>(at), '\n'));
    if (known == known_.end()) return invalid(place + ": there is no setting '" + one.name + "'");
    if (one.value.starts_with('{') || one.value.starts_with('[') || one.value == "null") {
      return invalid(place + ": " + one.name + " is a text, a number, true or false");
    }
    std::string value(one.value);
    if (value.starts_with('"')) {
      value.clear();
      detail::unescape_json(one.value.substr(1, one.value.size() - 2), value);
    }
    if (known->is_flag && value != "true" && value != "false") {
      return invalid(place + ": " + one.name + " is true or false");
    }
    values_[one.name] = std::move(value);
  }
  return done;
}

status settings::read() {
  values_.clear();
  for (const setting& one : known_) values_[std::string(one.name)] = one.value;
  std::string file = config_;
  if (const char* const named = std::getenv("JOBQUEUE_CONFIG"); file.empty() && named != nullptr) {
    file = named;
  }
  if (!file.empty()) {
    if (status was_read = read_file(file); !was_read) return was_read;
  }
  for (const setting& one : known_) {
    const char* const value = std::getenv(variable_of(one.name).c_str());
    if (value != nullptr && *value != 0) values_[std::string(one.name)] = value;
  }
  for (const auto& [name, value] : given_) values_[name] = value;
  return done;
}

const std::string& settings::text(std::string_view name) const {
  return values_.find(name)->second;
}

result<std::uint64_t> settings::number(std::string_view name) const {
  const std::string& value = text(name);
  std::uint64_t number = 0;
  const auto [end, failed] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (failed == std::errc() && end == value.data() + value.size()) return number;
  return invalid(option_of(name) + " is a number, and not '" + value + "'");
}

result<std::chrono::seconds> settings::duration(std::string_view name) const {
  auto read = parse_duration(text(name));
  if (read) return read;
  return invalid(option_of(name) + ": " + read.problem().message);
}

std::vector<std::string> settings::list(std::string_view name) const {
  std::vector<std::string> all;
  std::string_view rest = text(name);
  while (!rest.empty()) {
    const std::string_view one = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), one.size() + 1));
    if (!one.empty()) all.emplace_back(one);
  }
  return all;
}

std::string settings::to_json() const {
  std::string json = "{";
  for (const setting& one : known_) {
    if (json.size() > 1) json += ',';
    detail::append_json_string(json, one.name);
    json += ':';
    if (one.is_flag) {
      json += flag(one.name) ? "true" : "false";
    } else {
      detail::append_json_string(json, text(one.name));
    }
  }
  return json + '}';
}

result<std::vector<std::string>> read_secret_lines(const std::string& variable,
                                                   const std::string& file) {
  std::string text;
  const char* const value = std::getenv(variable.c_str());
  if (file.empty() && value != nullptr) {
    text = value;
  } else if (!file.empty()) {
    auto read = read_input(file);
    if (!read) return read.problem();
    text = std::move(*read);
  }
  std::vector<std::string> all;
  std::string_view rest = text;
  while (!rest.empty()) {
    std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty()) all.emplace_back(line);
  }
  return all;
}

}  // namespace jobqueue::cli
