// The last words of a process that crashes: a fatal signal, a failed check, an exception nobody caught. Written with
// nothing but system calls, by the thread that failed, to a descriptor opened long before (stderr.file).
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "railgund/base/result.h"

namespace railgun::log {

struct PanicOptions {
  std::string file;  // stderr.file; empty: reports go to standard error
  std::string version;
};

// From now on SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT and SIGSYS report, then end the process as they always do (with
// a core file, if the system keeps those). Called once, early, by the main thread.
// Errors: kDenied or kUnavailable if the file cannot be opened; nothing is installed then.
Result<void> install_panic_reporter(const PanicOptions& options);

// Opens stderr.file again, by the name it was installed with: after a log rotation the open file has another name.
// Errors: as above; reports go on to the old file then. Main thread.
Result<void> reopen_panic_file(const std::string& file);

// Where this thread notes the request that it works on, or worked on last (0: none yet), and how to say that number to
// people: writes at most `room` characters and gives their count, with nothing but arithmetic. Part of the report.
using RequestText = std::size_t (*)(std::uint64_t number, char* to, std::size_t room) noexcept;
void watch_requests(const std::atomic<std::uint64_t>* number, RequestText text);

// A stack for the reporter of this thread, so that an overflow of its own can be told. One at the start of each thread.
class ReporterStack {
 public:
  ReporterStack();
  ~ReporterStack();
  ReporterStack(const ReporterStack&) = delete;
  ReporterStack& operator=(const ReporterStack&) = delete;

 private:
  static constexpr std::size_t kBytes = 64 * 1024;
  std::unique_ptr<std::uint8_t[]> memory_;
};

// The last report in the file, if it was not taken before, at most 64 KiB: for the log of the next start and `status`.
// Marks it as taken.
std::optional<std::string> take_panic_report(const std::string& file);

// What it comes to, in a line: "SIGSEGV at address 0x0 in railgun::proxy::f(), thread 12 worker 1, request 151df128a1,
// 2026-11-22T20:00:00Z, version 0.1.0".
std::string panic_summary(const std::string& report);

}  // namespace railgun::log
