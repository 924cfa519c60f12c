#include <array>
#include <charconv>
#include <iostream>
#include <memory>
#include <mutex>
#include <optional>

#include <jobqueue/net/address_policy.hpp>
#include <jobqueue/service/server.hpp>
#include <jobqueue/vault.hpp>

#include "cli/evaluate.hpp"
#include "cli/files.hpp"
#include "cli/settings.hpp"
#include "cli/store.hpp"
#include "core/json_text.hpp"

namespace jobqueue::cli {
namespace {

constexpr std::array known_settings = {
    setting{"db", "", "Store: sqlite:PATH or postgresql://user@host:port/database"},
    setting{"redis", "", "Redis with more evidence: redis://host:port/0 or rediss://"},
    setting{"listen", "127.0.0.1:8080", "Where to listen; port 0 is one that is free"},
    setting{"tls_certificate", "", "Certificate chain in PEM; none: plain HTTP"},
    setting{"tls_key", "", "Its private key in PEM"},
    setting{"token_file", "", "File with bearer tokens, one a line; see below"},
    setting{"webhook_secret_file", "", "File with secrets of webhooks, one a line; see below"},
    setting{"every", "10m", "Time between evaluations; 0s: none here"},
    setting{"max_retries", "10", "Retries that one evaluation schedules at most"},
    setting{"vault", "", "Directory of a vault for the blobs of webhooks; none: they stay in them"},
    setting{"max_webhook_bytes", "10485760", "Larger webhooks are refused"},
    setting{"max_connections", "10000", "More of them wait"},
    setting{"network_threads", "2", "Threads of the network"},
    setting{"worker_threads", "8", "Threads that answer what takes longer"},
    setting{"allow", "", "Addresses besides public ones that webhooks may go to: 10.0.0.0/8,..."},
    setting{"ca_file", "", "PEM file of authorities for webhooks that go out; none: the system's"},
    setting{"webhook_schedule", "", "Times between tries: 5s,5m,30m; none: Standard Webhooks'"},
    setting{"webhook_timeout", "30s", "How long one try may take"},
    setting{"drain_timeout", "10s", "How long requests may take to end after SIGTERM"},
    setting{"no_send", "", "Send no webhooks from here", true},
    setting{"mock_application", "", "Serve /miniapp-gen-mock, for tests of the whole loop", true},
    setting{"migrate", "", "Give the store what it lacks, as jobqueue migrate does", true},
    setting{"json", "", "Write the log as lines of JSON", true}};

// "127.0.0.1:8080", "[::1]:8080".
status read_listen(const std::string& text, server_options& options) {
  const std::size_t colon = text.rfind(':');
  std::string address = text.substr(0, colon == std::string::npos ? text.size() : colon);
  if (address.starts_with('[') && address.ends_with(']')) {
    address = address.substr(1, address.size() - 2);
  }
  if (colon != std::string::npos) {
    const char* const end = text.data() + text.size();
    const auto [rest, failed] = std::from_chars(text.data() + colon + 1, end, options.port);
    if (failed == std::errc() && rest == end) {
      options.address = std::move(address);
      return done;
    }
  }
  return error{errc::invalid_argument, no_offset,
               "--listen is an address and a port: 127.0.0.1:8080, [::1]:8080"};
}

struct serve_command {
  settings chosen{known_settings};
  rules_choice rules;
  bool check_config = false;
  std::mutex mutex;

  void log(std::string_view words) {
    const std::lock_guard lock(mutex);
    if (!chosen.flag("json")) return say(words);
    std::string line = R"({"at":")" + format_instant(present()) + R"(","message":)";
    detail::append_json_string(line, words);
    std::cerr << line << "}\n" << std::flush;
  }

  [[nodiscard]] status read_sender(server_options& options) const {
    webhook_sender_options& sender = options.sender;
    const auto timeout = chosen.duration("webhook_timeout");
    if (!timeout) return timeout.problem();
    sender.client.total_timeout = *timeout;
    sender.lease = 2 * *timeout + std::chrono::seconds(60);
    sender.client.ca_file = chosen.text("ca_file");
    const auto policy = address_policy::create(chosen.list("allow"));
    if (!policy)
      return error{policy.problem().code, no_offset, "--allow: " + policy.problem().message};
    sender.client.policy = *policy;
    if (chosen.text("webhook_schedule").empty()) return done;
    sender.schedule.clear();
    for (const std::string& one : chosen.list("webhook_schedule")) {
      const auto time = parse_duration(one);
      if (!time) return time.problem();
      sender.schedule.push_back(*time);
    }
    return done;
  }

