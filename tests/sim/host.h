// One core in the world: the simulator's shell of proxy/driver.h, as app/drive.h is the daemon's.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <unordered_map>

#include "railgund/proxy/driver.h"

#include "world.h"

namespace railgun::sim {

// What a host depends on. All of it outlives the host.
struct HostServices {
  World& world;
  Store* store;  // null: none
};

template <typename Core>
class Host {
 public:
  using MakeCore = std::function<std::unique_ptr<Core>(proxy::Counters&)>;

  // `name`: for the trace.
  Host(HostServices services, std::string name, const MakeCore& make_core)
      : world_(services.world),
        store_(services.store),
        name_(std::move(name)),
        driver_(*this, make_core(counters_)),
        alive_(std::make_shared<Host*>(this)) {
    driver_.settle();
  }
  // As by SIGKILL: every connection is reset.
  ~Host() {
    *alive_ = nullptr;
    for (auto& [id, pipe] : pipes_) {
      pipe->silence();
      pipe->reset();
    }
  }
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  // After calls to the core: settle().
  Core& core() { return driver_.core(); }
  void settle() { driver_.settle(); }
  const proxy::Counters& counters() const { return counters_; }

  void accept(proxy::ConnectionKind kind, PipePtr pipe, const std::string& peer) {
    driver_.accepted({.kind = kind, .peer = peer}, [&](proxy::ConnectionId id) { attach(id, kind, std::move(pipe)); });
  }

 private:
  friend class proxy::Driver<Core, Host>;
  using Driver = proxy::Driver<Core, Host>;

  Instant now() const { return world_.now; }

  void perform(const proxy::Dial& dial) {
    dialling_.insert(dial.connection);
    world_.after(world_.latency(), [alive = alive_, dial] {
      if (*alive != nullptr) (*alive)->connect(dial);
    });
  }

  void perform(proxy::WantWrite want) {
    if (!wanting_.insert(want.connection).second) return;
    world_.after(Duration(0), [alive = alive_, id = want.connection] {
      if (*alive == nullptr) return;
      (*alive)->wanting_.erase(id);
      (*alive)->flush(id);
    });
  }

  void perform(proxy::SetReading reading) {
    if (const auto found = pipes_.find(reading.connection); found != pipes_.end())
      found->second->set_reading(reading.on);
  }

  void perform(proxy::EndOutput end) {
    if (const auto found = pipes_.find(end.connection); found != pipes_.end()) found->second->end();
  }

  void perform(const proxy::Close& close) {
    dialling_.erase(close.connection);
    const auto found = pipes_.find(close.connection);
    if (found == pipes_.end()) return;
    const PipePtr pipe = found->second;
    forget(close.connection);
    if (close.reset) return pipe->reset();
    pipe->write(close.final_bytes);
    pipe->end();
    reset_when_taken(world_, pipe);
  }

  void perform(const proxy::StoreGet& get) {
    if (store_ == nullptr) return driver_.store_answer(get.ticket, std::nullopt);
    store_->get(get.key, [alive = alive_, ticket = get.ticket](std::optional<Bytes> item) {
      if (*alive != nullptr) (*alive)->driver_.store_answer(ticket, std::move(item));
    });
  }

  void perform(const proxy::LogAccess&) {}
  void perform(const proxy::ChallengeGet& get) { driver_.store_answer(get.ticket, std::nullopt); }

  void perform(proxy::StorePut put) {
    if (store_ != nullptr) store_->put(std::move(put.key), std::move(put.item));
  }

  void perform(const proxy::Prepare& prepare) {
    prepare.version->reference.prepare();
    if (prepare.strong) prepare.version->reference.prepare_strong();
  }

  void perform(const proxy::RefreshDictionary& refresh) { refresh.shelf->work(refresh.audience, now()); }

  void perform(const proxy::LogLine& line) { world_.log(name_, line.text); }

  void set_deadline(Instant deadline) {
    if (deadline == kNever || deadline == armed_) return;
    armed_ = deadline;
    world_.at(deadline, [alive = alive_, deadline] {
      if (*alive == nullptr || (*alive)->armed_ != deadline) return;
      (*alive)->armed_ = kNever;
      (*alive)->driver_.on_deadline();
    });
  }

