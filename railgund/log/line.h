// The formats of a log line.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "railgund/base/log_level.h"

namespace railgun::log {

inline constexpr std::size_t kLineLimit = 4096;

// The severity of RFC 5424 6.2.1, which syslog and systemd's journal share: 3 error, 5 notice, 6 informational, 7
// debug.
int severity_of(LogLevel level);

// Writes control characters as "\xNN", so that a peer's text cannot forge a second line, and truncates at kLineLimit
// with "…".
std::string clean_line(std::string_view text);

// A datagram for a syslog server: "<29>Nov  2 20:00:00 railgund[123]: text" (RFC 3164; facility daemon).
// `seconds` in local time, as the format requires.
std::string syslog_datagram(LogLevel level, std::string_view text, long long seconds, int process);

// A line for people who read standard error: "2026-11-02T20:00:00.042+00:00 N text", with the level's first letter.
// `milliseconds` since the epoch; written in local time.
std::string dated_line(LogLevel level, std::string_view text, long long milliseconds);

}  // namespace railgun::log
