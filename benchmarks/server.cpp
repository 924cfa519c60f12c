// The server under load: wrk against it, against a bare server of Boost.Beast that reads a body and
// answers 204, and against nginx that returns 204. See README.md beside this.
#include <jobqueue/service/server.hpp>

#include <cstdio>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/strand.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

#include <jobqueue/signature.hpp>

#include "measure.hpp"
#include "store/job_store_parts.hpp"
#include "support/postgres_server.hpp"
#include "support/server_process.hpp"

namespace {

using namespace jobqueue;
using bench::require;
using bench::take;
namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using tcp = asio::ip::tcp;

constexpr std::string_view secret = "s3cret-of-both-sides";
constexpr std::size_t threads = 2;
constexpr std::size_t seconds = 3;
constexpr std::size_t good_events = 120'000;

// As its examples are written: one string_body for each request, a timer for each read.
class bare_session : public std::enable_shared_from_this<bare_session> {
 public:
  explicit bare_session(tcp::socket socket) : stream_(std::move(socket)) {}
  void read() {
    request_ = {};
    stream_.expires_after(std::chrono::seconds(30));
    http::async_read(stream_, buffer_, request_,
                     [self = shared_from_this()](beast::error_code failed, std::size_t) {
                       if (!failed) self->write();
                     });
  }

 private:
  void write() {
    answer_ = {http::status::no_content, request_.version()};
    answer_.keep_alive(request_.keep_alive());
    http::async_write(stream_, answer_,
                      [self = shared_from_this()](beast::error_code failed, std::size_t) {
                        if (!failed) self->read();
                      });
  }
  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;
  http::request<http::string_body> request_;
  http::response<http::empty_body> answer_;
};

void serve_bare(std::uint16_t port) {
  asio::io_context io(static_cast<int>(threads));
  tcp::acceptor acceptor(io, {asio::ip::address_v4::loopback(), port});
  const std::function<void()> accept = [&] {
    acceptor.async_accept(asio::make_strand(io), [&](beast::error_code failed, tcp::socket socket) {
      if (!failed) std::make_shared<bare_session>(std::move(socket))->read();
      accept();
    });
  };
  accept();
  std::vector<std::thread> others;
  for (std::size_t i = 1; i < threads; ++i) others.emplace_back([&] { io.run(); });
  io.run();
}

// A process of ours, until it goes.
class child {
 public:
  explicit child(const std::function<void()>& work) : process_(::fork()) {
    if (process_ != 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    try {
      work();
    } catch (const std::exception& problem) {
      std::fprintf(stderr, "%s\n", problem.what());
    }
    ::_exit(1);
  }
  child(const child&) = delete;
  child& operator=(const child&) = delete;
  ~child() {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
  }

 private:
  pid_t process_;
};

struct load {
  double rate = 0;
  std::string p99;
  std::size_t failed = 0;  // answers that are neither 2xx nor 3xx
};

// What wrk makes of it with that script.
load measure(std::uint16_t port, const std::string& path, const std::string& script) {
  const std::string command = "wrk --latency -t2 -c64 -d" + std::to_string(seconds) + "s -s " +
                              script + " http://127.0.0.1:" + std::to_string(port) + path + " 2>&1";
  FILE* const pipe = ::popen(command.c_str(), "r");
  require(pipe != nullptr, "wrk does not start");
  load found;
  char line[512];
  std::string all;
  while (std::fgets(line, sizeof line, pipe) != nullptr) {
    all += line;
    std::istringstream words(line);
    std::string first;
    words >> first;
    if (first == "99%") words >> found.p99;
    if (first == "Requests/sec:") words >> found.rate;
    if (std::string_view(line).find("Non-2xx") != std::string_view::npos) {
      found.failed = std::strtoul(std::strrchr(line, ':') + 1, nullptr, 10);
    }
  }
  require(::pclose(pipe) == 0 && found.rate > 0, "wrk failed: " + all);
  require(all.find("Socket errors") == std::string::npos, all);
  return found;
}

void print(const std::string& name, double rate, const std::string& p99) {
  std::printf("%-44s %10.0f requests/s   p99 %s\n", name.c_str(), rate, p99.c_str());
  std::fflush(stdout);
}

std::string body_of(std::size_t event) {
  std::string body = R"({"event_type":"workflow_completed","event_id":"evt_)" +
                     std::to_string(event) + R"(","data":{"workflow_id":"w)" +
                     std::to_string(event) + R"(","output":"https://cdn.example.com/p.png",)" +
                     R"("message":")";
  body.append(1000 - body.size(), 'm');
  return body + "\"}}";
}

