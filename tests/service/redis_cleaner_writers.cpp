// The cleaner beside a writer that does everything that a queue does to the same keys. The model is
// what the writer alone would leave: no change of it may be lost, and nothing may come back.
#include <jobqueue/service/redis_cleaner.hpp>

#include <array>
#include <atomic>
#include <deque>
#include <functional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "support/random_documents.hpp"
#include "support/redis_cluster.hpp"
#include "support/redis_samples.hpp"
#include "support/redis_server.hpp"

namespace jobqueue {
namespace {

using detail::redis_command;
using detail::redis_reply;
using test::clean_value;
using test::store_state;
using test::value_with_blob;

using run_one = std::function<redis_reply(const redis_command&)>;

class writer {
 public:
  writer(run_one run, std::uint64_t seed) : run_(std::move(run)), random_(seed) {}

  void write_once() {
    const std::string id = std::to_string(random_() % 12);
    switch (random_() % 10) {
      case 0: set("s:" + id); break;
      case 1: remove("s:" + id); break;
      case 2: expire(id); break;
      case 3: set_field("h:" + id, std::to_string(random_() % 4)); break;
      case 4: count("h:" + id); break;
      case 5: push("l:" + id); break;
      case 6: pop("l:" + id); break;
      case 7: add("m:" + id); break;
      case 8: drop("m:" + id); break;
      default: score("z:" + id);
    }
    ++writes_;
  }

  // What there would be without a cleaner.
  [[nodiscard]] store_state model() const {
    store_state state = model_;
    std::erase_if(state, [](const auto& one) { return one.second.values.empty(); });
    for (auto& [key, one] : state) {
      if (one.type != "list") std::sort(one.values.begin(), one.values.end());
    }
    return state;
  }
  [[nodiscard]] std::uint64_t writes() const noexcept { return writes_; }

 private:
  std::string next_value() { return value_with_blob(++number_, 400); }
  test::key_state& key(const std::string& name, const std::string& type) {
    test::key_state& one = model_[name];
    if (one.values.empty()) one = {type, {}, -1};
    return one;
  }
  std::pair<std::string, std::string>* find(const std::string& name, const std::string& first) {
    for (auto& value : model_[name].values) {
      if (value.first == first) return &value;
    }
    return nullptr;
  }

  void set(const std::string& name) {
    const std::string value = next_value();
    auto& one = key(name, "string");
    one.values = {{value, ""}};
    one.expires = -1;
    run_({"SET", name, value});
  }
  void remove(const std::string& name) {
    model_.erase(name);
    run_({"DEL", name});
  }
  void expire(const std::string& id) {
    const std::string types = "shlmz";
    const std::string name = std::string(1, types[random_() % types.size()]) + ":" + id;
    const auto found = model_.find(name);
    if (found == model_.end() || found->second.values.empty()) return;
    found->second.expires = 4'000'000'000'000 + static_cast<std::int64_t>(random_() % 1'000'000);
    run_({"PEXPIREAT", name, std::to_string(found->second.expires)});
  }
  void set_field(const std::string& name, const std::string& field) {
    const std::string value = next_value();
    auto& one = key(name, "hash");
    if (auto* const known = find(name, field)) {
      known->second = value;
    } else {
      one.values.emplace_back(field, value);
    }
    run_({"HSET", name, field, value});
  }
  void count(const std::string& name) {
    auto& one = key(name, "hash");
    if (find(name, "count") == nullptr) one.values.emplace_back("count", "0");
    auto* const known = find(name, "count");
    known->second = std::to_string(std::stoi(known->second) + 1);
    EXPECT_EQ(run_({"HINCRBY", name, "count", "1"}).integer, std::stoi(known->second));
  }
  void push(const std::string& name) {
    const std::string value = next_value();
    auto& one = key(name, "list");
    if (one.values.size() > 30) return;
    one.values.insert(one.values.begin(), {value, ""});
    EXPECT_EQ(static_cast<std::size_t>(run_({"LPUSH", name, value}).integer), one.values.size());
  }
  void pop(const std::string& name) {
    auto& one = key(name, "list");
    const std::string popped = run_({"RPOP", name}).text;
    if (one.values.empty()) {
      EXPECT_EQ(popped, "");
      return;
    }
    const std::string wanted = one.values.back().first;
    EXPECT_TRUE(popped == wanted || popped == clean_value(wanted));
    one.values.pop_back();
  }
  void add(const std::string& name) {
    const std::string value = next_value();
    auto& one = key(name, "set");
    if (one.values.size() > 30) return;
    one.values.emplace_back(value, "");
    EXPECT_EQ(run_({"SADD", name, value}).integer, 1);
  }
  void drop(const std::string& name) {
    auto& one = key(name, "set");
    if (one.values.empty()) return;
    const std::string value = one.values.back().first;
    one.values.pop_back();
    if (run_({"SREM", name, value}).integer == 0) {
      EXPECT_EQ(run_({"SREM", name, clean_value(value)}).integer, 1);
    }
  }
  void score(const std::string& name) {
    auto& one = key(name, "zset");
    if (one.values.size() < 8) {
      one.values.emplace_back(next_value(), "1");
      run_({"ZADD", name, "1", one.values.back().first});
      return;
    }
    auto& [member, known] = one.values[random_() % one.values.size()];
    known = std::to_string(std::stoi(known) + 1);
    redis_reply answer = run_({"ZADD", name, "XX", "INCR", "1", member});
    if (answer.of == redis_reply::kind::nil) {
      answer = run_({"ZADD", name, "XX", "INCR", "1", clean_value(member)});
    }
    EXPECT_EQ(answer.text, known);
  }

