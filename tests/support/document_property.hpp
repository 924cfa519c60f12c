// What the property tests over whole documents share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "support/random_documents.hpp"

namespace jobqueue::test {

// Its seed is recorded, and told with the document at which a test fails.
class document_property : public ::testing::Test {
 protected:
  document_property() { RecordProperty("seed", std::to_string(seed_)); }

  template <class Make, class Check>
  void for_documents(std::size_t count, Make make, Check check) {
    for (std::size_t i = 0; i < repeated(count) && !HasFailure(); ++i) {
      const std::string text = make();
      // An exactly sized block, so that a read behind the end is found.
      const std::vector<char> exact(text.begin(), text.end());
      SCOPED_TRACE("seed " + std::to_string(seed_) + ", document " + std::to_string(i) + ":\n" +
                   text.substr(0, 6000));
      check(std::string_view(exact.data(), exact.size()));
    }
  }

  const std::uint64_t seed_ = seed_from_environment();
};

}  // namespace jobqueue::test
