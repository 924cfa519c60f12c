// `jobqueue evaluate --db`: the evaluator as a program.
#pragma once

#include <string>

#include <jobqueue/service/evaluator.hpp>

#include "cli/store.hpp"

namespace jobqueue::cli {

struct evaluate_store_options {
  store_choice store;
  evaluator_options evaluator;
  std::string every;  // a duration; empty: once
  bool once = false;
  std::string now;  // of one run; the clock's if empty
  bool explain = false;
  bool json = false;
};

[[nodiscard]] int evaluate_store(const ruleset& rules, const evaluate_store_options& options);

}  // namespace jobqueue::cli
