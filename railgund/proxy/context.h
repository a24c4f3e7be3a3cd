// What the parts of one core share: settings, the page cache, counters, and the queue of effects for the shell.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>

#include "railgund/base/log_level.h"
#include "railgund/base/rate_limit.h"
#include "railgund/base/time.h"
#include "railgund/config/config.h"
#include "railgund/page/cache.h"
#include "railgund/page/common_text.h"
#include "railgund/page/sharing.h"
#include "railgund/proxy/counters.h"
#include "railgund/proxy/effect.h"
#include "railgund/proxy/held_bytes.h"

namespace railgun::proxy {

// A request under way. Given out by the core; links, origins and the store name it with each event that is for it.
enum class ExchangeId : std::uint64_t {};

// Kinds of errors that every request may cause. One kind in the log hides no other.
enum class FrequentError : std::uint8_t { kRefused, kLoop, kForwardingIgnored, kNoLink, kOrigin };
inline constexpr std::size_t kFrequentErrors = 5;

// At most one line of each kind every ten seconds.
class FrequentErrorLimits {
 public:
  bool take(FrequentError kind, Instant now) { return limits_[static_cast<std::size_t>(kind)].take(now); }

 private:
  struct EveryTenSeconds : RateLimit {
    EveryTenSeconds() : RateLimit({.burst = 1, .interval = std::chrono::seconds(10)}) {}
  };
  std::array<EveryTenSeconds, kFrequentErrors> limits_;
};

// One of a limited number of things of a kind, until it is destroyed. The count outlives it.
class Share {
 public:
  // Nothing if `most` are taken.
  static std::optional<Share> take(std::size_t& taken, std::size_t most) {
    if (taken >= most) return std::nullopt;
    return Share(taken);
  }
  Share(Share&& other) noexcept : taken_(std::exchange(other.taken_, nullptr)) {}
  Share& operator=(Share&& other) noexcept {
    std::swap(taken_, other.taken_);
    return *this;
  }
  ~Share() {
    if (taken_ != nullptr) --*taken_;
  }

 private:
  explicit Share(std::size_t& taken) : taken_(&taken) { ++taken; }
  std::size_t* taken_;  // null: moved from
};

struct Context {
  config::ConfigPtr config;
  page::Cache& cache;           // shared by all workers, outlives them
  Counters& counters;           // this worker's
  std::uint64_t isolation = 0;  // isolation_rules() of the settings
  bool has_store = false;
  page::Sharing sharing{};
  page::CommonText common_text{};
  page::Cache::CommonShare common_share{};  // of the cache's limit, what common_text holds
  HeldBytes most_held{};                    // of one exchange, ever: for the simulator
  Instant now{};                            // of the input that is worked on; whoever takes inputs sets it
  // The time of day is `now` and this. None: the shell has no clock.
  std::optional<Duration> calendar{};
  std::deque<Effect> effects{};
  std::uint64_t last_connection = 0;
  std::uint64_t last_ticket = 0;
  FrequentErrorLimits limited_log{};
  std::size_t streamed_requests = 0;  // that have left before enough of their body was here
  std::size_t tunnel_contexts = 0;    // in which tunnels are coded

  std::optional<WallTime> time_of_day() const {
    if (!calendar) return std::nullopt;
    return WallTime(std::chrono::floor<std::chrono::seconds>(now.time_since_epoch() + *calendar));
  }
  ConnectionId new_connection() { return ConnectionId{++last_connection}; }
  TicketId new_ticket() { return TicketId{++last_ticket}; }
  void add(Effect effect) { effects.push_back(std::move(effect)); }
  // Saves composing lines that log.level hides.
  bool logs(LogLevel level) const { return is_shown(level, config->log_level); }
  void log(LogLevel level, std::string text) {
    if (logs(level)) add(LogLine{level, std::move(text)});
  }
  void log_limited(FrequentError kind, std::string text) {
    if (limited_log.take(kind, now)) log(LogLevel::kError, std::move(text));
  }
};

// What the shell was last told about a connection: whether to read from it, whether there is output. Effects are made
// for changes only.
class ReportedState {
 public:
  // `wants_end`: there is no output left, and none will follow.
  void update(Context& context, ConnectionId connection, bool wants_read, bool wants_write, bool wants_end = false) {
    if (wants_read != reading_) context.add(SetReading{connection, reading_ = wants_read});
    if (wants_write && !writing_) context.add(WantWrite{connection});
    writing_ = wants_write;
    if (wants_end && !ended_) context.add(EndOutput{connection});
    ended_ = wants_end;
  }
  // The shell pulls until there is no output left: output after that needs a new WantWrite.
  void pulled(bool wants_write) { writing_ = wants_write; }

 private:
  bool reading_ = true;
  bool writing_ = false;
  bool ended_ = false;
};

}  // namespace railgun::proxy
