// The log of the daemon. Any thread may log, and none ever waits: a thread of the log's own writes the lines. If the
// place that they go to takes none, up to Writer::kQueueBytes of them are kept; further ones are dropped and counted,
// and the log says how many once it goes on. Cores do not log: the shell writes the lines among their effects.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "railgund/base/log_level.h"
#include "railgund/base/rate_limit.h"
#include "railgund/base/result.h"
#include "railgund/base/time.h"

namespace railgun::log {

using enum LogLevel;

struct Target {
  enum class Kind : std::uint8_t {
    kStandardError,  // with "<N>" priorities if that is systemd's journal
    kSystem,         // the syslog socket of this machine; standard error while there is none
    kSyslogUdp,      // RFC 3164 datagrams to `address`, which is HOST:PORT
    kSyslogSocket,   // the same to the Unix socket `address`; standard error while there is none
  };
  Kind kind = Kind::kStandardError;
  std::string address;
  bool operator==(const Target&) const = default;
};

// The meaning of syslog.addr: empty is the system's syslog, a text with a slash the path of a Unix socket, all else
// HOST:PORT. Under systemd's journal (JOURNAL_STREAM) an empty value means standard error, which the journal reads.
Target target_of(const std::string& syslog_address);

// Until the first call: standard error, setting 0. May be called again at any time and replaces what was set before;
// lines under way go to either target. `setting` is log.level (base/log_level.h).
// Never waits: a host's name is looked up by the log's own thread; until it is found, lines go to standard error.
// Errors: kInvalid, kUnavailable. The old target and level stay then.
Result<void> open(const Target& target, int setting);
void set_level(int setting);
int level();
// Waits until the lines so far are written. False if that takes longer than `limit`. The end of the process waits half
// a second by itself.
bool flush(Duration limit);
// Lines lost so far because the log was not written fast enough.
std::uint64_t dropped_lines();
// Lines go to standard error, by the target or because there is no syslog.
bool is_on_standard_error();
// Lines that are not written yet. Async-signal-safe.
std::size_t lines_under_way();
inline bool is_on(LogLevel wanted) { return is_shown(wanted, level()); }

// Writes one line, which must not contain secrets. Control characters are written as "\xNN"; the line is truncated at
// 4 KiB.
void write(LogLevel level, std::string_view text);
inline void error(std::string_view text) { write(kError, text); }
inline void notice(std::string_view text) { write(kNotice, text); }
inline void information(std::string_view text) { write(kInformation, text); }
inline void debug(std::string_view text) { write(kDebug, text); }

// For lines that peers can cause at will: leaves out those over the rate, and says before the next line how many.
// One object for each place that logs, used by one thread.
class RateLimit {
 public:
  static constexpr Rate kTenAtOnce{.burst = 10, .interval = std::chrono::seconds(1)};

  explicit RateLimit(Rate rate = kTenAtOnce) : limit_(rate) {}

  void write(LogLevel level, std::string_view text, Instant now);

 private:
  railgun::RateLimit limit_;
  std::uint64_t left_out_ = 0;
};

}  // namespace railgun::log
