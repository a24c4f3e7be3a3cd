// One thread's loop over descriptors, timers and signals (libevent), and the small things that live on it. Everything
// here is touched by the loop's thread alone, but for post() and stop().
//
// A turn is one wait and the callbacks of what it found. What is deferred runs once all of them are done, so that
// output of one turn leaves in one write.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include <event2/event_struct.h>

#include "railgund/base/bytes.h"
#include "railgund/base/time.h"
#include "railgund/net/address_history.h"
#include "railgund/net/clock.h"
#include "railgund/net/descriptor.h"

struct event_base;

namespace railgun::net {

class Deferred;

// Work to be called again and again, which may destroy the object that holds it.
class Callback {
 public:
  explicit Callback(std::function<void()> work) : work_(std::move(work)) {}
  ~Callback() {
    if (destroyed_ != nullptr) *destroyed_ = true;
  }
  Callback(const Callback&) = delete;
  Callback& operator=(const Callback&) = delete;

  void run();

 private:
  std::function<void()> work_;
  bool* destroyed_ = nullptr;  // while run() is under way
};

class EventLoop {
 public:
  EventLoop();
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // Runs until stop().
  void run();
  // From any thread: run() returns after the turn; at once if called before it.
  void stop();
  // From any thread: `work` runs on the loop, in the order posted. Work posted after the last turn is dropped with
  // the loop. The queue has no limit: posters bound what they have under way.
  void post(std::function<void()> work);

  Instant now() const { return steady_now(); }
  // Turns so far: a loop whose count stands still while it has posted work is stuck. From any thread.
  std::uint64_t turns() const { return turns_.load(std::memory_order_relaxed); }

  // What streams read at a time, at most kReadBytes. Less where many hold what they have read.
  static constexpr std::size_t kReadBytes = 64 * 1024;
  void set_read_most(std::size_t bytes) { read_most_ = std::clamp<std::size_t>(bytes, 1, kReadBytes); }

  // For the other files of this folder.
  event_base* base() const { return base_.get(); }
  // One for all streams: valid until the callback returns.
  std::span<std::uint8_t> read_buffer() { return std::span(read_buffer_).first(read_most_); }
  // Memory for output on its way to the kernel, lent to one writer at a time.
  Bytes& write_buffer() { return write_buffer_; }
  // Which addresses did not answer lately.
  AddressHistory& address_history() { return address_history_; }

 private:
  friend class Deferred;
  struct FreeBase {
    void operator()(event_base* base) const noexcept;
  };

  void run_deferred();
  void run_posted();

  std::unique_ptr<event_base, FreeBase> base_;
  Descriptor wake_;
  event wake_event_;
  Bytes read_buffer_;
  std::size_t read_most_ = kReadBytes;
  Bytes write_buffer_;
  AddressHistory address_history_;
  std::vector<Deferred*> deferred_;  // entries that were cancelled are null
  std::vector<Deferred*> running_;
  std::atomic<std::uint64_t> turns_ = 0;
  std::atomic<bool> is_stopping_ = false;

  std::mutex posted_mutex_;
  std::vector<std::function<void()>> posted_;
};

// Work at the end of a turn, at most once however often asked for. It may ask again: that is for the next turn.
class Deferred {
 public:
  Deferred(EventLoop& loop, std::function<void()> work) : loop_(loop), work_(std::move(work)) {}
  ~Deferred() { cancel(); }
  Deferred(const Deferred&) = delete;
  Deferred& operator=(const Deferred&) = delete;

  void schedule();
  void cancel();

 private:
  friend class EventLoop;
  static constexpr std::uint32_t kIdle = UINT32_MAX;

  EventLoop& loop_;
  Callback work_;
  std::uint32_t place_ = kIdle;  // in loop_.deferred_, or in loop_.running_ if is_running_
  bool is_running_ = false;
};

// Runs `work` once each time it is set and its time has come; never early. `work` may set it again or destroy it.
class Timer {
 public:
  Timer(EventLoop& loop, std::function<void()> work);
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  // Replaces an earlier time; kNever cancels.
  void set(Instant when);
  void cancel() { set(kNever); }
  bool is_set() const { return when_ != kNever; }

 private:
  void arm();
  void expire();

  EventLoop& loop_;
  Callback work_;
  Instant when_ = kNever;
  event event_;
};

// Calls `work` on the loop whenever the process gets `signal`. One loop of the process may have these.
class SignalWatch {
 public:
  SignalWatch(EventLoop& loop, int signal, std::function<void()> work);
  ~SignalWatch();
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

 private:
  Callback work_;
  event event_;
};

}  // namespace railgun::net