  result<server_options> read_options() {
    server_options options;
    if (const status read = read_listen(chosen.text("listen"), options); !read) {
      return read.problem();
    }
    options.tls_certificate_file = chosen.text("tls_certificate");
    options.tls_key_file = chosen.text("tls_key");
    const auto every = chosen.duration("every");
    if (!every) return every.problem();
    options.every = *every;
    options.sends_webhooks = !chosen.flag("no_send");
    options.has_mock_application = chosen.flag("mock_application");
    for (const auto& [name, place] : {std::pair("max_retries", &options.max_retries),
                                      std::pair("max_webhook_bytes", &options.max_webhook_bytes),
                                      std::pair("max_connections", &options.max_connections),
                                      std::pair("network_threads", &options.network_threads),
                                      std::pair("worker_threads", &options.worker_threads)}) {
      const auto number = chosen.number(name);
      if (!number) return number.problem();
      *place = *number;
    }
    if (const status read = read_sender(options); !read) return read.problem();
    auto tokens = read_secret_lines("JOBQUEUE_TOKEN", chosen.text("token_file"));
    if (!tokens) return tokens.problem();
    options.tokens = std::move(*tokens);
    auto secrets = read_secret_lines("JOBQUEUE_WEBHOOK_SECRET", chosen.text("webhook_secret_file"));
    if (!secrets) return secrets.problem();
    options.webhook_secrets = std::move(*secrets);
    options.log = [this](std::string_view words) { log(words); };
    if (const status checked = check_server_options(options); !checked) return checked.problem();
    return options;
  }

  // An SQLite file of nobody is made ready; another database only if that is wanted.
  result<std::unique_ptr<job_store>> open_store() {
    store_choice choice;
    choice.db = chosen.text("db");
    const auto url = choice.db_url();
    if (!url) return url.problem();
    const bool is_file = url->starts_with("sqlite:");
    auto store = choice.open(is_file);
    if (!store) return store;
    const auto counts = (*store)->count_categories();
    const bool is_empty = is_file && !counts;
    if (!is_empty && !chosen.flag("migrate")) return store;
    const auto migrated = (*store)->migrate();
    if (!migrated) return migrated.problem();
    if (!migrated->empty()) log(std::string((*store)->name()) + " has what it lacked");
    return store;
  }

  [[nodiscard]] int run_checked(const server_options& options) const {
    std::cout << R"({"ok":true,"tokens":)" << options.tokens.size() << R"(,"webhook_secrets":)"
              << options.webhook_secrets.size() << R"(,"settings":)" << chosen.to_json() << "}\n";
    return exit_done;
  }

  int run() {
    if (const status read = chosen.read(); !read) return report_problem({}, read.problem());
    const auto loaded = load_rules(rules);
    if (!loaded) return report_problem(rules.file, loaded.problem());
    auto options = read_options();
    if (!options) {
      report_problem({}, options.problem());
      return exit_usage;
    }
    if (check_config) return run_checked(*options);
    const auto store = open_store();
    if (!store) return report_problem({}, store.problem());
    std::unique_ptr<redis_store> redis;
    store_choice choice;
    choice.redis = chosen.text("redis");
    if (choice.has_redis()) {
      auto opened = choice.open_redis();
      if (!opened) return report_problem({}, opened.problem());
      redis = std::move(*opened);
      options->redis = redis.get();
    }
    std::unique_ptr<vault> blobs;
    if (!chosen.text("vault").empty()) {
      auto opened = open_directory_vault(chosen.text("vault"), {.create = true});
      if (!opened) return report_problem({}, opened.problem());
      blobs = std::move(*opened);
      options->vault = blobs.get();
    }
    const auto drain = chosen.duration("drain_timeout");
    if (!drain) return report_problem({}, drain.problem());
    catch_stop_signals();
    const std::string scheme = options->tls_certificate_file.empty() ? "http" : "https";
    const std::string address = options->address.find(':') == std::string::npos
                                    ? options->address
                                    : "[" + options->address + "]";
    auto started = server::start(**store, *loaded, std::move(*options));
    if (!started) return report_problem({}, started.problem());
    std::cout << "listening on " << scheme << "://" << address << ':' << (*started)->port() << '\n'
              << std::flush;
    while (!is_stop_wanted()) sleep_unless_stopped(std::chrono::hours(1));
    log("ending: no new requests, and those that were begun have " +
        std::to_string(drain->count()) + " s");
    (*started)->stop(*drain);
    return exit_done;
  }
};

}  // namespace

void add_serve(CLI::App& program, std::function<int()>& run) {
  auto command = std::make_shared<serve_command>();
  CLI::App* app = program.add_subcommand(
      "serve", "Run beside a queue: webhooks in and out, evaluation, questions, metrics");
  command->chosen.add_to(*app);
  command->rules.add_to(*app);
  app->add_flag("--check-config", command->check_config,
                "Only say what would run, and whether it could");
  app->footer(
      "A setting --tls-key may also be JOBQUEUE_TLS_KEY or \"tls_key\" in the file of --config; "
      "the\n"
      "command line goes first, then the environment. Secrets are never on the command line:\n"
      "JOBQUEUE_TOKEN and JOBQUEUE_WEBHOOK_SECRET hold one a line, or their files do. Without a\n"
      "token only this machine is served.\n"
      "Prints 'listening on URL' when it is ready. SIGTERM and SIGINT end it: exit code 0.");
  app->callback([command, &run] { run = [command] { return command->run(); }; });
}

}  // namespace jobqueue::cli
