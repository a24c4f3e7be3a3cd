#include "railgund/app/handover.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "railgund/log/log.h"
#include "railgund/log/panic.h"
#include "railgund/net/clock.h"
#include "railgund/page/snapshot.h"

namespace railgun::app {
namespace {

// How often new versions are looked for, and a wait looks whether the process ends. A look goes through the whole cache, so
// the pause after it is kPauses times as long, up to the longest.
constexpr int kLookAgainMilliseconds = 50;
constexpr int kLongestPauseMilliseconds = 1000;
constexpr int kPauses = 20;
int pause_after(Duration look) {
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(look * kPauses).count();
  return std::clamp(static_cast<int>(std::min<std::int64_t>(milliseconds, kLongestPauseMilliseconds)),
                    kLookAgainMilliseconds, kLongestPauseMilliseconds);
}

// Workers come first.
constexpr int kNiceness = 5;

}  // namespace

Handover::Handover(const page::Cache& cache, Descriptor pipe)
    : cache_(cache), pipe_(std::move(pipe)), thread_([this] { run(); }) {}

Handover::~Handover() {
  {
    const MutexLock lock(mutex_);
    deadline_ = net::steady_now() + kLastWrites;
  }
  thread_.join();
}

void Handover::give_statistics(std::string json) {
  const MutexLock lock(mutex_);
  statistics_ = std::move(json);
}

bool Handover::is_ending() {
  const MutexLock lock(mutex_);
  return deadline_.has_value();
}

bool Handover::is_over() {
  const MutexLock lock(mutex_);
  return deadline_ && net::steady_now() >= *deadline_;
}

void Handover::run() {
  const log::ReporterStack stack;
  prctl(PR_SET_NAME, "handover");
  setpriority(PRIO_PROCESS, 0, kNiceness);  // of this thread only
  page::SnapshotSource source(cache_, true);
  bool said_complete = false;
  if (!write(page::snapshot_head())) return;
  for (;;) {
    // Read before the last look, so that nothing is left when it ends.
    const bool is_last = is_ending();
    std::optional<std::string> statistics;
    {
      const MutexLock lock(mutex_);
      statistics = std::exchange(statistics_, std::nullopt);
    }
    if (statistics && !write(page::encode_record(page::SnapshotKind::kStatistics, as_bytes(*statistics)))) return;
    const Instant before = net::steady_now();
    if (const auto kept = source.next()) {
      if (!write(page::encode_record(*kept, page::PageForm::kRaw))) return;
      continue;
    }
    const Duration look = net::steady_now() - before;
    if (!std::exchange(said_complete, true)) {
      if (!write(page::encode_record(page::SnapshotKind::kComplete, {}))) return;
      continue;
    }
    if (is_last) return;
    pollfd closed{.fd = pipe_.get(), .events = 0, .revents = 0};
    // Its other end is closed.
    if (poll(&closed, 1, pause_after(look)) > 0) return;
  }
}

// False: the successor has ended, or does not read.
bool Handover::write(ByteView bytes) {
  while (!bytes.empty()) {
    pollfd room{.fd = pipe_.get(), .events = POLLOUT, .revents = 0};
    if (poll(&room, 1, kLookAgainMilliseconds) <= 0) {
      if (is_over()) return false;
      continue;
    }
    const ssize_t count = ::write(pipe_.get(), bytes.data(), bytes.size());
    if (count < 0 && errno != EAGAIN && errno != EINTR) return false;
    if (count > 0) bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return !is_over();
}

}  // namespace railgun::app
