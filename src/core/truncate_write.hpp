// Writes a document as a plan has it.
#pragma once

#include <string>
#include <vector>

#include <jobqueue/truncate.hpp>

#include "core/truncate_plan.hpp"
#include "core/truncate_tree.hpp"

namespace jobqueue::detail {

// Appends the document to `out`, and to `cuts`, unless it is null, what was done for it.
void write_truncated(const truncate_tree& tree, const truncate_plan& plan, std::string& out,
                     std::vector<truncate_cut>* cuts);

}  // namespace jobqueue::detail
