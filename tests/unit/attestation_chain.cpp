// Records in a chain: what is sealed, to the byte, and every way in which a chain is not what was
// sealed. The digests were computed with Python's hashlib and hmac.
#include <jobqueue/attestation.hpp>

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/exact_text.hpp"

namespace jobqueue {
namespace {

using fault = attestation_fault;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::string_view secret = "s3cret";
constexpr std::string_view zeros =
    "0000000000000000000000000000000000000000000000000000000000000000";
constexpr std::string_view digest_1 =
    "77e641986dcc7616245dafe2e12813729a473dea7e9723790b16ca75f50f1237";
constexpr std::string_view digest_2 =
    "ddc4b8b709f47c33664b4bdbc98dabfef59f1100ffe21639e37e3fe25dd09586";
constexpr std::string_view digest_3 =
    "f2b5c4f8becb0b39a6d585e68eed966c8db9057fcf932ef940cd527201c12002";
constexpr std::string_view record_1 =
    R"({"status":"failed","retry_count":1,"attestation_chain":{"sequence":1,)"
    R"("previous":"0000000000000000000000000000000000000000000000000000000000000000",)"
    R"("digest":"77e641986dcc7616245dafe2e12813729a473dea7e9723790b16ca75f50f1237",)"
    R"("hmac":"d464696b35a1fb1b01e761384bf2d350c25d40f8b1be7ec34ca4f72a9d5f9f45"}})";
constexpr std::string_view record_2 =
    R"({"status":"completed","attestation_chain":{"sequence":2,)"
    R"("previous":"77e641986dcc7616245dafe2e12813729a473dea7e9723790b16ca75f50f1237",)"
    R"("digest":"ddc4b8b709f47c33664b4bdbc98dabfef59f1100ffe21639e37e3fe25dd09586",)"
    R"("hmac":"c01aad520d4c3badd80112e67c9c4292b8874544e66f426a17191d517644f990"}})";
constexpr std::string_view record_3 =
    R"({ "attestation_chain":{"sequence":3,)"
    R"("previous":"ddc4b8b709f47c33664b4bdbc98dabfef59f1100ffe21639e37e3fe25dd09586",)"
    R"("digest":"f2b5c4f8becb0b39a6d585e68eed966c8db9057fcf932ef940cd527201c12002",)"
    R"("hmac":"9d68d6eb7777231c074d5a1e19027b34c03f4e6049c3a593a745106ca92fc5da"}})";

attestation_signer signer(std::string_view with = secret) {
  return attestation_signer::create(with).value();
}

result<sealed_attestation> seal(std::string_view record, const attestation_head& previous = {}) {
  const test::exact_text exact(record);
  return signer().seal(exact.view(), previous);
}

// Records are in blocks of their size.
attestation_report verify(const std::vector<std::string>& records,
                          const attestation_expectation& known = {},
                          std::string_view with = secret) {
  std::vector<test::exact_text> exact(records.begin(), records.end());
  std::vector<std::string_view> views;
  for (const auto& one : exact) views.push_back(one.view());
  return attestation_verifier::create(with).value().verify(views, known).value();
}

// "index reason" of each problem.
std::vector<std::string> problems(const std::vector<std::string>& records,
                                  const attestation_expectation& known = {}) {
  std::vector<std::string> words;
  for (const auto& one : verify(records, known).problems) {
    words.push_back(std::to_string(one.index) + " " + std::string(to_string(one.reason)));
  }
  return words;
}

const std::vector<std::string>& chain() {
  static const std::vector<std::string> records = {std::string(record_1), std::string(record_2),
                                                   std::string(record_3)};
  return records;
}

// Those of the chain by their numbers.
std::vector<std::string> only(std::initializer_list<std::size_t> numbers) {
  std::vector<std::string> records;
  for (const std::size_t number : numbers) records.push_back(chain().at(number - 1));
  return records;
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos);
  return text.replace(at, from.size(), to);
}

TEST(attestation_chain, seals_to_the_byte) {
  const auto first = seal(R"({"status":"failed","retry_count":1})").value();
  EXPECT_EQ(first.text, record_1);
  EXPECT_EQ(first.head, (attestation_head{1, std::string(digest_1)}));
  const auto second = seal(R"({"status":"completed"})", first.head).value();
  EXPECT_EQ(second.text, record_2);
  const auto third = seal("{ }", second.head).value();
  EXPECT_EQ(third.text, record_3);
  EXPECT_EQ(third.head, (attestation_head{3, std::string(digest_3)}));
  // White space around a record is no part of it.
  EXPECT_EQ(seal("\xEF\xBB\xBF \r\n{ }\t\n", second.head)->text,
            "\xEF\xBB\xBF \r\n" + std::string(record_3) + "\t\n");
}

TEST(attestation_chain, keeps_every_other_byte) {
  for (const std::string_view record :
       {"{}", "{\n}", R"({"a":1})", "{\"a\" : 1.0e+2 ,\n\"a\":\"\\u00e9\\/\" \n}",
        R"({"x\"attestation_chain":{"attestation_chain":"}"}})", "{\"a\":[[[{}]]]}\r\n"}) {
    const auto sealed = seal(record).value();
    const std::size_t begin = sealed.text.rfind("\"attestation_chain\":{\"sequence\":1,");
    const std::size_t end = sealed.text.rfind('}');
    const bool has_comma = sealed.text[begin - 1] == ',';
    EXPECT_EQ(sealed.text.substr(0, begin - (has_comma ? 1 : 0)) + sealed.text.substr(end), record);
    EXPECT_TRUE(verify({sealed.text}).ok()) << sealed.text;
  }
}

