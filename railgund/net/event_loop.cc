#include "railgund/net/event_loop.h"

#include <algorithm>

#include <event2/event.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "railgund/base/check.h"

namespace railgun::net {
namespace {

struct FreeConfig {
  void operator()(event_config* config) const noexcept { event_config_free(config); }
};

event_base* make_base() {
  const std::unique_ptr<event_config, FreeConfig> config(event_config_new());
  RAILGUN_CHECK(config != nullptr);
  // Threads speak to the loop through post() alone, so libevent need not lock.
  event_config_set_flag(config.get(), EVENT_BASE_FLAG_NOLOCK);
  return event_base_new_with_config(config.get());
}

}  // namespace

void Callback::run() {
  // The work lives here meanwhile, so that it outlives the holder if it destroys it.
  std::function<void()> work = std::move(work_);
  bool destroyed = false;
  destroyed_ = &destroyed;
  work();
  if (destroyed) return;
  destroyed_ = nullptr;
  work_ = std::move(work);
}

void EventLoop::FreeBase::operator()(event_base* base) const noexcept { event_base_free(base); }

EventLoop::EventLoop() : base_(make_base()), wake_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)), read_buffer_(kReadBytes) {
  RAILGUN_CHECK(base_ != nullptr && wake_);
  event_assign(
      &wake_event_, base_.get(), wake_.get(), EV_READ | EV_PERSIST,
      [](evutil_socket_t, short, void* loop) noexcept { static_cast<EventLoop*>(loop)->run_posted(); }, this);
  event_add(&wake_event_, nullptr);
}

EventLoop::~EventLoop() {
  event_del(&wake_event_);
  // What libevent itself still wants to call, such as the ends of cancelled look-ups: it would leak else.
  event_base_loop(base_.get(), EVLOOP_NONBLOCK);
}

void EventLoop::run() {
  while (!is_stopping_.load(std::memory_order_acquire)) {
    // Deferred work that asked again waits for one more look at the descriptors, not for one of them to move.
    event_base_loop(base_.get(), deferred_.empty() ? EVLOOP_ONCE : EVLOOP_NONBLOCK);
    turns_.fetch_add(1, std::memory_order_relaxed);
    run_deferred();
  }
  is_stopping_.store(false, std::memory_order_release);
}

void EventLoop::stop() {
  is_stopping_.store(true, std::memory_order_release);
  post([] {});
}

void EventLoop::post(std::function<void()> work) {
  bool was_empty = false;
  {
    const std::lock_guard lock(posted_mutex_);
    was_empty = posted_.empty();
    posted_.push_back(std::move(work));
  }
  // A full counter (EAGAIN) wakes the loop just as well.
  const std::uint64_t one = 1;
  if (was_empty && ::write(wake_.get(), &one, sizeof one) < 0) return;
}

void EventLoop::run_posted() {
  std::uint64_t count = 0;
  // Nothing to read (EAGAIN): another wake-up has taken it along.
  if (::read(wake_.get(), &count, sizeof count) < 0) count = 0;
  std::vector<std::function<void()>> work;
  {
    const std::lock_guard lock(posted_mutex_);
    work.swap(posted_);
  }
  for (auto& each : work) each();
}

void EventLoop::run_deferred() {
  running_.swap(deferred_);
  for (Deferred* each : running_) {
    if (each != nullptr) each->is_running_ = true;
  }
  // Indexed, as work may cancel (null) other entries.
  for (std::size_t i = 0; i < running_.size(); ++i) {
    Deferred* const each = running_[i];
    if (each == nullptr) continue;
    each->place_ = Deferred::kIdle;
    each->is_running_ = false;
    each->work_.run();
  }
  running_.clear();
}

void Deferred::schedule() {
  if (place_ != kIdle) return;
  place_ = static_cast<std::uint32_t>(loop_.deferred_.size());
  loop_.deferred_.push_back(this);
}

void Deferred::cancel() {
  if (place_ == kIdle) return;
  (is_running_ ? loop_.running_ : loop_.deferred_)[place_] = nullptr;
  place_ = kIdle;
  is_running_ = false;
}

Timer::Timer(EventLoop& loop, std::function<void()> work) : loop_(loop), work_(std::move(work)) {
  event_assign(
      &event_, loop.base(), -1, 0,
      [](evutil_socket_t, short, void* timer) noexcept { static_cast<Timer*>(timer)->expire(); }, this);
}

Timer::~Timer() { event_del(&event_); }

void Timer::set(Instant when) {
  if (when == when_) return;
  const bool was_later = when_ != kNever && when_ <= when;
  when_ = when;
  if (when == kNever) {
    event_del(&event_);
  } else if (!was_later) {
    arm();
  }
  // Else the earlier expiry finds that it is not yet time and arms again: deadlines that move forward cost nothing.
}

void Timer::arm() {
  const Duration wait = std::max(when_ - loop_.now(), Duration::zero());
  // Rounded up, and bounded to what libevent's sums can take.
  const auto microseconds = std::min(std::chrono::ceil<std::chrono::microseconds>(wait),
                                     std::chrono::microseconds(std::chrono::hours(10000)));
  const timeval time{.tv_sec = microseconds.count() / 1000000, .tv_usec = microseconds.count() % 1000000};
  event_add(&event_, &time);
}

void Timer::expire() {
  // libevent's clock is coarse and may run a few milliseconds behind ours.
  if (when_ == kNever) return;
  if (loop_.now() < when_) return arm();
  when_ = kNever;
  work_.run();
}

SignalWatch::SignalWatch(EventLoop& loop, int signal, std::function<void()> work) : work_(std::move(work)) {
  event_assign(
      &event_, loop.base(), signal, EV_SIGNAL | EV_PERSIST,
      [](evutil_socket_t, short, void* watch) noexcept { static_cast<SignalWatch*>(watch)->work_.run(); }, this);
  event_add(&event_, nullptr);
}

SignalWatch::~SignalWatch() { event_del(&event_); }

}  // namespace railgun::net
