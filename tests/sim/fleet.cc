#include "fleet.h"

#include <array>
#include <cstdio>
#include <memory>
#include <vector>

#include "actors.h"
#include "host.h"

namespace railgun::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t kEdges = 3;
constexpr std::size_t kListeners = 2;
constexpr int kPages = 6;
constexpr std::size_t kRoom = 64 << 20;
constexpr std::size_t kLittleRoom = 80'000;

std::string name_of_edge(std::size_t edge) { return "edge" + std::to_string(edge); }
std::string name_of_listener(std::size_t listener) { return "listener" + std::to_string(listener); }

class Fleet {
 public:
  Fleet(std::uint64_t seed, bool verbose)
      : world_(seed, {.delay = delay(seed)}),
        verbose_(verbose),
        store_is_far_(delay(seed) > milliseconds(10)),
        lies_(seed % 3 == 0),
        room_(seed % 4 == 1 ? kLittleRoom : kRoom),
        store_(world_, lies_),
        origin_(world_, ledger_) {
    auto sender = std::make_shared<config::Config>();
    sender->role = config::Role::kSender;
    sender->listen = {{"edge", 80}};
    sender->sites = {{.host = "site.test", .listeners = {}, .origin = {}}};
    for (std::size_t i = 0; i < kListeners; ++i) sender->sites[0].listeners.push_back({name_of_listener(i), 2408});
    sender->sites[0].weights = {2, 1};
    sender->link_slow_start = seconds(seed % 2 == 0 ? 5 : 0);
    sender_config_ = sender;
    auto listener = std::make_shared<config::Config>();
    listener->origins = config::parse_origin_map("default = origin:80\n", "nat").value();
    listener_config_ = listener;
    if (verbose) world_.on_log = [](const std::string& line) { std::printf("  %s\n", line.c_str()); };
    world_.servers["origin:80"] = [this](PipePtr pipe) { origin_.accept(std::move(pipe)); };
    for (std::size_t i = 0; i < kListeners; ++i) start_listener(i);
    for (std::size_t i = 0; i < kEdges; ++i) start_edge(i);
    run(seconds(2));
  }

  std::string storm() {
    origin_.breaks_off = true;
    const Instant end = world_.now + seconds(15);
    for (int i = 0; i < 100; ++i) {
      world_.at(some_time(end),
                [this] { visit(world_.dice.below(kEdges), "/news/" + std::to_string(world_.dice.below(8))); });
    }
    for (int i = 0; i < 3; ++i) {
      const Instant when = some_time(end);
      const std::size_t victim = world_.dice.below(kListeners);
      world_.at(when, [this, victim] { kill_listener(victim); });
      world_.at(when + milliseconds(world_.dice.below(3000)), [this, victim] { start_listener(victim); });
    }
    world_.at(some_time(end), [this] { restart_edge(world_.dice.below(kEdges)); });
    if (world_.dice.one_in(2)) world_.at(some_time(end), [this] { store_.flush(); });
    if (world_.dice.one_in(3)) {
      const Instant when = some_time(end);
      world_.at(when, [this] { store_.is_dead = true; });
      world_.at(when + seconds(3), [this] { store_.is_dead = false; });
    }
    world_.run_until(end + seconds(120));
    origin_.breaks_off = false;
    store_.is_dead = false;
    for (std::size_t i = 0; i < kListeners; ++i) start_listener(i);
    run(seconds(20));
    return judge("in the storm", false, false);
  }

  std::string calm() {
    // Twice at one edge, so that what it keeps is in the store.
    for (int round = 0; round < 2; ++round) visit_all(0);
    if (std::string fault = judge("at the first edge", false); !fault.empty()) return fault;
    visit_all(1);
    if (std::string fault = judge("at an edge that has not asked before", shares()); !fault.empty()) return fault;
    kill_listener(0);
    run(seconds(2));
    visit_all(1);
    if (std::string fault = judge("from the other listener", shares()); !fault.empty()) return fault;
    start_listener(0);
    run(seconds(10));
    visit_all(2);
    return judge("after its return", shares());
  }

 private:
  // What one has learned reaches the others.
  bool shares() const { return !lies_ && !store_is_far_ && room_ == kRoom; }
  static Duration delay(std::uint64_t seed) { return milliseconds(seed % 8 == 0 ? 40 : 5); }

  void run(Duration time) { world_.run_until(world_.now + time); }
  Instant some_time(Instant end) {
    const auto span = static_cast<std::uint64_t>((end - world_.now).count());
    return world_.now + Duration(static_cast<std::int64_t>(world_.dice.below(span)));
  }