TEST(attestation_chain, seals_objects_only) {
  const struct {
    std::string_view record;
    errc code;
    std::uint64_t offset;
  } rows[] = {
      {"", errc::invalid_json, 0},
      {"[]", errc::invalid_json, 0},
      {" \"a\"", errc::invalid_json, 1},
      {R"({"a":})", errc::invalid_json, 5},
      {"{\"a\":\"\xff\"}", errc::invalid_utf8, 6},
      {"{} {}", errc::invalid_json, 3},
      {record_1, errc::invalid_argument, no_offset},
      {R"({"a":1,"attestation_chain":null})", errc::invalid_argument, no_offset},
      {R"({"\u0061ttestation_\u0063hain":1})", errc::invalid_argument, no_offset},
  };
  for (const auto& row : rows) {
    const auto sealed = seal(row.record);
    ASSERT_FALSE(sealed) << row.record;
    EXPECT_EQ(sealed.problem().code, row.code) << row.record;
    EXPECT_EQ(sealed.problem().offset, row.offset) << row.record;
  }
  EXPECT_TRUE(seal(R"({"a":{"attestation_chain":1}})"));
}

TEST(attestation_chain, places_that_are_none) {
  const std::string digest(digest_1);
  for (const attestation_head& head :
       {attestation_head{1, ""}, attestation_head{1, digest + "0"},
        attestation_head{1, "A" + digest.substr(1)}, attestation_head{0, digest},
        attestation_head{max_attestation_sequence + 1, digest}}) {
    EXPECT_EQ(seal("{}", head).problem().code, errc::invalid_argument);
    const auto report = attestation_verifier::create(secret)->verify({}, {.after = head});
    EXPECT_EQ(report.problem().code, errc::invalid_argument);
  }
  EXPECT_EQ(seal("{}", {max_attestation_sequence, digest}).problem().code, errc::invalid_argument);
  const auto last = seal("{}", {max_attestation_sequence - 1, digest}).value();
  EXPECT_EQ(last.head.sequence, 9'007'199'254'740'991U);
  EXPECT_TRUE(verify({last.text}, {.after = {max_attestation_sequence - 1, digest}}).ok());
  const auto head = attestation_verifier::create(secret)->verify({}, {.expected_head = "abc"});
  EXPECT_EQ(head.problem().code, errc::invalid_argument);
  const auto count = attestation_verifier::create(secret)->verify(
      {}, {.expected_count = max_attestation_sequence + 1});
  EXPECT_EQ(count.problem().code, errc::invalid_argument);
}

TEST(attestation_chain, a_chain_that_is_whole) {
  const auto report =
      verify(chain(), {.expected_head = std::string(digest_3), .expected_count = 3});
  EXPECT_TRUE(report.ok());
  EXPECT_EQ(report.count, 3U);
  EXPECT_EQ(report.head, (attestation_head{3, std::string(digest_3)}));
  EXPECT_EQ(to_json(report), R"({"ok":true,"count":3,"head":{"sequence":3,"digest":")" +
                                 std::string(digest_3) + R"("},"problems":[]})");
  EXPECT_TRUE(verify({}).ok());
  EXPECT_EQ(verify({}).head, attestation_head());
  // A part of one, behind what is known.
  EXPECT_TRUE(
      verify(only({2, 3}), {.after = {1, std::string(digest_1)}, .expected_count = 3}).ok());
}

