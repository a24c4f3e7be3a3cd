#include "railgund/app/preparer.h"

#include <utility>

#include <sys/prctl.h>
#include <sys/resource.h>

#include "railgund/delta/starting_text.h"
#include "railgund/log/panic.h"
#include "railgund/net/clock.h"

namespace railgun::app {
namespace {

// Workers come first.
constexpr int kNiceness = 10;

}  // namespace

Preparer::Preparer(page::Cache& cache) : cache_(cache), thread_([this] { run(); }) {}

Preparer::~Preparer() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Preparer::add(page::VersionPtr version, bool strong) { add(Version{std::move(version), strong}); }

void Preparer::add(dictionary::Shelf& shelf, const dictionary::Audience& audience) { add(Refresh{&shelf, audience}); }

void Preparer::add(Item item) {
  {
    const MutexLock lock(mutex_);
    // A shelf that is not worked on stays as it is for good; there are few of them.
    if (waiting_.size() >= kMostWaiting && std::holds_alternative<Version>(item)) return;
    waiting_.push_back(std::move(item));
  }
  changed_.notify_all();
}

void Preparer::wait() {
  MutexLock lock(mutex_);
  while (!waiting_.empty() || working_) lock.wait(changed_);
}

void Preparer::run() {
  const log::ReporterStack stack;
  prctl(PR_SET_NAME, "preparer");
  setpriority(PRIO_PROCESS, 0, kNiceness);  // of this thread only
  (void)delta::starting_text();             // so that the first page of the process does not wait for it
  MutexLock lock(mutex_);
  for (;;) {
    while (!stopping_ && waiting_.empty()) lock.wait(changed_);
    if (stopping_) return;
    Item item = std::move(waiting_.front());
    waiting_.pop_front();
    working_ = true;
    lock.unlock();
    std::visit([this](const auto& wanted) { work(wanted); }, item);
    item = Refresh{};
    lock.lock();
    working_ = false;
    changed_.notify_all();
  }
}

void Preparer::work(const Version& item) {
  // In the meantime it may have left, or others may need the room more.
  if (!cache_.is_worth_preparing(item.version->id)) return;
  item.version->reference.prepare();
  if (item.strong) item.version->reference.prepare_strong();
  cache_.recount(item.version);
}

void Preparer::work(const Refresh& item) { item.shelf->work(item.audience, net::steady_now()); }

}  // namespace railgun::app
