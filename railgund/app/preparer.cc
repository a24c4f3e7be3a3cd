#include "railgund/app/preparer.h"

#include <utility>

#include <sys/prctl.h>
#include <sys/resource.h>

#include "railgund/log/panic.h"

namespace railgun::app {
namespace {

// Workers come first.
constexpr int kNiceness = 10;

}  // namespace

Preparer::Preparer(page::Cache& cache) : cache_(cache), thread_([this] { run(); }) {}

Preparer::~Preparer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Preparer::add(page::VersionPtr version, bool strong) {
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() >= kMostWaiting) return;
    waiting_.push_back({std::move(version), strong});
  }
  changed_.notify_all();
}

void Preparer::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return waiting_.empty() && !working_; });
}

void Preparer::run() {
  const log::ReporterStack stack;
  prctl(PR_SET_NAME, "preparer");
  setpriority(PRIO_PROCESS, 0, kNiceness);  // of this thread only
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (stopping_) return;
    Item item = std::move(waiting_.front());
    waiting_.pop_front();
    working_ = true;
    lock.unlock();
    item.version->reference.prepare();
    if (item.strong) item.version->reference.prepare_strong();
    cache_.recount(item.version->id);
    item.version.reset();
    lock.lock();
    working_ = false;
    changed_.notify_all();
  }
}

}  // namespace railgun::app
