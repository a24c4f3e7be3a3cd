// The report of a process that crashes by a fatal signal, a failed check or an uncaught exception. The failing thread
// writes it with system calls only, to a descriptor that was opened at the start (stderr.file).
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "railgund/base/result.h"

namespace railgun::log {

struct PanicOptions {
  std::string file;  // stderr.file; empty: reports go to standard error
  std::string version;
};

// After this call SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT and SIGSYS write a report and then end the process as usual
// (with a core file, if the system keeps them). Call it once, early, from the main thread.
// Errors: kDenied or kUnavailable if the file cannot be opened; then nothing is installed.
Result<void> install_panic_reporter(const PanicOptions& options);

// Opens stderr.file again, by the name it was installed with: after a log rotation the open file has another name.
// Errors: as above; reports go on to the old file then. Main thread.
Result<void> reopen_panic_file(const std::string& file);

// `number`: where this thread stores the number of its current or last request (0: none yet), for the report. `text`:
// writes that number as text for people, at most `room` characters, and returns their count; async-signal-safe.
using RequestText = std::size_t (*)(std::uint64_t number, char* to, std::size_t room) noexcept;
void watch_requests(const std::atomic<std::uint64_t>* number, RequestText text);

// A stack for this thread's crash reporter, so that a stack overflow can be reported. Create one at the start of each
// thread.
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

}  // namespace railgun::log
