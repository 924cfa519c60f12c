// The instruction sets that this CPU can run, the scalar code first.
#pragma once

#include <cstdint>
#include <vector>

#include <jobqueue/base64.hpp>

namespace jobqueue::test {

inline const std::vector<simd_target>& simd_targets() {
  static const std::vector<simd_target> found = [] {
    std::vector<simd_target> runnable;
    auto value = static_cast<std::uint8_t>(simd_target::scalar);
    for (; value <= static_cast<std::uint8_t>(simd_target::neon); ++value) {
      const auto target = static_cast<simd_target>(value);
      if (parse_simd_target(to_string(target))) runnable.push_back(target);
    }
    return runnable;
  }();
  return found;
}

}  // namespace jobqueue::test
