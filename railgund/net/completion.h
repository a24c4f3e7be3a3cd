// Reports the outcome of an operation once, from a turn of the loop of its own: so the receiver may destroy whatever
// holds the completion, and is never called from inside a call that it made.
#pragma once

#include <functional>
#include <optional>
#include <utility>

#include "railgund/net/event_loop.h"

namespace railgun::net {

template <typename Outcome>
class Completion {
 public:
  Completion(EventLoop& loop, std::function<void(Outcome)> done)
      : loop_(loop), done_(std::move(done)), timer_(loop, [this] {
          const auto report = std::move(done_);
          report(*std::move(outcome_));
        }) {}

  // The first outcome counts. It is reported in the next turn, or at `when`.
  void set(Outcome outcome) { set(std::move(outcome), loop_.now()); }
  void set(Outcome outcome, Instant when) {
    if (outcome_) return;
    outcome_.emplace(std::move(outcome));
    timer_.set(when);
  }
  // Reports what is set in the next turn instead of later.
  void report_now() {
    if (outcome_) timer_.set(loop_.now());
  }
  bool is_set() const { return outcome_.has_value(); }

 private:
  EventLoop& loop_;
  std::function<void(Outcome)> done_;
  std::optional<Outcome> outcome_;
  Timer timer_;
};

}  // namespace railgun::net
