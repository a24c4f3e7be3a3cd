#include "line_faults.h"

#include <cstdio>
#include <map>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "railgund/link/keepalive.h"

#include "actors.h"
#include "host.h"

namespace railgun::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// From the return of a line to the next link over it.
constexpr Duration kBack = seconds(1);
// Then a request crosses the network: link, origin's connection, origin, and back, with a little spare.
constexpr int kLatencies = 12;
constexpr const char* kFirst = "first:2408";
constexpr const char* kSecond = "second:2408";

class Line {
 public:
  Line(std::uint64_t seed, bool verbose, std::vector<Endpoint> listeners)
      : world_(seed, {.delay = delay(seed)}), origin_(world_, ledger_), back_(kBack + kLatencies * delay(seed)) {
    auto sender = std::make_shared<config::Config>();
    sender->role = config::Role::kSender;
    sender->listen = {{"edge", 80}};
    sender->sites = {{.host = "site.test", .listeners = std::move(listeners), .origin = {}}};
    sender->wan_lanes = 1 + static_cast<unsigned>(seed / 10 % 3);
    sender_config_ = sender;
    auto listener = std::make_shared<config::Config>();
    listener->origins = config::parse_origin_map("default = origin:80\n", "nat").value();
    listener_config_ = listener;
    if (verbose) world_.on_log = [](const std::string& line) { std::printf("  %s\n", line.c_str()); };
    world_.servers["origin:80"] = [this](PipePtr pipe) { origin_.accept(std::move(pipe)); };
    sender_ = std::make_unique<Host<proxy::Sender>>(HostServices{world_, nullptr}, "sender", [&](auto& counters) {
      return std::make_unique<proxy::Sender>(sender_config_, sender_cache_, shelf_, counters, false, 1, as_bytes("key"),
                                             world_.now);
    });
    world_.servers["edge:80"] = [this](PipePtr pipe) {
      sender_->accept(proxy::ConnectionKind::kClient, std::move(pipe), "192.0.2.1");
    };
  }

  void start(const std::string& endpoint) {
    auto& host = hosts_[endpoint];
    host = std::make_unique<Host<proxy::Listener>>(HostServices{world_, nullptr}, endpoint, [&](auto& counters) {
      return std::make_unique<proxy::Listener>(listener_config_, caches_[endpoint], counters, false, Bytes(32, 5),
                                               "5360", world_.now);
    });
    world_.servers[endpoint] = [this, endpoint](PipePtr pipe) {
      hosts_[endpoint]->accept(proxy::ConnectionKind::kLink, std::move(pipe), "edge");
    };
  }
  void kill(const std::string& endpoint) {
    world_.servers.erase(endpoint);
    hosts_[endpoint].reset();
  }
  std::uint64_t requests_at(const std::string& endpoint) const {
    return hosts_.at(endpoint)->counters().requests_started.get();
  }

  void run(Duration time) { world_.run_until(world_.now + time); }
  // Each visitor asks at its own time; all of them within `time`, while the world goes on.
  void visit(Duration time, Duration every) {
    for (const Instant end = world_.now + time; world_.now < end; run(every)) ask();
  }
  void ask() {
    visits_.push_back(
        {std::make_shared<Visitor>(world_, ledger_, "GET", "/news/" + std::to_string(visits_.size() % 5), Manners{}),
         world_.now});
    visits_.back().visitor->start(world_.connect("edge:80"));
  }
  // Empty if all visits so far have ended as `kind`; forgets them.
  std::string judge(const char* when, Outcome::Kind kind) {
    for (const Visit& each : std::exchange(visits_, {})) {
      const std::string who = std::string(when) + ": a request at " + seconds_text(each.begun);
      if (!each.visitor->is_done()) return who + " has no answer at " + seconds_text(world_.now);
      if (each.visitor->outcome().kind != kind)
        return who + " ended otherwise: " + each.visitor->outcome().text + " " + each.visitor->state();
    }
    return world_.first_fault();
  }
  // Until requests that wait for the line have their answers.
  void run_until_back() { run(back_); }
  std::set<std::string>& dark() { return world_.dark; }
  std::uint64_t below(std::uint64_t limit) { return world_.dice.below(limit); }

