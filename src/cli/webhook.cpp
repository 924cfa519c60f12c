#include <cstdlib>
#include <iostream>
#include <memory>
#include <optional>
#include <random>

#include <jobqueue/net/address_policy.hpp>
#include <jobqueue/service/webhook_sender.hpp>

#include "cli/files.hpp"
#include "cli/signature.hpp"
#include "cli/store.hpp"
#include "service/webhook_json.hpp"

namespace jobqueue::cli {
namespace {

std::string words_of(const webhook_endpoint& one) {
  std::string words = one.id + "  " + one.url + "  " + one.scheme + "  ";
  if (one.event_types.empty()) words += "every event";
  for (const std::string& type : one.event_types) {
    if (&type != &one.event_types.front()) words += ',';
    words += type;
  }
  if (!one.is_active) words += "  disabled: " + one.disabled_reason;
  if (one.consecutive_failures != 0) {
    words += "  failed " + std::to_string(one.consecutive_failures) + " times in a row";
  }
  if (one.disabled_until) words += ", left alone until " + format_instant(*one.disabled_until);
  return words;
}

struct webhook_command {
  store_choice store;
  bool json = false;
  webhook_endpoint endpoint;
  std::string secret_variable;
  std::vector<std::string> headers;
  std::string id;
  std::vector<std::string> ids;
  delivery_filter filter;
  bool all_dead = false;
  std::string every;
  std::vector<std::string> allowed;
  std::string ca_file;

  // Runs `work` over the store; what it prints is a line of JSON, or words.
  template <class Work>
  [[nodiscard]] int with_store(const Work& work) const {
    const auto opened = store.open();
    if (!opened) return report_problem({}, opened.problem());
    webhook_store webhooks(**opened);
    return work(**opened, webhooks);
  }

  [[nodiscard]] static int report_missing(std::string_view what) {
    say("there is no endpoint '" + std::string(what) + "'; jobqueue webhook ls lists them");
    return exit_no;
  }

  status read_endpoint() {
    for (const std::string& line : headers) {
      const std::size_t colon = line.find(':');
      if (colon == std::string::npos) {
        return error{errc::invalid_argument, no_offset, "--header is written as 'Name: value'"};
      }
      const std::size_t value = line.find_first_not_of(' ', colon + 1);
      endpoint.headers.emplace_back(line.substr(0, colon),
                                    value == std::string::npos ? "" : line.substr(value));
    }
    if (secret_variable.empty()) return done;
    const auto secrets = read_secrets({secret_variable});
    if (!secrets) return secrets.problem();
    endpoint.secret = secrets->views().front();
    return done;
  }

  int add() {
    if (const status read = read_endpoint(); !read) return report_problem({}, read.problem());
    const bool is_generated = endpoint.secret.empty();
    const auto made = make_webhook_endpoint(endpoint);
    if (!made) return report_problem({}, made.problem());
    return with_store([&](job_store&, webhook_store& webhooks) {
      const status added = webhooks.add_endpoint(*made, present());
      if (!added) return report_problem({}, added.problem());
      if (json) {
        std::cout << detail::endpoint_to_json(*made, is_generated) << '\n' << std::flush;
      } else {
        std::cout << made->id << '\n' << std::flush;
        if (is_generated) {
          say("its secret, shown this once: " + made->secret);
        }
      }
      return static_cast<int>(exit_done);
    });
  }

  [[nodiscard]] int list() const {
    return with_store([&](job_store&, webhook_store& webhooks) {
      const auto all = webhooks.list_endpoints();
      if (!all) return report_problem({}, all.problem());
      for (const webhook_endpoint& one : *all) {
        std::cout << (json ? detail::endpoint_to_json(one, false) : words_of(one)) << '\n';
      }
      std::cout << std::flush;
      return static_cast<int>(exit_done);
    });
  }

  [[nodiscard]] int remove() const {
    return with_store([&](job_store&, webhook_store& webhooks) {
      const auto removed = webhooks.remove_endpoint(id);
      if (!removed) return report_problem({}, removed.problem());
      return *removed ? static_cast<int>(exit_done) : report_missing(id);
    });
  }

  [[nodiscard]] int enable() const {
    return with_store([&](job_store&, webhook_store& webhooks) {
      const auto enabled = webhooks.enable_endpoint(id, present());
      if (!enabled) return report_problem({}, enabled.problem());
      return *enabled ? static_cast<int>(exit_done) : report_missing(id);
    });
  }

  [[nodiscard]] int test() const {
    return with_store([&](job_store&, webhook_store& webhooks) {
      const auto found = webhooks.find_endpoint(id);
      if (!found) return report_problem({}, found.problem());
      if (!*found) return report_missing(id);
      const auto queued = detail::send_test(webhooks, **found, present());
      if (!queued) return report_problem({}, queued.problem());
      std::cout << *queued << '\n' << std::flush;
      say("queued; a running jobqueue serve sends it, or jobqueue webhook send");
      return static_cast<int>(exit_done);
    });
  }

  [[nodiscard]] int deliveries() const {
    return with_store([&](job_store&, webhook_store& webhooks) {
      const auto all = webhooks.list_deliveries(filter);
      if (!all) return report_problem({}, all.problem());
      for (const std::string& one : all->deliveries) std::cout << one << '\n';
      std::cout << std::flush;
      return static_cast<int>(exit_done);
    });
  }

