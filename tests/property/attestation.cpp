// Random keys and random chains: what is written is read, in one order; what is sealed verifies,
// and nothing near it does.
#include <jobqueue/attestation.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "support/random_documents.hpp"

namespace jobqueue {
namespace {

// Fewer where each takes many times as long.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__OPTIMIZE__)
constexpr std::size_t keys_to_try = 200'000;
#else
constexpr std::size_t keys_to_try = 10'000'000;
#endif

// Numbers by the million: SplitMix64 (Steele, Lea, Flood 2014).
class quick_numbers {
 public:
  explicit quick_numbers(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() noexcept {
    std::uint64_t z = state_ += 0x9E3779B97F4A7C15;
    z = (z ^ z >> 30U) * 0xBF58476D1CE4E5B9;
    z = (z ^ z >> 27U) * 0x94D049BB133111EB;
    return z ^ z >> 31U;
  }
  std::size_t below(std::size_t bound) noexcept { return next() % bound; }

 private:
  std::uint64_t state_;
};

class random_keys {
 public:
  explicit random_keys(std::uint64_t seed) : random_(seed) {}

  // Any key that can be written, at most of today's forms; those of the older ones may be refused.
  void fill(attestation_key& key) {
    const std::uint64_t choice = random_.next();
    key.writer = static_cast<attestation_writer>(choice % 4 < 2 ? 0 : choice % 4 - 1);
    key.kind = static_cast<attestation_kind>(choice >> 2U & 1U);
    key.form = attestation_form::current;
    key.has_step_prefix = false;
    const bool is_old = (choice >> 3U & 7U) == 0;
    if (is_old && key.writer == attestation_writer::worker) {
      key.form = static_cast<attestation_form>(1 + (choice >> 6U & 1U));
      key.has_step_prefix = (choice >> 7U & 1U) != 0;
    } else if (is_old && key.writer == attestation_writer::api) {
      key.kind = attestation_kind::failure;
      key.form = attestation_form::early_failure;
    }
    if (key.writer == attestation_writer::workflow) key.kind = attestation_kind::failure;
    const bool has_workflow = key.writer != attestation_writer::worker ||
                              (key.form != attestation_form::plain && (choice >> 8U & 3U) != 0);
    fill(key.workflow_id, has_workflow);
    fill(key.step_id, key.writer == attestation_writer::worker);
    key.permanent = key.kind == attestation_kind::failure &&
                    key.writer != attestation_writer::api && (choice >> 10U & 3U) == 0;
    key.attempt.reset();
    const bool needs_attempt =
        key.writer == attestation_writer::api && key.kind == attestation_kind::completion;
    const bool may_have_attempt = !key.permanent && key.form != attestation_form::early_failure;
    if (needs_attempt || (may_have_attempt && (choice >> 12U & 3U) != 0)) {
      const unsigned bits = static_cast<unsigned>(choice >> 16U & 63U);
      key.attempt =
          1 + random_.next() % std::min(max_attestation_attempt, std::uint64_t{1} << bits);
    }
  }

 private:
  void fill(std::string& id, bool is_there) {
    static constexpr std::string_view usual =
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_";
    static constexpr std::string_view words[] = {"attempt", "attempt-1", "permanent", "job-id",
                                                 "step-id", "step-",     "job-",      "workflow-"};
    id.clear();
    if (!is_there) return;
    const std::uint64_t choice = random_.next();
    if (choice % 16 == 0) id = words[choice >> 4U & 7U];
    std::size_t chars = 1 + (choice >> 8U & 31U);
    for (std::uint64_t bits = 0; chars-- > 0; bits >>= 6U) {
      if (bits == 0) bits = random_.next();
      id += usual[bits & 63U];
    }
    if (choice >> 60U == 0) id += "\xC3\xA9 /.~";
  }