TEST(attestation_chain, edited_records) {
  const auto edited = [](std::string_view from, std::string_view to) {
    auto records = chain();
    records[1] = replaced(records[1], from, to);
    return problems(records);
  };
  EXPECT_THAT(edited("completed", "completeD"), ElementsAre("1 digest_mismatch"));
  EXPECT_THAT(edited("{\"", "{ \""), ElementsAre("1 digest_mismatch"));
  EXPECT_THAT(edited("\"completed\"", "\"completed\",\"attestation_chain\":1"),
              ElementsAre("1 digest_mismatch"));
  // Who has no secret can make the digest, but not the HMAC; what he claims counts for nothing.
  EXPECT_THAT(edited("\"c01aad", "\"c01aae"), ElementsAre("1 hmac_mismatch", "2 sequence_gap"));
  EXPECT_THAT(edited("\"ddc4", "\"edc4"),
              ElementsAre("1 digest_mismatch", "1 hmac_mismatch", "2 sequence_gap"));
  EXPECT_THAT(edited("\"77e6", "\"87e6"), ElementsAre("1 digest_mismatch", "2 sequence_gap"));
  EXPECT_THAT(edited(":2,", ":9,"), ElementsAre("1 digest_mismatch", "2 sequence_gap"));
  const auto forged = attestation_signer::create("another")
                          ->seal(R"({"status":"completed"})", {1, std::string(digest_1)})
                          .value();
  EXPECT_THAT(problems({chain()[0], forged.text, chain()[2]}),
              ElementsAre("1 hmac_mismatch", "2 sequence_gap"));
  EXPECT_THAT(problems({chain()[0], forged.text, chain()[1], chain()[2]}),
              ElementsAre("1 hmac_mismatch"));
}

TEST(attestation_chain, records_that_are_missing_or_moved) {
  EXPECT_THAT(problems(only({1, 3})), ElementsAre("1 sequence_gap"));
  EXPECT_THAT(problems(only({2, 3})), ElementsAre("0 sequence_gap"));
  EXPECT_THAT(problems(only({2, 1, 3})), ElementsAre("0 sequence_gap", "1 out_of_order"));
  EXPECT_THAT(problems(only({1, 3, 2})), ElementsAre("1 sequence_gap", "2 out_of_order"));
  EXPECT_THAT(problems(only({1, 1, 2, 3})), ElementsAre("1 duplicate"));
  EXPECT_THAT(problems(only({1, 2, 3, 1})), ElementsAre("3 duplicate"));
  EXPECT_THAT(problems(only({1, 3, 2, 2})),
              ElementsAre("1 sequence_gap", "2 out_of_order", "3 duplicate"));
  EXPECT_THAT(problems(only({1, 2}), {.after = {1, std::string(digest_1)}}),
              ElementsAre("0 duplicate"));
  const auto gap = verify(only({1, 3})).problems.at(0);
  EXPECT_EQ(gap.sequence, 3U);
  EXPECT_EQ(gap.expected, 2U);
  EXPECT_EQ(verify(only({1, 3})).count, 1U);
}

TEST(attestation_chain, two_writers_behind_the_same_record) {
  const auto other = seal(R"({"status":"other"})", {1, std::string(digest_1)}).value();
  const auto behind = seal("{}", other.head).value();
  EXPECT_THAT(problems({chain()[0], chain()[1], other.text, chain()[2]}), ElementsAre("2 fork"));
  EXPECT_THAT(problems({chain()[0], other.text, chain()[2]}), ElementsAre("2 previous_mismatch"));
  EXPECT_THAT(problems({chain()[0], chain()[1], behind.text}), ElementsAre("2 previous_mismatch"));
}

