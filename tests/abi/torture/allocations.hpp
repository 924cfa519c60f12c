// The allocator of a test program and of all its shared libraries: it counts, and fails on demand.
#pragma once

#include <cstddef>

namespace allocations {

enum class failure {
  once,      // the allocation of that number only
  from_then  // and every later one
};

// From now on, the allocation of this number (1 is the next) fails. 0: none.
void fail_at(std::size_t number, failure how);
// Whether one has failed since. Ends the failing.
bool has_failed();

// How many blocks are allocated and not freed.
std::size_t live();

}  // namespace allocations
