#include "railgund/app/snapshot_intake.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <poll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "railgund/log/log.h"
#include "railgund/log/panic.h"
#include "railgund/net/clock.h"

namespace railgun::app {
namespace {

constexpr std::size_t kPieceBytes = 256 * 1024;
// A text of statistics is smaller: its sites are bounded (proxy::SiteTable), and so is its history.
constexpr std::size_t kMostStatistics = 4 << 20;
// How often a wait looks whether the process ends.
constexpr int kLookAgainMilliseconds = 100;

// Bytes read; 0 at the end, or where `stopping` is set. Errors: kUnavailable.
Result<std::size_t> read_some(int from, std::span<std::uint8_t> to, const std::atomic<bool>& stopping) {
  while (!stopping.load(std::memory_order_relaxed)) {
    pollfd waiting{.fd = from, .events = POLLIN, .revents = 0};
    if (poll(&waiting, 1, kLookAgainMilliseconds) == 0) continue;
    const ssize_t count = ::read(from, to.data(), to.size());
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno != EINTR && errno != EAGAIN) return fail(Errc::kUnavailable, std::strerror(errno));
  }
  return 0;
}

}  // namespace

SnapshotIntake::SnapshotIntake(page::Cache& cache, Descriptor from, Options options)
    : cache_(cache), from_(std::move(from)), options_(std::move(options)), thread_([this] { run(); }) {}

SnapshotIntake::~SnapshotIntake() {
  stopping_ = true;
  thread_.join();
}

void SnapshotIntake::run() {
  const log::ReporterStack stack;
  prctl(PR_SET_NAME, "snapshot");
  begun_ = net::steady_now();
  if (const auto outcome = read_all(); !outcome)
    log::error("page versions from " + options_.where + ": " + outcome.error().text + "; the rest is left");
  complete();
  from_.reset();
}

Result<void> SnapshotIntake::read_all() {
  page::SnapshotReader reader(std::max(options_.page_limit_bytes, kMostStatistics) +
                              page::SnapshotReader::kRecordOverhead);
  Bytes piece(kPieceBytes);
  for (;;) {
    const auto count = read_some(from_.get(), piece, stopping_);
    if (!count) return std::unexpected(count.error());
    if (*count == 0) return {};
    reader.receive(ByteView(piece).first(*count));
    for (;;) {
      const auto record = reader.poll();
      if (!record) return std::unexpected(record.error());
      if (!*record || stopping_.load(std::memory_order_relaxed)) break;
      take(**record);
    }
  }
}

void SnapshotIntake::take(const page::SnapshotReader::Record& record) {
  switch (record.kind) {
    case page::SnapshotKind::kComplete:
      return complete();
    case page::SnapshotKind::kStatistics:
      return options_.on_statistics(std::string(as_text(record.payload)));
    case page::SnapshotKind::kVersion:
      break;
  }
  const auto kept = page::decode_version(record.payload, options_.page_limit_bytes);
  if (!kept) return;
  cache_.restore(*kept);
  ++versions_;
  page_bytes_ += kept->version->reference.size();
}

void SnapshotIntake::complete() {
  if (complete_.exchange(true, std::memory_order_acq_rel)) return;
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(net::steady_now() - begun_);
  log::notice("page versions from " + options_.where + ": took over " + std::to_string(versions_) + " (" +
              std::to_string(page_bytes_ >> 20) + " MB) in " + std::to_string(took.count()) + " ms");
}

}  // namespace railgun::app