TEST(attestation_chain, the_newest_are_missing_or_more_than_expected) {
  const auto expects = [](std::string_view head, std::optional<std::uint64_t> count) {
    attestation_expectation known;
    known.expected_head = head;
    known.expected_count = count;
    return known;
  };
  EXPECT_THAT(problems(only({1, 2})), IsEmpty());
  EXPECT_THAT(problems(only({1, 2}), expects({}, 3)), ElementsAre("2 truncated"));
  EXPECT_THAT(problems(only({1, 2}), expects(digest_3, {})), ElementsAre("2 truncated"));
  EXPECT_THAT(problems(only({1, 2}), expects(digest_3, 3)), ElementsAre("2 truncated"));
  EXPECT_THAT(problems(only({1, 2}), expects(digest_3, 2)), ElementsAre("2 truncated"));
  EXPECT_THAT(problems(only({1, 2}), expects(digest_1, {})), ElementsAre("2 beyond_head"));
  EXPECT_THAT(problems(only({1, 2}), expects({}, 1)), ElementsAre("2 beyond_head"));
  EXPECT_THAT(problems(only({1, 2}), expects(zeros, {})), ElementsAre("2 beyond_head"));
  EXPECT_THAT(problems({}, expects(zeros, 0)), IsEmpty());
  EXPECT_THAT(problems({}, expects({}, 1)), ElementsAre("0 truncated"));
}

TEST(attestation_chain, records_without_a_chain) {
  EXPECT_THAT(problems({"{}", chain()[0], R"({"a":"attestation_chain"})", chain()[1], chain()[2]}),
              ElementsAre("0 unchained", "2 unchained"));
  for (const std::string_view record : {"", "x", "[]", "{", "{}}", "{\"a\":\"\xff\"}"}) {
    EXPECT_THAT(problems({std::string(record)}), ElementsAre("0 malformed")) << record;
  }
  // A record printed anew, as jsonb does, a chain of another form, or one in another place.
  const std::string digits(64, '0');
  const std::string claim = R"({"sequence":1,"previous":")" + digits + R"(","digest":")" + digits +
                            R"(","hmac":")" + digits + R"("})";
  for (const std::string& record : {
           std::string(R"({"attestation_chain":null})"),
           std::string(R"({"attestation_chain":{}})"),
           R"({"attestation_chain":)" + claim + R"(,"a":1})",
           R"({"a":1, "attestation_chain":)" + claim + "}",
           R"({"a":1,"attestation_chain": )" + claim + "}",
           R"({"a":1,"attestation_chain":)" + claim + " }",
           R"({"attestation\u005fchain":)" + claim + "}",
           replaced(R"({"attestation_chain":)" + claim + "}", ":1,", ":0,"),
           replaced(R"({"attestation_chain":)" + claim + "}", ":1,", ":1.0,"),
           replaced(R"({"attestation_chain":)" + claim + "}", ":1,", ":9007199254740992,"),
           replaced(R"({"attestation_chain":)" + claim + "}", ":1,", ":99999999999999999999,"),
           replaced(R"({"attestation_chain":)" + claim + "}", ":\"0", ":\"A"),
           replaced(R"({"attestation_chain":)" + claim + "}", ":\"0", ":\""),
       }) {
    EXPECT_THAT(problems({record}), ElementsAre("0 chain_malformed")) << record;
  }
  for (const std::string& record : {
           R"({"a":{"attestation_chain":)" + claim + "}}",
           R"({"x\"attestation_chain":)" + claim + "}",
       }) {
    EXPECT_THAT(problems({record}), ElementsAre("0 unchained")) << record;
  }
}