  void attach(proxy::ConnectionId id, proxy::ConnectionKind kind, PipePtr pipe) {
    pipe->on_bytes = [this, id, kind](ByteView bytes) {
      if (kind == proxy::ConnectionKind::kLink) measure(id);
      driver_.receive(id, bytes);
    };
    pipe->on_end = [this, id] { driver_.receive_end(id); };
    pipe->on_reset = [this, id] {
      forget(id);
      driver_.closed(id, {Errc::kUnavailable, "connection reset"});
    };
    pipe->on_room = [this, id] { flush(id); };
    pipes_[id] = std::move(pipe);
  }

  // A kernel's estimate of what a link delivers, which is often far off.
  void measure(proxy::ConnectionId id) {
    if constexpr (Driver::kMeasuresLinks) {
      Instant& last = measured_[id];
      if (now() - last < std::chrono::seconds(1)) return;
      last = now();
      driver_.measured(id,
                       {.bytes_per_second = 1000 + world_.dice.below(100'000'000), .is_least = world_.dice.one_in(2)});
    }
  }

  // What is on its way arrives first, the end, too, however slowly it is read.
  static void reset_when_taken(World& world, const PipePtr& pipe) {
    world.after(std::chrono::seconds(1), [&world, pipe] {
      if (pipe->is_taken()) return pipe->reset();
      reset_when_taken(world, pipe);
    });
  }

  // `again_after`: TCP asks again after 1 s, 2 s, 4 s, ..., if there is no answer.
  void connect(const proxy::Dial& dial, Duration again_after = std::chrono::seconds(1)) {
    if (!dialling_.contains(dial.connection)) return;
    const std::string endpoint = to_string(dial.endpoint);
    if (world_.is_dark(endpoint)) {
      if (now() >= dial.deadline) {
        dialling_.erase(dial.connection);
        return driver_.closed(dial.connection, {Errc::kTimeout, "i/o timeout"});
      }
      return world_.at(std::min(now() + again_after, dial.deadline), [alive = alive_, dial, again_after] {
        if (*alive != nullptr) (*alive)->connect(dial, 2 * again_after);
      });
    }
    dialling_.erase(dial.connection);
    if (PipePtr pipe = world_.connect(endpoint)) {
      attach(dial.connection, dial.kind, std::move(pipe));
      proxy::Established established;
      if (dial.kind == proxy::ConnectionKind::kLink) established.hosts = world_.certificates[endpoint];
      driver_.connected(dial.connection, std::move(established));
    } else {
      driver_.closed(dial.connection, {Errc::kUnavailable, "connection refused"});
    }
  }

  void flush(proxy::ConnectionId id) {
    const auto found = pipes_.find(id);
    if (found == pipes_.end()) return;
    const PipePtr pipe = found->second;
    while (pipe->in_flight() < Pipe::kWindow && pipes_.contains(id)) {
      Bytes bytes;
      if (driver_.pull(id, bytes, 1 + world_.dice.below(16000)) == 0) break;
      pipe->write(bytes);
      settle();
    }
    settle();
  }

  void forget(proxy::ConnectionId id) {
    const auto found = pipes_.find(id);
    if (found == pipes_.end()) return;
    const PipePtr pipe = found->second;
    // It may be one of its own functions that runs now.
    world_.after(Duration(0), [pipe] { pipe->silence(); });
    pipe->on_reset = nullptr;
    pipes_.erase(found);
    measured_.erase(id);
  }

  World& world_;
  Store* store_;
  std::string name_;
  proxy::Counters counters_;
  Instant armed_ = kNever;
  std::unordered_map<proxy::ConnectionId, PipePtr> pipes_;
  std::unordered_map<proxy::ConnectionId, Instant> measured_;
  std::set<proxy::ConnectionId> dialling_;
  std::set<proxy::ConnectionId> wanting_;
  Driver driver_;
  std::shared_ptr<Host*> alive_;
};

}  // namespace railgun::sim