  quick_numbers random_;
};

TEST(attestation_property, what_is_written_is_read) {
  const std::uint64_t seed = test::seed_from_environment();
  random_keys random(seed);
  attestation_key key;
  std::size_t written = 0;
  for (std::size_t round = 0; round < test::repeated(keys_to_try); ++round) {
    random.fill(key);
    const auto text = format_attestation_key(key);
    if (!text) {
      // Only an older form may have no way to write it.
      ASSERT_NE(key.form, attestation_form::current) << "seed " << seed << ", round " << round;
      continue;
    }
    ++written;
    const auto read = parse_attestation_key(*text);
    ASSERT_TRUE(read && *read == key) << *text << ", seed " << seed << ", round " << round;
  }
  EXPECT_GT(written, test::repeated(keys_to_try) / 10 * 9);
  RecordProperty("written", std::to_string(written));
}

TEST(attestation_property, keys_have_one_order) {
  const std::uint64_t seed = test::seed_from_environment();
  random_keys random(seed);
  std::vector<attestation_key> keys(2000);
  for (attestation_key& key : keys) random.fill(key);
  for (std::size_t i = 0; i + 2 < keys.size(); ++i) {
    const attestation_key& a = keys[i];
    const attestation_key& b = keys[i + 1];
    ASSERT_EQ(a<b, b> a) << "seed " << seed;
    ASSERT_EQ((a <=> b) == 0, a == b) << "seed " << seed;
  }
  std::sort(keys.begin(), keys.end());
  ASSERT_TRUE(std::is_sorted(keys.begin(), keys.end()));
  // Attempts of one workflow are side by side, whoever wrote them.
  for (std::size_t i = 1; i < keys.size(); ++i) {
    ASSERT_LE(keys[i - 1].workflow_id, keys[i].workflow_id);
  }
}

class attestation_chain_property : public testing::Test {
 protected:
  attestation_chain_property() : seed_(test::seed_from_environment()), random_(seed_) {}

  std::string record() {
    std::string text = "{";
    for (std::size_t i = 0, n = random_.below(4); i < n; ++i) {
      text += (i == 0 ? "" : ", ") + std::string("\"m") + std::to_string(i) +
              "\" :" + random_.document(2);
    }
    return text + (random_.one_in(3) ? " }" : "}") + (random_.one_in(4) ? "\n" : "");
  }
  std::vector<std::string> chain(const attestation_signer& signer, attestation_head& head,
                                 std::size_t size) {
    std::vector<std::string> records;
    for (std::size_t i = 0; i < size; ++i) {
      auto sealed = signer.seal(record(), head).value();
      records.push_back(std::move(sealed.text));
      head = std::move(sealed.head);
    }
    return records;
  }

  std::uint64_t seed_;
  test::random_documents random_;
};

attestation_report verify(const attestation_verifier& verifier,
                          const std::vector<std::string>& records,
                          const attestation_expectation& known = {}) {
  return verifier.verify(std::vector<std::string_view>(records.begin(), records.end()), known)
      .value();
}

TEST_F(attestation_chain_property, what_is_sealed_verifies_and_nothing_near_it) {
  const auto signer = attestation_signer::create("one").value();
  const std::vector<std::string_view> secrets = {"two", "one"};
  const auto verifier = attestation_verifier::create(secrets).value();
  for (std::size_t round = 0; round < test::repeated(2000); ++round) {
    attestation_head head;
    const auto whole = chain(signer, head, 2 + random_.below(5));
    const attestation_expectation known = {
        .after = {}, .expected_head = head.digest, .expected_count = head.sequence};
    const auto report = verify(verifier, whole, known);
    ASSERT_TRUE(report.ok()) << to_json(report) << ", seed " << seed_ << ", round " << round;
    ASSERT_EQ(report.head, head);

    auto changed = whole;
    const std::size_t at = random_.below(changed.size());
    switch (random_.below(5)) {
      case 0: {
        // Not the white space behind it, which means nothing.
        std::string& text = changed[at];
        text[random_.below(text.rfind('}') + 1)] ^= static_cast<char>(1U << random_.below(8));
        break;
      }
      case 1: changed.erase(changed.begin() + static_cast<std::ptrdiff_t>(at)); break;
      case 2: std::swap(changed[at], changed[(at + 1) % changed.size()]); break;
      case 3:
        changed.insert(changed.begin() + static_cast<std::ptrdiff_t>(at), changed.back());
        break;
      default: changed.push_back(signer.seal(record(), head)->text); break;
    }
    ASSERT_FALSE(verify(verifier, changed, known).ok())
        << "seed " << seed_ << ", round " << round << ", at " << at;
    // It goes on where a part of it ends.
    const std::size_t part = random_.below(whole.size());
    attestation_expectation behind = known;
    behind.after = part == 0 ? attestation_head() : verifier.head_of(whole[part - 1]).value();
    const std::vector<std::string> rest(whole.begin() + static_cast<std::ptrdiff_t>(part),
                                        whole.end());
    ASSERT_TRUE(verify(verifier, rest, behind).ok());
  }
}

}  // namespace
}  // namespace jobqueue