  void start_listener(std::size_t index) {
    if (listeners_[index]) return;
    const std::string name = name_of_listener(index);
    listener_caches_[index] = std::make_unique<page::Cache>(room_);
    listeners_[index] =
        std::make_unique<Host<proxy::Listener>>(HostServices{world_, &store_}, name, [&](auto& counters) {
          return std::make_unique<proxy::Listener>(listener_config_, *listener_caches_[index], counters, true,
                                                   Bytes(32, 5), "5360", world_.now);
        });
    world_.servers[name + ":2408"] = [this, index](PipePtr pipe) {
      if (listeners_[index]) listeners_[index]->accept(proxy::ConnectionKind::kLink, std::move(pipe), "edge");
    };
  }
  void kill_listener(std::size_t index) {
    world_.servers.erase(name_of_listener(index) + ":2408");
    listeners_[index].reset();
  }
  void start_edge(std::size_t index) {
    const std::string name = name_of_edge(index);
    sender_caches_[index] = std::make_unique<page::Cache>(room_);
    senders_[index] = std::make_unique<Host<proxy::Sender>>(HostServices{world_, &store_}, name, [&](auto& counters) {
      return std::make_unique<proxy::Sender>(sender_config_, *sender_caches_[index], shelf_, counters, true, 1 + index,
                                             as_bytes("key"), world_.now);
    });
    world_.servers[name + ":80"] = [this, index](PipePtr pipe) {
      senders_[index]->accept(proxy::ConnectionKind::kClient, std::move(pipe), "192.0.2.1");
    };
  }
  void restart_edge(std::size_t index) {
    world_.servers.erase(name_of_edge(index) + ":80");
    senders_[index].reset();
    start_edge(index);
  }

  void visit(std::size_t edge, const std::string& target) {
    visitors_.push_back(std::make_shared<Visitor>(world_, ledger_, "GET", target, Manners{}));
    visitors_.back()->start(world_.connect(name_of_edge(edge) + ":80"));
  }
  void visit_all(std::size_t edge) {
    for (int i = 0; i < kPages; ++i) visit(edge, "/calm/" + std::to_string(i));
    run(seconds(15));
  }
  // Empty if each visitor so far got a right answer, or (in the storm) an error. `are_deltas`: and most got a delta: a
  // sender waits 15 ms for the store, which may be late. Forgets them.
  std::string judge(const std::string& when, bool are_deltas, bool is_calm = true) {
    std::size_t deltas = 0;
    const auto visitors = std::exchange(visitors_, {});
    for (const auto& visitor : visitors) {
      const Outcome& outcome = visitor->outcome();
      if (verbose_) std::printf("  %s %s: %s\n", when.c_str(), visitor->target().c_str(), visitor->header().c_str());
      if (!visitor->is_done()) return when + ": " + visitor->target() + " stalled, " + visitor->state();
      if (outcome.kind == Outcome::Kind::kWrong) return when + ": " + visitor->target() + " is wrong: " + outcome.text;
      if (is_calm && outcome.kind != Outcome::Kind::kRight)
        return when + ": " + visitor->target() + " has no right answer: " + outcome.text;
      deltas += outcome.was_delta;
    }
    if (are_deltas && deltas * 2 < visitors.size())
      return when + ": only " + std::to_string(deltas) + " of " + std::to_string(visitors.size()) + " are deltas";
    return world_.first_fault();
  }

  World world_;
  bool verbose_;
  bool store_is_far_;  // farther than a sender waits for it
  bool lies_;
  std::size_t room_;
  Store store_;
  Ledger ledger_;
  Origin origin_;
  dictionary::Shelf shelf_{{}, as_bytes("key")};
  config::ConfigPtr sender_config_, listener_config_;
  std::array<std::unique_ptr<page::Cache>, kEdges> sender_caches_;
  std::array<std::unique_ptr<page::Cache>, kListeners> listener_caches_;
  std::array<std::unique_ptr<Host<proxy::Listener>>, kListeners> listeners_;
  std::array<std::unique_ptr<Host<proxy::Sender>>, kEdges> senders_;
  std::vector<std::shared_ptr<Visitor>> visitors_;
};

}  // namespace

std::string run_fleet(std::uint64_t seed, bool verbose) {
  Fleet fleet(seed, verbose);
  std::string fault = fleet.storm();
  if (fault.empty()) fault = fleet.calm();
  return fault.empty() ? fault : "fleet: " + fault;
}

}  // namespace railgun::sim
