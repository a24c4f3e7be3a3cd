#include "railgund/log/log.h"

#include <memory>
#include <mutex>

#include <spdlog/logger.h>

#include "railgund/log/line.h"
#include "railgund/log/sinks.h"

namespace railgun::log {
namespace {

using LoggerPtr = std::shared_ptr<spdlog::logger>;

// spdlog has no level notice. Its warning, which we do not use, represents notice (sinks.cc converts it back).
spdlog::level::level_enum spdlog_level(LogLevel level) {
  switch (level) {
    case LogLevel::kError:
      return spdlog::level::err;
    case LogLevel::kNotice:
      return spdlog::level::warn;
    case LogLevel::kInformation:
      return spdlog::level::info;
    case LogLevel::kDebug:
      break;
  }
  return spdlog::level::debug;
}

LoggerPtr make_logger(std::shared_ptr<spdlog::sinks::sink> sink) {
  auto logger = std::make_shared<spdlog::logger>("railgund", std::move(sink));
  logger->set_level(spdlog::level::trace);  // our own level is checked before
  return logger;
}

// The logger of the process. Never destroyed, because threads may log until the process ends.
struct Current {
  std::mutex mutex;
  LoggerPtr logger;
  Target target{};
  std::atomic<int> level = 0;
};

Current& current() {
  static Current* const instance = [] {
    auto made = std::make_unique<Current>();
    made->logger = make_logger(make_sink({}).value_or(nullptr));
    return made.release();
  }();
  return *instance;
}

bool is_open(const Target& target) {
  const std::lock_guard lock(current().mutex);
  return current().target == target;
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
  // The C library finds a syslog that was restarted by itself, and closing its one connection would close the new one.
  if (target.kind == Target::Kind::kSystem && is_open(target)) {
    set_level(setting);
    return {};
  }
  Result<std::shared_ptr<spdlog::sinks::sink>> sink = make_sink(target);
  if (!sink) return std::unexpected(sink.error());
  LoggerPtr logger = make_logger(std::move(*sink));
  {
    const std::lock_guard lock(current().mutex);
    current().logger.swap(logger);
    current().target = target;
  }
  set_level(setting);
  return {};
}

void set_level(int setting) { current().level.store(setting, std::memory_order_relaxed); }

int level() { return current().level.load(std::memory_order_relaxed); }

void write(LogLevel level, std::string_view text) {
  if (!is_on(level)) return;
  LoggerPtr logger;
  {
    const std::lock_guard lock(current().mutex);
    logger = current().logger;
  }
  const std::string line = clean_line(text);
  logger->log(spdlog_level(level), spdlog::string_view_t(line.data(), line.size()));
}

void RateLimit::write(LogLevel level, std::string_view text, Instant now) {
  if (!is_on(level)) return;
  Instant began = began_.load(std::memory_order_relaxed);
  const bool is_over = began == Instant::min() || now - began >= period_;
  if (is_over && began_.compare_exchange_strong(began, now, std::memory_order_relaxed)) {
    const std::int64_t left_out = count_.exchange(0, std::memory_order_relaxed) - lines_;
    if (left_out > 0) log::write(level, std::to_string(left_out) + " more lines like the following were left out");
  }
  if (count_.fetch_add(1, std::memory_order_relaxed) < lines_) log::write(level, text);
}

}  // namespace railgun::log