  [[nodiscard]] int redrive() const {
    std::vector<redrive_request> requests;
    for (const std::string& one : ids) {
      requests.push_back({one, filter.endpoint_id, false});
    }
    if (requests.empty()) requests.push_back({{}, filter.endpoint_id, all_dead});
    return with_store([&](job_store&, webhook_store& webhooks) {
      std::size_t all = 0;
      for (const redrive_request& one : requests) {
        const auto redriven = webhooks.redrive(one, present());
        if (!redriven) return report_problem({}, redriven.problem());
        all += *redriven;
      }
      say(human_count(all) + " dead deliveries will be tried again");
      return static_cast<int>(all == 0 ? exit_no : exit_done);
    });
  }

  [[nodiscard]] int send() const {
    std::optional<std::chrono::seconds> period;
    if (!every.empty()) {
      const auto read = parse_duration(every);
      if (!read) return report_problem("--every", read.problem());
      period = *read;
    }
    webhook_sender_options options;
    const auto policy = address_policy::create(allowed);
    if (!policy) return report_problem("--allow", policy.problem());
    options.client.policy = *policy;
    options.client.ca_file = ca_file;
    options.clock = present;
    options.log = [](std::string_view words) { say(words); };
    options.random = [] {
      thread_local std::minstd_rand engine(std::random_device{}());
      return std::uniform_real_distribution<double>(0, 1)(engine);
    };
    catch_stop_signals();
    return with_store([&](job_store& jobs, webhook_store&) {
      const auto sender = webhook_sender::create(jobs, options);
      if (!sender) return report_problem({}, sender.problem());
      for (;;) {
        const auto report = (*sender)->run([] { return !is_stop_wanted(); });
        if (!report && !period) return report_problem({}, report.problem());
        if (!report) report_problem({}, report.problem());
        if (report && json) {
          std::cout << R"({"delivered":)" << report->delivered << R"(,"failed":)" << report->failed
                    << R"(,"dead":)" << report->dead << "}\n"
                    << std::flush;
        } else if (report && (!period || report->delivered + report->failed + report->dead != 0)) {
          say(human_count(report->delivered) + " delivered, " + human_count(report->failed) +
              " to be tried again, " + human_count(report->dead) + " dead");
        }
        if (!period || is_stop_wanted()) return static_cast<int>(exit_done);
        sleep_unless_stopped(*period);
      }
    });
  }
};

}  // namespace

void add_webhook(CLI::App& program, std::function<int()>& run) {
  auto command = std::make_shared<webhook_command>();
  CLI::App* app = program.add_subcommand(
      "webhook", "Say who is told of what, see what became of it, send it again");
  app->require_subcommand(1);
  const auto add = [&](const char* name, const char* what, auto call) {
    CLI::App* sub = app->add_subcommand(name, what);
    command->store.add_db_to(*sub);
    sub->add_flag("--json", command->json, "Answer as JSON");
    sub->callback(
        [command, call, &run] { run = [command, call] { return ((*command).*call)(); }; });
    return sub;
  };
  CLI::App* adding = add("add", "Add an endpoint; prints its id", &webhook_command::add);
  adding->add_option("URL", command->endpoint.url, "Where to send: https://...")->required();
  adding->add_option("--id", command->endpoint.id, "Its id; one is made if not given");
  adding
      ->add_option("--event", command->endpoint.event_types,
                   "A type of events that it is told of; may be repeated; none: all")
      ->allow_extra_args(false);
  adding->add_option("--scheme", command->endpoint.scheme,
                     "How it is signed: standard (Standard Webhooks, default) or jobqueue");
  adding->add_option("--secret-env", command->secret_variable,
                     "Variable with the secret, or VARIABLE_FILE with a file that has it; one is "
                     "made and shown once if not given");
  adding->add_option("--description", command->endpoint.description, "For people");
  adding->add_option("--header", command->headers, "Another header, 'Name: value'; may be repeated")
      ->allow_extra_args(false);
  add("ls", "List the endpoints", &webhook_command::list);
  const auto add_with_id = [&](const char* name, const char* what, auto call) {
    add(name, what, call)->add_option("ID", command->id, "Of the endpoint")->required();
  };
  add_with_id("rm", "Remove an endpoint with its deliveries", &webhook_command::remove);
  add_with_id("enable", "Tell an endpoint again that was disabled or left alone",
              &webhook_command::enable);
  add_with_id("test", "Queue an event of type test for an endpoint", &webhook_command::test);
  CLI::App* listing = add("deliveries", "List deliveries as lines of JSON, newest first",
                          &webhook_command::deliveries);
  listing->add_option("--state", command->filter.state, "pending, delivered or dead");
  listing->add_option("--endpoint", command->filter.endpoint_id, "Of this endpoint");
  listing->add_option("--workflow", command->filter.workflow_id, "Of this workflow");
  listing->add_option("--limit", command->filter.limit, "At most so many (default 100)")
      ->check(CLI::Range(1, 1000));
  CLI::App* redriving =
      add("redrive", "Try dead deliveries again, from the beginning of the schedule",
          &webhook_command::redrive);
  redriving->add_option("DELIVERY", command->ids, "Ids of deliveries");
  redriving->add_option("--endpoint", command->filter.endpoint_id, "Those of this endpoint");
  redriving->add_flag("--all-dead", command->all_dead, "All of them");
  CLI::App* sending =
      add("send", "Send what is due, as jobqueue serve does", &webhook_command::send);
  sending->add_option("--every", command->every, "Go on, with this time between: 10s");
  sending
      ->add_option("--allow", command->allowed,
                   "An address besides public ones that may be connected to; may be repeated")
      ->allow_extra_args(false);
  sending->add_option("--ca-file", command->ca_file, "PEM file of authorities; none: the system's");
}

}  // namespace jobqueue::cli