std::string signature_of(std::string_view body) {
  return take(sign_payload(signature_scheme::jobqueue, secret, body, "", {}))[0].value;
}

// One request again and again.
std::string write_fixed(const std::filesystem::path& file, const std::string& body,
                        const std::string& signature) {
  std::ofstream(file) << "wrk.method = 'POST'\nwrk.body = [==[" << body
                      << "]==]\nwrk.headers['x-webhook-signature'] = '" << signature
                      << "'\nwrk.headers['content-type'] = 'application/json'\n";
  return file.string();
}

std::string write_forged(const std::filesystem::path& folder) {
  const std::string body = body_of(0);
  std::string signature = signature_of(body);
  signature.back() = signature.back() == '0' ? '1' : '0';
  return write_fixed(folder / "forged.lua", body, signature);
}

// Another event each time: lines of a signature and a body, of which each thread has its share.
std::string write_events(const std::filesystem::path& folder) {
  const std::filesystem::path data = folder / "events";
  std::ofstream lines(data);
  for (std::size_t i = 0; i < good_events; ++i) {
    const std::string body = body_of(i);
    lines << signature_of(body) << ' ' << body << '\n';
  }
  const std::filesystem::path file = folder / "events.lua";
  std::ofstream(file) << "local count = 0\n"
                         "function setup(thread) thread:set('id', count); count = count + 1 end\n"
                         "local requests, at = {}, 0\n"
                         "function init()\n"
                         "  local number = 0\n"
                         "  for line in io.lines('"
                      << data.string()
                      << "') do\n"
                         "    if number % 2 == id then\n"
                         "      local split = line:find(' ', 1, true)\n"
                         "      requests[#requests + 1] = wrk.format('POST', nil, {\n"
                         "        ['x-webhook-signature'] = line:sub(1, split - 1),\n"
                         "        ['content-type'] = 'application/json'}, line:sub(split + 1))\n"
                         "    end\n"
                         "    number = number + 1\n"
                         "  end\n"
                         "end\n"
                         "function request()\n"
                         "  at = at % #requests + 1\n"
                         "  return requests[at]\n"
                         "end\n";
  return file.string();
}

void serve_ours(const std::string& url, std::uint16_t port) {
  store_options create;
  create.create = true;
  const auto store = take(job_store::open(url, create));
  take(store->migrate());
  server_options options;
  options.port = port;
  options.network_threads = threads;
  options.webhook_secrets = {std::string(secret)};
  options.tokens = {"a-token-that-nobody-gives"};
  options.every = std::chrono::seconds(0);
  options.sends_webhooks = false;
  const auto running = take(server::start(*store, ruleset::standard(), std::move(options)));
  for (;;) ::pause();
}

std::size_t count_events(const std::string& url) {
  const auto store = take(job_store::open(url));
  const auto connection = take(store->parts().pool.acquire());
  return static_cast<std::size_t>(
      take(connection->query("SELECT count(*) FROM webhook_event")).row(0)[0].integer);
}