  run_one run_;
  std::mt19937_64 random_;
  store_state model_;
  std::uint64_t number_ = 0;
  std::uint64_t writes_ = 0;
};

void expect_no_lost_update(const std::string& url, const run_one& run,
                           const std::function<store_state()>& state) {
  const std::uint64_t seed = test::seed_from_environment();
  SCOPED_TRACE("seed " + std::to_string(seed));
  writer beside(run, seed);
  for (int i = 0; i < 2000; ++i) beside.write_once();
  const test::temporary_folder folder;
  const auto journal = clean_journal::create(folder.path() / "journal", "store").value();
  clean_options options;
  options.journal = journal.get();
  options.batch = 40;
  clean_totals totals;
  const auto clean = [&] {
    const auto report = clean_redis(url, {}, {}, options);
    ASSERT_TRUE(report) << report.problem().message;
    totals.values_changed += report->totals.values_changed;
    totals.values_skipped += report->totals.values_skipped;
  };
  std::atomic<bool> is_over = false;
  std::thread writing([&] {
    while (!is_over) beside.write_once();
  });
  // On a slow machine it takes longer until they have met often enough.
  const auto least = std::chrono::steady_clock::now() + std::chrono::seconds(4);
  const auto most = least + std::chrono::seconds(60);
  const auto is_enough = [&] { return totals.values_changed > 500 && totals.values_skipped > 0; };
  for (auto now = least - std::chrono::seconds(1); now < least || (!is_enough() && now < most);
       now = std::chrono::steady_clock::now()) {
    clean();
  }
  is_over = true;
  writing.join();
  const store_state model = beside.model();
  test::expect_old_or_clean(state(), model, test::clean_state(model));
  std::cout << beside.writes() << " writes, " << totals.values_changed << " cleaned, "
            << totals.values_skipped << " skipped\n";
  EXPECT_GT(totals.values_changed, 500U);
  EXPECT_GT(totals.values_skipped, 0U) << "they did not meet";
  clean();
  store_state wanted = test::clean_state(model);
  test::sort_members(wanted);
  EXPECT_TRUE(state() == wanted);
}

TEST(redis_cleaner_writers, one_server) {
  const test::redis_server server;
  auto connection = server.connection();
  const auto run = [&](const redis_command& command) {
    return connection.pipeline({&command, 1}, 1 << 20).value().front();
  };
  expect_no_lost_update(server.url(), run, [&] {
    return test::read_state([&](const auto& commands) { return server.run(commands); });
  });
}

TEST(redis_cleaner_writers, a_cluster) {
  const test::redis_cluster cluster;
  std::vector<detail::redis_connection> connections;
  for (std::size_t i = 0; i < test::redis_cluster::size; ++i) {
    connections.push_back(cluster.node(i).connection());
  }
  std::map<std::string, std::size_t> known;
  const auto run = [&](const redis_command& command) {
    const auto [place, is_new] = known.try_emplace(command[1], 0);
    if (is_new) place->second = cluster.node_of(command[1]);
    return connections[place->second].pipeline({&command, 1}, 1 << 20).value().front();
  };
  expect_no_lost_update(cluster.url(), run, [&] { return cluster.state(); });
}

}  // namespace
}  // namespace jobqueue
