// A panic report (panic.h) read by the next start.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace railgun::log {

// The line with which a report begins.
inline constexpr std::string_view kPanicHeadline = "==== railgund panic ====\n";

// The last report in the file, at most 64 KiB, unless it was already taken: for the log of the next start and for
// `status`. Marks the report as taken.
std::optional<std::string> take_panic_report(const std::string& file);

// The summary of a report in one line: "SIGSEGV at address 0x0 in railgun::proxy::f(), thread 12 worker 1, request 151df128a1,
// 2026-11-22T20:00:00Z, version 0.1.0".
std::string panic_summary(const std::string& report);

}  // namespace railgun::log
