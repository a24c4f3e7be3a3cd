// A virtual network with whole senders and listeners in it: a clock of its own, connections whose bytes arrive late and
// in pieces, origins and clients of the simulation, a store that forgets and lies. All of it follows from a seed.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "railgund/page/cache.h"
#include "railgund/proxy/listener.h"
#include "railgund/proxy/sender.h"

namespace railgun::sim {

class World;

// Seeded randomness; the same on every platform (no <random> distributions, which differ).
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : engine_(seed) {}
  std::uint64_t below(std::uint64_t limit) { return limit == 0 ? 0 : engine_() % limit; }
  bool one_in(std::uint64_t odds) { return odds > 0 && below(odds) == 0; }

 private:
  std::mt19937_64 engine_;
};

// One end of a virtual connection. What is written arrives at the other end after the network's delay, in pieces.
class Pipe;
using PipePtr = std::shared_ptr<Pipe>;
class Pipe : public std::enable_shared_from_this<Pipe> {
 public:
  // Calls of the end that owns the pipe.
  void write(ByteView bytes);
  void end();    // no more from us
  void reset();  // gone, both ways, at once
  void set_reading(bool on);
  // Bytes under way to the other end: a writer stops at the window.
  std::size_t in_flight() const { return in_flight_; }
  // The other end has read all that was written, and the end after it; or it is gone.
  bool is_taken() const;
  static constexpr std::size_t kWindow = 32 * 1024;

  // Set by the owner.
  std::function<void(ByteView)> on_bytes;
  std::function<void()> on_end;
  std::function<void()> on_reset;
  std::function<void()> on_room;  // in_flight() has come down
  // Forgets the owner's functions; not from inside one of them.
  void silence() {
    on_bytes = nullptr;
    on_end = on_reset = on_room = nullptr;
  }

 private:
  friend class World;
  void travel();
  void arrive();
  void deliver();

  World* world_ = nullptr;
  std::weak_ptr<Pipe> other_;
  std::deque<std::optional<Bytes>> wire_;  // to the other end; nothing stands for the end
  std::deque<Bytes> inbox_;
  bool end_in_inbox_ = false;
  bool end_delivered_ = false;
  bool is_open_ = true;
  bool is_reading_ = true;
  std::size_t in_flight_ = 0;
  Instant last_arrival_{};
  std::string endpoint_;  // that was connected to
  // While the line is dark: when what was sent is sent again. Each time the wait doubles, as TCP's does, so that a line
  // that has come back may not be noticed for a while.
  Instant resend_at_{};
  Duration resend_after_{};
};

// What a seed makes of the network.
struct Weather {
  Duration delay = std::chrono::milliseconds(5);
  Duration jitter = std::chrono::milliseconds(3);
  std::uint64_t largest_piece = 4000;
};

class World {
 public:
  World(std::uint64_t seed, Weather weather) : dice(seed), weather_(weather) {}
  // Takes the functions of all pipes away: they hold their owners, who hold the pipes.
  ~World();

  Dice dice;
  Instant now{};

  void at(Instant when, std::function<void()> work);
  void after(Duration delay, std::function<void()> work) { at(now + delay, std::move(work)); }
  // Called after each thing that happens; may be null.
  std::function<void()> after_step;
  // Runs until nothing is left to happen or `end` has come.
  void run_until(Instant end);
  // A delay of this network.
  Duration latency();

  // Who answers where: a connection to the endpoint makes a pipe and calls the function with its far end.
  std::map<std::string, std::function<void(PipePtr)>> servers;
  // Null if nobody listens there, or the line is dark.
  PipePtr connect(const std::string& endpoint);

  // The DNS names in the certificate of who answers there. None: for every host.
  std::map<std::string, std::vector<std::string>> certificates;

  // While true, nothing arrives and attempts to connect get no answer.
  bool blackout = false;
  // The same for the connections to these endpoints alone.
  std::set<std::string> dark;
  bool is_dark(const std::string& endpoint) const { return blackout || dark.contains(endpoint); }

  // A log line of a host. Empty, long or of several lines: noted as the first_fault().
  void log(const std::string& host, const std::string& line);
  std::function<void(const std::string&)> on_log;  // may be null

  // A hash of all that has happened so far: what arrived when, and each line that was logged. Two runs of one seed have
  // the same.
  std::uint64_t trace() const { return trace_; }
  // What was wrong with the hosts themselves, first of all; empty: nothing.
  const std::string& first_fault() const { return first_fault_; }
  void fault(const std::string& text) {
    if (first_fault_.empty()) first_fault_ = text;
  }

 private:
  friend class Pipe;
  void trace(ByteView what);
  struct Event {
    Instant when;
    std::uint64_t number;
    std::function<void()> work;
    bool operator>(const Event& other) const { return std::tie(when, number) > std::tie(other.when, other.number); }
  };
  Weather weather_;
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
  std::uint64_t next_event_ = 0;
  std::vector<std::weak_ptr<Pipe>> pipes_;
  std::uint64_t trace_ = 0;
  std::string first_fault_;
};

// memcached as a core meets it: late, forgetful, sometimes full of someone else's bytes.
class Store {
 public:
  Store(World& world, bool lies) : world_(world), lies_(lies) {}
  void get(const std::string& key, std::function<void(std::optional<Bytes>)> done);
  void put(std::string key, Bytes item);
  void flush() { items_.clear(); }
  bool is_dead = false;

 private:
  World& world_;
  bool lies_;
  std::map<std::string, Bytes> items_;
};

}  // namespace railgun::sim
