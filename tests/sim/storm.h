// A sender and a listener in a storm, by seed: what simulate.cc says of it. Private to simulate.cc.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "railgund/proxy/held_limits.h"

#include "actors.h"
#include "hand_over.h"
#include "host.h"

namespace railgun::sim {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Counts {
  std::size_t right = 0, errors = 0, cut = 0, deltas = 0;
  std::uint64_t prepared_drops = 0;  // prepared state that left while its pages were being asked for
};

// Room for all pages, with what is prepared for them. With less, versions are packed and evicted all the time.
inline constexpr std::size_t kRoom = 64 << 20;
inline std::size_t sender_cache_bytes(std::uint64_t seed) { return seed % 4 == 2 ? 80'000 : kRoom; }
inline std::size_t listener_cache_bytes(std::uint64_t seed) {
  return seed % 4 == 0 ? 60'000 : seed % 4 == 2 ? 100'000 : kRoom;
}

class Storm {
 public:
  Storm(std::uint64_t seed, bool verbose)
      : world_(seed, weather(seed)),
        seed_(seed),
        verbose_(verbose),
        store_(world_, seed % 3 == 0),
        origin_(world_, ledger_),
        stranger_(world_, strangers_ledger_),
        sender_cache_(sender_cache_bytes(seed)),
        listener_cache_(listener_cache_bytes(seed)),
        tiny_cache_(listener_cache_bytes(seed) < kRoom) {
    with_store_ = seed % 2 == 0;
    auto sender = std::make_shared<config::Config>();
    sender->role = config::Role::kSender;
    sender->listen = {{"edge", 80}};
    sender->sites = {{.host = "site.test", .listeners = {{"listener", 2408}}, .origin = {}}};
    if (seed % 5 == 0) sender->sites[0].origin = config::OriginTarget{.secure = false, .endpoint = {"origin", 80}};
    sender->wan_lanes = seed % 7 == 0 ? 3 : 1 + static_cast<unsigned>(seed % 2);
    sender->log_level = seed % 3 == 0 ? 5 : static_cast<int>(seed % 2);
    auto listener = std::make_shared<config::Config>();
    listener->log_level = sender->log_level;
    world_.certificates["listener:2408"] = names(seed);
    if (seed % 11 == 0) start_stranger(*sender);
    sender_config_ = sender;
    listener->origins = config::parse_origin_map("default = origin:80\n", "nat").value();
    if (seed % 6 == 0) listener->delta_padding_bytes = 128;
    listener_config_ = listener;
    world_.servers["origin:80"] = [this](PipePtr pipe) { origin_.accept(std::move(pipe)); };
    world_.after_step = [this] { check_held_bytes(); };
    if (verbose) world_.on_log = [this](const std::string& line) { say(line.c_str()); };
    start_listener();
    start_sender();
  }

  // Empty if all went as it should, else what did not.
  std::string run() {
    origin_.breaks_off = true;
    const Instant storm_end = world_.now + seconds(20);
    plan_visits(storm_end, 120, false);
    plan_faults(storm_end);
    world_.run_until(storm_end + seconds(120));
    origin_.breaks_off = false;
    world_.blackout = false;
    if (!listener_) start_listener();
    if (!sender_) start_sender();
    world_.run_until(world_.now + seconds(20));
    if (std::string fault = judge("in the storm"); !fault.empty()) return fault;
    if (!world_.first_fault().empty()) return world_.first_fault();

    // Calm: everything must work, and the second round of each page, and of what was posted, be a delta.
    visitors_.clear();
    for (int round = 0; round < 2; ++round) {
      for (int i = 0; i < 8; ++i) visit("GET", "/calm/" + std::to_string(i));
      visit("POST", "/calm/0");
      world_.run_until(world_.now + seconds(15));
    }
    Counts counts;
    for (const auto& visitor : visitors_) {
      if (!visitor->is_done()) return "stalled in the calm: " + visitor->target();
      if (visitor->outcome().kind != Outcome::Kind::kRight)
        return "no right answer in the calm: " + visitor->outcome().text;
      counts.deltas += visitor->outcome().was_delta;
      if (verbose_) std::printf("  calm %s %s\n", visitor->target().c_str(), visitor->header().c_str());
    }
    // A cache too small for the pages cannot help.
    if (!tiny_cache_ && counts.deltas < 9) return "only " + std::to_string(counts.deltas) + " deltas in the calm";
    if (std::string fault = count("sender", sender_->counters()); !fault.empty()) return fault;
    if (std::string fault = count("listener", listener_->counters()); !fault.empty()) return fault;
    counts_.prepared_drops = sender_cache_.counters().prepared_drops + listener_cache_.counters().prepared_drops;
    if (verbose_) {
      const page::CacheCounters kept = sender_cache_.counters();
      std::printf("  sender keeps %zu versions, %zu packed, %llu evicted\n", kept.versions, kept.packed_versions,
                  static_cast<unsigned long long>(kept.evictions));
    }
    return world_.first_fault();
  }

  // Empty if no request failed while daemons took over from each other.
  std::string run_upgrades() {
    const Instant end = world_.now + seconds(20);
    world_.run_until(world_.now + seconds(1));
    plan_visits(end, 120, true);
    for (int i = 0; i < 6; ++i) {
      world_.at(some_time(end), [this] { hand_over_listener(); });
      world_.at(some_time(end), [this] { begin_sender_upgrade(); });
    }
    world_.run_until(end + seconds(120));
    for (const auto& visitor : visitors_) {
      if (!visitor->is_done() || visitor->outcome().kind != Outcome::Kind::kRight)
        return "failed by an upgrade: " + visitor->target() + " " + visitor->state() + ": " + visitor->outcome().text;
    }
    if (!old_listeners_.empty() || !old_senders_.empty()) return "a daemon that was replaced does not end";
    return world_.first_fault();
  }

  const Counts& counts() const { return counts_; }
  std::uint64_t trace() const { return world_.trace(); }

 private:
  static Weather weather(std::uint64_t seed) {
    Weather weather;
    if (seed % 2 == 0) weather.largest_piece = 100;
    if (seed % 3 == 1) weather.delay = milliseconds(40);
    return weather;
  }

  // What the listener's certificate allows: everything, or the site by either form of name.
  static std::vector<std::string> names(std::uint64_t seed) {
    switch (seed % 3) {
      case 0:
        return {};
      case 1:
        return {"site.test"};
      default:
        return {"other.test", "*.test"};
    }
  }

  // The site's first listener, always there, but not allowed to answer for it. Its origin's answers would be wrong.
  void start_stranger(config::Config& sender) {
    world_.certificates["stranger:2408"] = {"other.test", "*.site.test"};
    sender.sites[0].listeners.insert(sender.sites[0].listeners.begin(), {"stranger", 2408});
    world_.servers["elsewhere:80"] = [this](PipePtr pipe) { stranger_.accept(std::move(pipe)); };
    auto config = std::make_shared<config::Config>();
    config->origins = config::parse_origin_map("default = elsewhere:80\n", "nat").value();
    stranger_listener_ = std::make_unique<Host<proxy::Listener>>(
        HostServices{world_, nullptr}, "stranger", [&](proxy::Counters& counters) {
          return std::make_unique<proxy::Listener>(config, stranger_cache_, counters, false, Bytes(32, 6), "5360",
                                                   world_.now);
        });
    world_.servers["stranger:2408"] = [this](PipePtr pipe) {
      stranger_listener_->accept(proxy::ConnectionKind::kLink, std::move(pipe), "edge");
    };
  }

  HostServices services() { return {world_, with_store_ ? &store_ : nullptr}; }

  void start_listener() {
    listener_ = std::make_unique<Host<proxy::Listener>>(services(), "listener", [&](proxy::Counters& counters) {
      return std::make_unique<proxy::Listener>(listener_config_, listener_cache_, counters, with_store_, Bytes(32, 5),
                                               "5360", world_.now);
    });
    world_.servers["listener:2408"] = [this](PipePtr pipe) {
      if (listener_) listener_->accept(proxy::ConnectionKind::kLink, std::move(pipe), "edge");
    };
  }
  void kill_listener() {
    say("listener dies");
    world_.servers.erase("listener:2408");
    listener_.reset();
    listener_cache_.clear();
  }
  std::unique_ptr<Host<proxy::Sender>> make_sender() {
    return std::make_unique<Host<proxy::Sender>>(services(), "sender", [&](proxy::Counters& counters) {
      return std::make_unique<proxy::Sender>(sender_config_, sender_cache_, shelf_, counters, with_store_, 1,
                                             as_bytes("key"), world_.now);
    });
  }
  void start_sender() {
    sender_ = make_sender();
    world_.servers["edge:80"] = [this](PipePtr pipe) {
      if (sender_) sender_->accept(proxy::ConnectionKind::kClient, std::move(pipe), "192.0.2.1");
    };
  }
  void kill_sender() {
    say("sender dies");
    world_.servers.erase("edge:80");
    sender_.reset();
    sender_cache_.clear();
  }

  // The successor has the socket and, as another process, none of the versions, unless they are handed over.
  void hand_over_listener() {
    say("listener handed over");
    hand_over(listener_cache_);
    old_listeners_.push_back(std::move(listener_));
    start_listener();
    old_listeners_.back()->core().drain(seconds(5), world_.now);
    old_listeners_.back()->settle();
    end_when_drained(old_listeners_);
  }
  void hand_over(page::Cache& cache) {
    const bool keeps = seed_ / 4 % 2 == 1;
    if (std::string fault = sim::hand_over(cache, keeps, !tiny_cache_); !fault.empty()) world_.fault(fault);
  }
  // The successor dials its links while the one before it still serves.
  void begin_sender_upgrade() {
    if (next_sender_) return;
    say("sender is to be handed over");
    next_sender_ = make_sender();
    take_over_clients();
  }
  void take_over_clients() {
    for (const proxy::LinkStatus& link : next_sender_->core().links(world_.now)) {
      if (!link.up) return world_.after(milliseconds(20), [this] { take_over_clients(); });
    }
    say("sender handed over");
    hand_over(sender_cache_);
    old_senders_.push_back(std::move(sender_));
    sender_ = std::move(next_sender_);
    old_senders_.back()->core().drain(seconds(5), world_.now);
    old_senders_.back()->settle();
    end_when_drained(old_senders_);
  }
  template <typename Hosts>
  void end_when_drained(Hosts& hosts) {
    std::erase_if(hosts, [](const auto& host) { return host->core().is_drained(); });
    if (!hosts.empty()) world_.after(milliseconds(50), [this, &hosts] { end_when_drained(hosts); });
  }
  Instant some_time(Instant end) {
    return world_.now + Duration(static_cast<std::int64_t>(
                            world_.dice.below(static_cast<std::uint64_t>((end - world_.now).count()))));
  }

  void visit(std::string method, std::string target, Manners manners = {}) {
    visitors_.push_back(std::make_shared<Visitor>(world_, ledger_, std::move(method), std::move(target), manners));
    visitors_.back()->start(world_.connect("edge:80"));
  }

  // In a calm, nobody does what an operator would call a fault of his own.
  void plan_visits(Instant end, int count, bool is_calm) {
    for (int i = 0; i < count; ++i) {
      const Instant when = some_time(end);
      const std::uint64_t kind = world_.dice.below(12);
      std::string method = kind == 0 ? "POST" : kind == 1 ? "HEAD" : "GET";
      std::string target = kind == 2 ? "/raw/1" : "/news/" + std::to_string(world_.dice.below(6));
      if (world_.dice.one_in(40)) target = world_.dice.one_in(2) ? "/big/1" : "/raw/big";
      Manners manners{.is_slow = world_.dice.one_in(8), .is_old = world_.dice.one_in(8)};
      if (!is_calm) {
        manners.half_closes = world_.dice.one_in(12);
        if (world_.dice.one_in(12)) manners.silence = seconds(1 + world_.dice.below(20) * world_.dice.below(10));
      }
      world_.at(when, [this, method, target, manners] { visit(method, target, manners); });
    }
  }

  void plan_faults(Instant end) {
    for (std::uint64_t i = world_.dice.below(4); i > 0; --i) {
      world_.at(some_time(end), [this] {
        if (!sender_) return;
        say("links cut");
        sender_->core().cut_links("listener:2408", world_.now);
        sender_->settle();
      });
    }
    if (world_.dice.one_in(2)) {
      const Instant when = some_time(end);
      world_.at(when, [this] { kill_listener(); });
      world_.at(when + milliseconds(world_.dice.below(3000)), [this] { start_listener(); });
    }
    if (world_.dice.one_in(4)) {
      const Instant when = some_time(end);
      world_.at(when, [this] { kill_sender(); });
      world_.at(when + milliseconds(world_.dice.below(1000)), [this] { start_sender(); });
    }
    if (world_.dice.one_in(3)) world_.at(some_time(end), [this] { listener_cache_.clear(); });
    if (world_.dice.one_in(3)) {
      const Instant when = some_time(end);
      world_.at(when, [this, when] { drop_prepared(when + seconds(5)); });
    }
    if (world_.dice.one_in(3)) world_.at(some_time(end), [this] { store_.flush(); });
    if (world_.dice.one_in(5)) world_.at(some_time(end), [this] { store_.is_dead = true; });
    if (world_.dice.one_in(4)) {
      const Instant when = some_time(end);
      world_.at(when, [this] { say("blackout"), world_.blackout = true; });
      world_.at(when + seconds(5), [this] { world_.blackout = false; });
    }
  }

  // Under overload state prepared for coding leaves while pages are being coded with it.
  void drop_prepared(Instant until) {
    sender_cache_.drop_prepared();
    listener_cache_.drop_prepared();
    if (world_.now < until)
      world_.after(milliseconds(1 + world_.dice.below(100)), [this, until] { drop_prepared(until); });
  }

  // No exchange may ever hold more than its limits: a bound on memory whatever clients, origins and links do.
  void check_held_bytes() {
    if (sender_) check_held_bytes("sender", sender_->core().most_held());
    if (listener_) check_held_bytes("listener", listener_->core().most_held());
    check_cache("sender", sender_cache_, sender_cache_bytes(seed_));
    check_cache("listener", listener_cache_, listener_cache_bytes(seed_));
  }
  void check_cache(const char* host, const page::Cache& cache, std::size_t limit) {
    const std::size_t bytes = cache.counters().bytes;
    if (bytes > limit)
      world_.fault(std::string(host) + "'s cache holds " + std::to_string(bytes) + " bytes of " +
                   std::to_string(limit));
  }
  void check_held_bytes(const char* host, const proxy::HeldBytes& held) {
    // Once: this is looked at after every step.
    static const proxy::HeldBytes limits = proxy::held_limits(config::Config{}.reference_page_limit_bytes);
    const auto check = [&](const char* kind, std::size_t most, std::size_t limit) {
      if (most > limit) {
        world_.fault(std::string(host) + " held " + std::to_string(most) + " bytes of " + kind +
                     " for one request, of which " + std::to_string(limit) + " are allowed");
      }
    };
    check("upload", held.upload, limits.upload);
    check("decoded answer", held.decoded, limits.decoded);
    check("coded answer", held.coded, limits.coded);
    check("a page", held.page, limits.page);
    check("a sample", held.sample, limits.sample);
  }

  // Every request that has begun has ended, was counted so, once, and holds nothing any more.
  static std::string count(const char* host, const proxy::Counters& counters) {
    const std::uint64_t ended =
        counters.requests_completed.get() + counters.requests_failed.get() + counters.requests_aborted.get();
    const std::uint64_t left =
        counters.held_upload.get() + counters.held_decoded.get() + counters.held_coded.get() + counters.held_page.get();
    if (left != 0) return std::string(host) + " counts " + std::to_string(left) + " bytes held when it is idle";
    if (counters.requests_started.get() == ended) return {};
    return std::string(host) + " has counted " + std::to_string(counters.requests_started.get()) +
           " requests, of which " + std::to_string(ended) + " ended";
  }

  std::string judge(const char* when) {
    for (const auto& visitor : visitors_) {
      if (!visitor->is_done())
        return std::string("stalled ") + when + ": " + visitor->target() + " " + visitor->state();
      const Outcome& outcome = visitor->outcome();
      if (outcome.kind == Outcome::Kind::kWrong)
        return std::string("wrong ") + when + ": " + visitor->target() + " " + visitor->state() + ": " + outcome.text;
      counts_.right += outcome.kind == Outcome::Kind::kRight;
      counts_.errors += outcome.kind == Outcome::Kind::kError;
      counts_.cut += outcome.kind == Outcome::Kind::kCut;
      counts_.deltas += outcome.was_delta;
      if (verbose_ && outcome.kind != Outcome::Kind::kRight)
        std::printf("  %s: %s\n", visitor->target().c_str(), outcome.text.c_str());
    }
    return {};
  }

  void say(const char* what) const {
    if (verbose_)
      std::printf("  %8.3f s %s\n", std::chrono::duration<double>(world_.now.time_since_epoch()).count(), what);
  }

  World world_;
  std::uint64_t seed_;
  bool verbose_;
  bool with_store_ = false;
  Store store_;
  Ledger ledger_;
  Origin origin_;
  Ledger strangers_ledger_{.answers = {}, .next = 1'000'000'000};
  Origin stranger_;
  page::Cache sender_cache_, listener_cache_, stranger_cache_{1 << 20};
  dictionary::Shelf shelf_{{}, as_bytes("key")};
  bool tiny_cache_;
  config::ConfigPtr sender_config_, listener_config_;
  std::unique_ptr<Host<proxy::Sender>> sender_;
  std::unique_ptr<Host<proxy::Listener>> listener_;
  std::unique_ptr<Host<proxy::Listener>> stranger_listener_;
  std::unique_ptr<Host<proxy::Sender>> next_sender_;
  std::vector<std::unique_ptr<Host<proxy::Sender>>> old_senders_;
  std::vector<std::unique_ptr<Host<proxy::Listener>>> old_listeners_;
  std::vector<std::shared_ptr<Visitor>> visitors_;
  Counts counts_;
};

}  // namespace railgun::sim
