// How a line looks to its readers.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace railgun::log {

inline constexpr std::size_t kLineLimit = 4096;

// syslog's severities (RFC 5424 6.2.1) of our levels: 0 error, 1 information, above debug.
int severity_of(int level);

// Control characters as "\xNN", cut at kLineLimit with "…": a peer's text must not forge a second line.
std::string clean_line(std::string_view text);

// A datagram for a syslog server: "<29>Nov  2 20:00:00 railgund[123]: text" (RFC 3164; facility daemon).
// `seconds` of local time, as that format has it.
std::string syslog_datagram(int level, std::string_view text, long long seconds, int process);

}  // namespace railgun::log
