// One core in the world: does what its effects say, as app/drive.h does in the real one.
#pragma once

#include <memory>
#include <set>
#include <unordered_map>

#include "world.h"

namespace railgun::sim {

template <typename Core>
class Host {
 public:
  // `store`: null for none.
  Host(World& world, Store* store, std::unique_ptr<Core> core)
      : world_(world), store_(store), core_(std::move(core)), alive_(std::make_shared<Host*>(this)) {
    settle();
  }
  // As by SIGKILL: every connection is reset.
  ~Host() {
    *alive_ = nullptr;
    for (auto& [id, pipe] : pipes_) {
      pipe->silence();
      pipe->reset();
    }
  }

  Core& core() { return *core_; }

  void accept(proxy::Kind kind, PipePtr pipe, const std::string& peer) {
    const proxy::ConnectionId id = core_->accepted(kind, peer, {}, world_.now);
    attach(id, std::move(pipe));
    settle();
  }

  void settle() {
    if (settling_) return;
    settling_ = true;
    while (auto effect = core_->poll()) perform(std::move(*effect));
    settling_ = false;
    arm();
  }

 private:
  void attach(proxy::ConnectionId id, PipePtr pipe) {
    pipe->on_bytes = [this, id](ByteView bytes) {
      core_->receive(id, bytes, world_.now);
      settle();
    };
    pipe->on_end = [this, id] {
      core_->receive_end(id, world_.now);
      settle();
    };
    pipe->on_reset = [this, id] {
      forget(id);
      core_->closed(id, {Errc::kUnavailable, "connection reset"}, world_.now);
      settle();
    };
    pipe->on_room = [this, id] { flush(id); };
    pipes_[id] = std::move(pipe);
  }

  void perform(proxy::Effect effect) {
    if (const auto* dial = std::get_if<proxy::Dial>(&effect)) {
      dialling_.insert(dial->connection);
      world_.after(world_.latency(), [alive = alive_, dial = *dial] {
        if (*alive != nullptr) (*alive)->connect(dial);
      });
    } else if (const auto* want = std::get_if<proxy::WantWrite>(&effect)) {
      if (wanting_.insert(want->connection).second) {
        world_.after(Duration(0), [alive = alive_, id = want->connection] {
          if (*alive == nullptr) return;
          (*alive)->wanting_.erase(id);
          (*alive)->flush(id);
        });
      }
    } else if (const auto* reading = std::get_if<proxy::SetReading>(&effect)) {
      if (const auto found = pipes_.find(reading->connection); found != pipes_.end())
        found->second->set_reading(reading->on);
    } else if (const auto* close = std::get_if<proxy::Close>(&effect)) {
      dialling_.erase(close->connection);
      if (const auto found = pipes_.find(close->connection); found != pipes_.end()) {
        const PipePtr pipe = found->second;
        forget(close->connection);
        pipe->write(close->last_words);
        pipe->end();
        reset_when_taken(world_, pipe);
      }
    } else if (const auto* get = std::get_if<proxy::StoreGet>(&effect)) {
      if (store_ == nullptr) return;
      store_->get(get->key, [alive = alive_, ticket = get->ticket](const std::optional<Bytes>& item) {
        if (*alive == nullptr) return;
        (*alive)->core_->store_answer(ticket, item, (*alive)->world_.now);
        (*alive)->settle();
      });
    } else if (auto* put = std::get_if<proxy::StorePut>(&effect)) {
      if (store_ != nullptr) store_->put(std::move(put->key), std::move(put->item));
    } else if (const auto* prepare = std::get_if<proxy::Prepare>(&effect)) {
      prepare->version->reference.prepare();
      if (prepare->strong) prepare->version->reference.prepare_strong();
    }
  }

  // What is on its way arrives first, however slowly it is read.
  static void reset_when_taken(World& world, const PipePtr& pipe) {
    world.after(std::chrono::seconds(1), [&world, pipe] {
      if (pipe->in_flight() == 0) return pipe->reset();
      reset_when_taken(world, pipe);
    });
  }

  void connect(const proxy::Dial& dial) {
    if (dialling_.erase(dial.connection) == 0) return;
    if (PipePtr pipe = world_.connect(to_string(dial.endpoint))) {
      attach(dial.connection, std::move(pipe));
      core_->connected(dial.connection, {}, world_.now);
    } else {
      core_->closed(dial.connection, {Errc::kUnavailable, "connection refused"}, world_.now);
    }
    settle();
  }

  void flush(proxy::ConnectionId id) {
    const auto found = pipes_.find(id);
    if (found == pipes_.end()) return;
    const PipePtr pipe = found->second;
    while (pipe->in_flight() < Pipe::kWindow && pipes_.contains(id)) {
      Bytes bytes;
      if (core_->pull(id, bytes, 1 + world_.dice.below(16000), world_.now) == 0) break;
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
  }

  void arm() {
    const Instant deadline = core_->deadline();
    if (deadline == kNever || deadline == armed_) return;
    armed_ = deadline;
    world_.at(deadline, [alive = alive_, deadline] {
      if (*alive == nullptr || (*alive)->armed_ != deadline) return;
      (*alive)->armed_ = kNever;
      (*alive)->core_->on_deadline((*alive)->world_.now);
      (*alive)->settle();
    });
  }

  World& world_;
  Store* store_;
  std::unique_ptr<Core> core_;
  std::shared_ptr<Host*> alive_;
  std::unordered_map<proxy::ConnectionId, PipePtr> pipes_;
  std::set<proxy::ConnectionId> dialling_;
  std::set<proxy::ConnectionId> wanting_;
  Instant armed_ = kNever;
  bool settling_ = false;
};

}  // namespace railgun::sim
