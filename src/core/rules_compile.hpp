// From the text of a rule set to the program: what the parts of the compiler share.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <jobqueue/rules.hpp>

#include "core/json_tree.hpp"
#include "core/rules_paths.hpp"
#include "core/rules_program.hpp"

namespace jobqueue::detail {

class rules_compiler {
 public:
  rules_compiler(std::string_view text, const ruleset_options& options)
      : text_(text), options_(options) {}

  [[nodiscard]] result<std::shared_ptr<const rules_program>> compile();

 private:
  struct place {
    std::string column;
    std::vector<path_step> steps;
    friend bool operator==(const place&, const place&) = default;
  };
  struct pending_condition {
    std::uint32_t json;
    std::size_t depth;  // containers around it
    std::size_t hops;   // references that led to it
    std::uint32_t closes = no_index;
  };

  // Functions give false after the first problem.
  bool fail(std::uint64_t offset, std::string_view sentence, errc code = errc::ruleset_invalid);

  // rules_compile.cpp: the file
  bool read_set(std::uint32_t root);
  bool read_parameters(std::uint32_t node);
  bool apply_parameter(const std::string& name, const std::string& value);
  bool read_columns(std::uint32_t node);
  bool read_definitions(std::uint32_t node);
  bool read_conditions(std::uint32_t node);
  bool read_rule(std::uint32_t node);
  bool read_verdict(std::uint32_t event, rule_verdict& verdict);
  bool read_details(std::uint32_t node, rule_verdict& verdict);
  bool only_members(std::uint32_t node, std::initializer_list<std::string_view> known);
  [[nodiscard]] std::uint32_t member(std::uint32_t node, std::string_view name) const;
  bool optional_text(std::uint32_t node, std::string_view name, std::string& out);
  bool fact_reference(std::uint32_t node, bool derived_too, std::uint32_t& fact);
  bool fact_by_name(std::uint32_t name_node, std::uint32_t path, bool derived_too,
                    std::uint32_t& out);
  void lay_out_facts();
  void make_digest();

  // rules_compile_conditions.cpp
  bool compile_condition(std::uint32_t node, rule& rule);
  bool open_condition(const pending_condition& opened);
  bool compile_test(std::uint32_t node);
  bool read_operand(std::uint32_t value, rule_test& test);
  bool read_constants(std::uint32_t node, rule_test& test);
  bool check_constants(std::uint32_t node, rule_test& test);
  bool check_rules();
  [[nodiscard]] std::vector<std::string> canonical_parts(const rule& rule) const;

  std::string_view text_;
  const ruleset_options& options_;
  std::vector<json_node> json_;
  std::optional<error> problem_;
  rules_program program_;
  std::vector<place> places_;  // of the facts, in the order in which they came up
  std::map<std::string, std::uint32_t, std::less<>> parameters_;
  std::map<std::string, std::uint32_t, std::less<>> conditions_;
  std::set<std::string, std::less<>> columns_;
  std::vector<pending_condition> pending_;
};

}  // namespace jobqueue::detail