void wait_for(std::uint16_t port) {
  for (int i = 0; i < 500; ++i) {
    asio::io_context io;
    tcp::socket socket(io);
    beast::error_code failed;
    socket.connect({asio::ip::address_v4::loopback(), port}, failed);
    if (!failed) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  throw std::runtime_error("a server does not start");
}

double run_bare(const std::string& script) {
  const std::uint16_t port = test::free_port();
  const child process([&] { serve_bare(port); });
  wait_for(port);
  const load found = measure(port, "/", script);
  print("bare Beast, 204", found.rate, found.p99);
  return found.rate;
}

double run_nginx(const std::filesystem::path& folder, const std::string& script) {
  const std::uint16_t port = test::free_port();
  const std::filesystem::path config = folder / "nginx.conf";
  std::ofstream(config) << "worker_processes " << threads << ";\ndaemon off;\npid "
                        << (folder / "nginx.pid").string()
                        << ";\nerror_log stderr;\nevents {}\nhttp {\n  access_log off;\n"
                           "  client_body_temp_path "
                        << folder.string() << ";\n  keepalive_requests 100000000;\n  server {\n"
                        << "    listen 127.0.0.1:" << port
                        << ";\n    location / { return 204; }\n  }\n}\n";
  test::server_process process;
  process.start({"nginx", "-c", config.string(), "-p", folder.string()}, folder / "nginx.log");
  wait_for(port);
  const load found = measure(port, "/", script);
  process.stop(SIGTERM);
  print("nginx, return 204", found.rate, found.p99);
  return found.rate;
}

// A service in a language of its own, which verifies and answers 204 or 401 and keeps nothing.
void run_application(const std::string& name, std::vector<std::string> command,
                     const std::filesystem::path& folder, const std::string& forged) {
  const std::uint16_t port = test::free_port();
  command.push_back(std::to_string(port));
  command.emplace_back(secret);
  test::server_process process;
  process.start(command, folder / "application.log");
  wait_for(port);
  const std::string body = body_of(0);
  const std::string good = write_fixed(folder / "good.lua", body, signature_of(body));
  require(measure(port, "/", good).failed == 0, name + " refuses what is signed");
  const load refused = measure(port, "/", forged);
  require(refused.failed > 0, name + " lets in what is forged");
  process.stop(SIGTERM);
  print(name + ", forged: 401", refused.rate, refused.p99);
}

struct rates {
  double forged = 0;
  double duplicate = 0;
  double recorded = 0;
};

rates run_ours(const std::string& name, const std::string& url, const std::filesystem::path& folder,
               const std::string& events) {
  constexpr const char* path = "/api/webhook/workflow-completed";
  const std::uint16_t port = test::free_port();
  const child process([&] { serve_ours(url, port); });
  wait_for(port);
  rates found;
  const std::string body = body_of(0);
  const load refused = measure(port, path, write_forged(folder));
  require(refused.failed > 0, "what was forged was let in");
  print(name + ", forged: 401", refused.rate, refused.p99);
  const load known =
      measure(port, path, write_fixed(folder / "known.lua", body, signature_of(body)));
  require(known.failed == 0, "a duplicate was refused");
  print(name + ", duplicate: 200", known.rate, known.p99);
  const std::size_t before = count_events(url);
  const load recorded = measure(port, path, events);
  require(recorded.failed == 0, "an event was refused");
  const std::size_t added = count_events(url) - before;
  require(added + 1 < good_events, "there were too few events");
  found = {refused.rate, known.rate, static_cast<double>(added) / static_cast<double>(seconds)};
  print(name + ", recorded: 200", found.recorded, recorded.p99);
  return found;
}

void run() {
  const test::temporary_folder folder;
  const std::string body = body_of(0);
  const std::string fixed = write_fixed(folder.path() / "fixed.lua", body, signature_of(body));
  const std::string events = write_events(folder.path());
  const double bare = run_bare(fixed);
  const double nginx = run_nginx(folder.path(), fixed);
  const std::string forged = write_forged(folder.path());
  const std::string source = JOBQUEUE_SOURCE_DIR;
  run_application("Express", {"node", source + "/benchmarks/server_express.mjs"}, folder.path(),
                  forged);
  run_application(
      "FastAPI",
      // -P: base64.py beside it is not Python's.
      {source + "/build/venv/bin/python", "-P", source + "/benchmarks/server_fastapi.py"},
      folder.path(), forged);
  const rates ours =
      run_ours("jobqueue on SQLite", "sqlite:" + (folder.path() / "jobs.db").string(),
               folder.path(), events);
  const test::postgres_server postgres(true);
  run_ours("jobqueue on PostgreSQL", postgres.url(), folder.path(), events);
  std::printf("forged / bare Beast %.2f (goal 0.85), / nginx %.2f (goal 0.5)\n", ours.forged / bare,
              ours.forged / nginx);
  std::printf("recorded on SQLite / bare Beast %.2f (goal 0.25), %.0f/s (goal 15,000)\n",
              ours.recorded / bare, ours.recorded);
}

}  // namespace

int main() { return jobqueue::bench::run(run); }
