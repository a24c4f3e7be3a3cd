#include "railgund/log/log.h"

#include <chrono>
#include <cstdlib>
#include <memory>
#include <mutex>

#include "railgund/log/line.h"
#include "railgund/log/sinks.h"
#include "railgund/log/writer.h"

namespace railgun::log {
namespace {

// What waits when the process ends is written if the place takes it in so long.
constexpr Duration kFlushAtExit = std::chrono::milliseconds(500);

// The log of the process. Never destroyed: threads may log until the very end.
struct Current {
  Writer writer{make_sink({}).value_or(nullptr)};
  std::atomic<int> level = 0;
  std::mutex mutex;  // of target
  Target target{};
};

std::atomic<const Writer*> writer_for_panics = nullptr;

Current& current() {
  static Current* const instance = [] {
    Current* const made = std::make_unique<Current>().release();
    writer_for_panics.store(&made->writer, std::memory_order_release);
    std::atexit([] { flush(kFlushAtExit); });
    return made;
  }();
  return *instance;
}

}  // namespace

Target target_of(const std::string& syslog_address) {
  if (syslog_address.empty()) {
    return {is_journal() ? Target::Kind::kStandardError : Target::Kind::kSystem, {}};
  }
  if (syslog_address.starts_with('/')) return {Target::Kind::kSyslogSocket, syslog_address};
  return {Target::Kind::kSyslogUdp, syslog_address};
}

Result<void> open(const Target& target, int setting) {
  Current& log = current();
  const std::scoped_lock lock(log.mutex);
  // A name is looked up again at each call. The other places need no opening, and lines may be on their way there.
  if (target != log.target || target.kind == Target::Kind::kSyslogUdp) {
    Result<std::unique_ptr<Sink>> sink = make_sink(target);
    if (!sink) return std::unexpected(sink.error());
    log.writer.set_sink(std::move(*sink));
    log.target = target;
  }
  set_level(setting);
  return {};
}

bool flush(Duration limit) { return current().writer.flush(limit); }

std::uint64_t dropped_lines() { return current().writer.dropped(); }

bool is_on_standard_error() { return current().writer.is_standard_error(); }

std::size_t lines_under_way() {
  const Writer* const writer = writer_for_panics.load(std::memory_order_acquire);
  return writer == nullptr ? 0 : writer->waiting();
}

void set_level(int setting) { current().level.store(setting, std::memory_order_relaxed); }

int level() { return current().level.load(std::memory_order_relaxed); }

void write(LogLevel level, std::string_view text) {
  if (!is_on(level)) return;
  current().writer.add({level, clean_line(text), std::chrono::system_clock::now()});
}

void RateLimit::write(LogLevel level, std::string_view text, Instant now) {
  if (!is_on(level)) return;
  if (!limit_.take(now)) {
    ++left_out_;
    return;
  }
  if (left_out_ > 0) log::write(level, std::to_string(left_out_) + " more lines like the following were left out");
  left_out_ = 0;
  log::write(level, text);
}

}  // namespace railgun::log