 private:
  struct Visit {
    std::shared_ptr<Visitor> visitor;
    Instant begun;
  };
  static Duration delay(std::uint64_t seed) { return milliseconds(seed % 8 == 0 ? 40 : 5); }
  static std::string seconds_text(Instant when) {
    return std::to_string(std::chrono::duration<double>(when.time_since_epoch()).count()) + " s";
  }

  World world_;
  Ledger ledger_;
  Origin origin_;
  Duration back_;
  page::Cache sender_cache_{64 << 20};
  dictionary::Shelf shelf_{{}, as_bytes("key")};
  struct Caches {
    page::Cache& operator[](const std::string& endpoint) { return endpoint == kFirst ? first : second; }
    page::Cache first{64 << 20}, second{64 << 20};
  } caches_;
  config::ConfigPtr sender_config_, listener_config_;
  std::map<std::string, std::unique_ptr<Host<proxy::Listener>>> hosts_;
  std::unique_ptr<Host<proxy::Sender>> sender_;
  std::vector<Visit> visits_;
};

// Shorter than the link's timeouts: nobody notices more than a pause.
std::string run_short_darkness(std::uint64_t seed, bool verbose) {
  Line line(seed, verbose, {{"first", 2408}});
  line.start(kFirst);
  line.run(seconds(2));
  line.visit(seconds(2), milliseconds(50));
  // An answer that is half here when the line fails ends on the old link, when TCP sends the rest again.
  line.run(seconds(1));
  const Duration length = seconds(3) + milliseconds(line.below(6000));
  line.dark().insert(kFirst);
  line.visit(length, milliseconds(50));
  line.dark().clear();
  line.run_until_back();
  return line.judge("short darkness", Outcome::Kind::kRight);
}

std::string run_long_darkness(std::uint64_t seed, bool verbose) {
  const config::Config defaults;
  const Duration timeout = link::Keepalive::kPrompt + defaults.link_ping_timeout + defaults.link_wait + seconds(1);
  Line line(seed, verbose, {{"first", 2408}});
  line.start(kFirst);
  line.run(seconds(2));
  line.dark().insert(kFirst);
  line.visit(seconds(25), milliseconds(100));
  line.run(timeout);
  if (std::string fault = line.judge("long darkness", Outcome::Kind::kError); !fault.empty()) return fault;
  line.run(milliseconds(3000 + line.below(1000)));
  line.dark().clear();
  line.run_until_back();
  line.visit(seconds(1), milliseconds(50));
  line.run(seconds(1));
  return line.judge("after long darkness", Outcome::Kind::kRight);
}

// `dies`: else its line is dark for some time.
std::string run_fail_over(std::uint64_t seed, bool verbose, bool dies) {
  Line line(seed, verbose, {{"first", 2408}, {"second", 2408}});
  line.start(kFirst);
  line.start(kSecond);
  line.run(seconds(2));
  line.visit(seconds(2), milliseconds(50));
  line.run(seconds(1));
  if (line.requests_at(kSecond) != 0 || line.requests_at(kFirst) == 0) return "the first listener was not preferred";
  if (std::string fault = line.judge("before", Outcome::Kind::kRight); !fault.empty()) return fault;

  if (dies) {
    line.kill(kFirst);
  } else {
    line.dark().insert(kFirst);
  }
  line.visit(seconds(5), milliseconds(50));
  // From the silence to the ping, and from there to the other listener.
  line.run(seconds(3));
  if (std::string fault = line.judge("while the first is gone", Outcome::Kind::kRight); !fault.empty()) return fault;
  if (line.requests_at(kSecond) < 50) return "the second listener took few requests";

  if (dies) line.start(kFirst);
  line.dark().clear();
  line.run_until_back();
  const std::uint64_t before = line.requests_at(kSecond);
  line.visit(seconds(2), milliseconds(50));
  line.run(seconds(1));
  if (std::string fault = line.judge("when the first is back", Outcome::Kind::kRight); !fault.empty()) return fault;
  if (line.requests_at(kSecond) != before) return "the first listener is back, but the second one is still used";
  return {};
}

}  // namespace

std::string run_line_faults(std::uint64_t seed, bool verbose) {
  std::string fault = run_short_darkness(seed, verbose);
  if (fault.empty()) fault = run_long_darkness(seed, verbose);
  if (fault.empty()) fault = run_fail_over(seed, verbose, true);
  if (fault.empty()) fault = run_fail_over(seed, verbose, false);
  return fault;
}

}  // namespace railgun::sim
