#include "railgund/log/writer.h"

#include <csignal>
#include <utility>

#include <pthread.h>

#include "railgund/log/panic.h"

namespace railgun::log {

Writer::Writer(std::unique_ptr<Sink> sink) : sink_(std::move(sink)) {
  // Signals are for the main thread.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

Writer::~Writer() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Writer::add(Line line) {
  {
    const std::scoped_lock lock(mutex_);
    queue_.push(std::move(line));
    count_waiting();
  }
  changed_.notify_all();
}

void Writer::set_sink(std::unique_ptr<Sink> sink) {
  const std::scoped_lock lock(mutex_);
  sink_ = std::move(sink);
}

bool Writer::flush(Duration limit) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, limit, [this] { return queue_.empty() && !is_writing_; });
}

std::uint64_t Writer::dropped() const {
  const std::scoped_lock lock(mutex_);
  return queue_.dropped();
}

bool Writer::is_standard_error() const {
  const std::scoped_lock lock(mutex_);
  return sink_->is_standard_error();
}

void Writer::count_waiting() { waiting_.store(queue_.size() + (is_writing_ ? 1 : 0), std::memory_order_relaxed); }

void Writer::run() {
  pthread_setname_np(pthread_self(), "log");
  const ReporterStack stack;
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (stopping_) return;
    const std::optional<Line> line = queue_.pop();
    is_writing_ = true;
    for (bool written = false; !written && !stopping_;) {
      const std::shared_ptr<Sink> sink = sink_;
      lock.unlock();
      written = sink->write(*line);
      lock.lock();
      if (!written) changed_.wait_for(lock, kRetryAfter, [this] { return stopping_; });
    }
    is_writing_ = false;
    count_waiting();
    if (queue_.empty()) changed_.notify_all();
  }
}

}  // namespace railgun::log