// No bit of a chain can be another one.
TEST(attestation_chain, every_edit_of_one_byte_is_detected) {
  const auto verifier = attestation_verifier::create(secret).value();
  std::size_t edits = 0;
  for (std::size_t record = 0; record < chain().size(); ++record) {
    auto records = chain();
    const std::string whole = records[record];
    const auto expect_detected = [&](const std::string& edited) {
      records[record] = edited;
      const std::vector<std::string_view> views(records.begin(), records.end());
      EXPECT_FALSE(verifier.verify(views)->ok()) << edited;
      ++edits;
    };
    for (std::size_t at = 0; at < whole.size(); ++at) {
      for (unsigned byte = 0; byte < 256; ++byte) {
        if (static_cast<char>(byte) == whole[at]) continue;
        std::string edited = whole;
        edited[at] = static_cast<char>(byte);
        expect_detected(edited);
      }
      expect_detected(std::string(whole).erase(at, 1));
      // White space around a record is the only edit that means nothing.
      for (const char added : std::string_view(" ,\"0}a{\n")) {
        if (at == 0 && (added == ' ' || added == '\n')) continue;
        if (whole[at] != added) expect_detected(std::string(whole).insert(at, 1, added));
      }
    }
  }
  EXPECT_GT(edits, 200'000U);
  for (const std::string_view space : {" ", "\t", "\r", "\n"}) {
    EXPECT_TRUE(verify({std::string(space) + chain()[0], chain()[1] + std::string(space)}).ok());
  }
}

TEST(attestation_chain, secrets) {
  for (const std::string& bad : {std::string(), std::string(" \n"), std::string(4097, 's')}) {
    EXPECT_EQ(attestation_signer::create(bad).problem().code, errc::secret_invalid);
    EXPECT_EQ(attestation_verifier::create(bad).problem().code, errc::secret_invalid);
  }
  const std::vector<std::string_view> none;
  EXPECT_EQ(attestation_verifier::create(none).problem().code, errc::invalid_argument);
  const std::vector<std::string_view> many(33, "s");
  EXPECT_EQ(attestation_verifier::create(many).problem().code, errc::invalid_argument);
  // While secrets are rotated, records of one chain are sealed by several.
  const auto next = signer("new").seal("{}", {3, std::string(digest_3)}).value();
  const std::vector<std::string_view> both = {"new", secret};
  const std::vector<std::string_view> records = {record_1, record_2, record_3, next.text};
  EXPECT_TRUE(verify_attestation_chain(records, both)->ok());
  EXPECT_EQ(verify_attestation_chain(records, std::vector<std::string_view>{"new"})->count, 0U);
}

TEST(attestation_chain, goes_on_behind_a_record) {
  const auto verifier = attestation_verifier::create(secret).value();
  EXPECT_EQ(verifier.head_of(record_2).value(), (attestation_head{2, std::string(digest_2)}));
  const auto code = [&](const std::string& record) {
    return verifier.head_of(record).problem().code;
  };
  EXPECT_EQ(code("[]"), errc::invalid_json);
  EXPECT_EQ(code("{\"\xff\":1}"), errc::invalid_utf8);
  EXPECT_EQ(code("{}"), errc::signature_missing);
  EXPECT_EQ(code(R"({"attestation_chain":1})"), errc::signature_malformed);
  EXPECT_EQ(code(replaced(chain()[1], "completed", "failed")), errc::signature_mismatch);
  EXPECT_EQ(code(replaced(chain()[1], "\"c01aad", "\"c01aae")), errc::signature_mismatch);
}

TEST(attestation_chain, a_problem_is_described) {
  for (unsigned i = 0; i <= static_cast<unsigned>(fault::beyond_head); ++i) {
    const auto reason = static_cast<fault>(i);
    EXPECT_NE(to_string(reason), "");
    // It fits into the error of C.
    const auto words = describe_attestation_problem(
        {max_attestation_sequence, reason, max_attestation_sequence, max_attestation_sequence});
    EXPECT_LT(words.size(), 240U) << words;
    EXPECT_GT(words.size(), 20U);
  }
  EXPECT_EQ(describe_attestation_problem({1, fault::sequence_gap, 3, 2}),
            "record 2 of those given comes too early: records before it are missing (its number is "
            "3, and 2 was due)");
  EXPECT_EQ(to_string(static_cast<fault>(12)), "");
  EXPECT_EQ(to_json(verify({"{}", "[]"})),
            R"({"ok":false,"count":0,"head":{"sequence":0,"digest":")" + std::string(zeros) +
                R"("},"problems":[{"index":0,"reason":"unchained","sequence":null,"expected":1},)"
                R"({"index":1,"reason":"malformed","sequence":null,"expected":1}]})");
}

TEST(attestation_chain, hostile_records) {
  // As deep and as long as memory allows: no function calls itself.
  const std::string deep =
      R"({"a":)" + std::string(1'000'000, '[') + std::string(1'000'000, ']') + "}";
  EXPECT_TRUE(verify({seal(deep)->text}).ok());
  std::string wide = "{";
  for (int i = 0; i < 100'000; ++i) wide += "\"a\":1,";
  wide += "\"b\":2}";
  EXPECT_TRUE(verify({seal(wide)->text}).ok());
}

}  // namespace
}  // namespace jobqueue
