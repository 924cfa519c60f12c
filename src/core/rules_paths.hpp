// Finding the facts of a record: paths, and the reader that follows all of them in one pass.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <jobqueue/rules.hpp>

#include "core/json_index.hpp"
#include "core/rules_program.hpp"

namespace jobqueue::detail {

struct path_step {
  path_node::step by = path_node::step::member;
  std::string name;
  std::uint32_t index = 0;
  friend bool operator==(const path_step&, const path_step&) = default;
};

// The steps of a path in the subset of JSONPath that rules have: `$.a.b[0].c[-1]["d e"]`. None if
// it is not one.
[[nodiscard]] std::optional<std::vector<path_step>> read_path(std::string_view text);

// "data.outputs[0].src"
[[nodiscard]] std::string describe_path(std::string_view column,
                                        const std::vector<path_step>& steps);

// What is wrong with JSON that is no record.
[[nodiscard]] error no_record(std::size_t offset);

// Puts the facts of one record into `values`, which has a place for each.
class fact_finder {
 public:
  explicit fact_finder(const rules_program& program) : program_(program) {}

  // A record, which is an object. False if it is no valid JSON.
  [[nodiscard]] bool find_in_record(std::string_view json, std::vector<fact_value>& values);
  // A record that begins in an array at `at`, the last token that `index` gave. Behind it; `at` if
  // it is no valid JSON.
  [[nodiscard]] std::size_t find_in_element(json_index& index, std::string_view array,
                                            std::size_t at, std::vector<fact_value>& values);
  // A column of a record, and what is in it if it is JSON. `column` is its node.
  void look_into_column(std::uint32_t column, const fact_value& value,
                        std::vector<fact_value>& values);
  // A column of a database that is JSON, but neither an object nor an array: what it stands for.
  [[nodiscard]] fact_value read_scalar(const fact_value& value);
  // Strings that had escapes, from the last record on, are forgotten, and `values` emptied.
  void forget(std::vector<fact_value>& values);

 private:
  struct level {
    bool is_object;
    std::uint32_t index;       // of the next element
    std::size_t active_begin;  // in `active_`: the nodes that this container is at
    std::size_t json_begin;
  };

  bool find_whole(std::string_view json, std::uint32_t node, std::vector<fact_value>& values);
  std::size_t find(json_index& index, std::string_view json, std::size_t begin, std::uint32_t node,
                   std::vector<fact_value>& values);
  void look_into_columns(std::vector<fact_value>& values);
  bool read_name(std::size_t& at, std::string_view& name);
  bool read_value(std::size_t at, std::vector<fact_value>& values);
  [[nodiscard]] fact_value keep_text(std::string_view content);
  [[nodiscard]] bool read_plain(std::size_t at, fact_value& value) const noexcept;
  void leave(std::size_t end, std::vector<fact_value>& values);
  void activate_children(const level& outer, std::string_view name, std::uint32_t index);

  // The next token of `json_`: false if there is none.
  bool next(std::size_t& at) {
    at = index_->next();
    return at < json_.size();
  }

  const rules_program& program_;
  std::string_view json_;
  json_index own_index_;  // of a text that is read as a whole
  json_index* index_ = &own_index_;
  std::vector<level> levels_;
  std::vector<std::uint32_t> active_;
  std::size_t value_active_ = 0;  // the nodes that the next value is at begin here in `active_`
  std::string key_;
  std::vector<std::unique_ptr<std::string>> texts_;
  std::vector<std::pair<std::uint32_t, fact_value>> columns_of_text_;
};

}  // namespace jobqueue::detail
