#include "railgund/log/panic.h"

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <string_view>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "railgund/base/check.h"
#include "railgund/log/backtrace.h"
#include "railgund/log/log.h"
#include "railgund/log/panic_report.h"
#include "railgund/log/signal_safe_text.h"
#include "railgund/log/symbols.h"

namespace railgun::log {
namespace {

// How long the report waits for the log's lines.
constexpr int kLogMilliseconds = 200;
constexpr int kSignals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS};

// Everything that the reporter reads, prepared in advance. In static memory, because the heap may be what is broken.
struct Reporter {
  int descriptor = STDERR_FILENO;
  char version[64] = {};
  char exception[256] = {};  // the text of an uncaught exception
  Symbols symbols;
  std::atomic<long> thread{0};  // the thread that reports
};
Reporter reporter;
thread_local const std::atomic<std::uint64_t>* request_number = nullptr;
thread_local RequestText request_text = nullptr;

std::string_view signal_name(int signal) {
  switch (signal) {
    case SIGSEGV:
      return "SIGSEGV";
    case SIGBUS:
      return "SIGBUS";
    case SIGILL:
      return "SIGILL";
    case SIGFPE:
      return "SIGFPE";
    case SIGABRT:
      return "SIGABRT";
    case SIGSYS:
      return "SIGSYS";
    default:
      return "signal";
  }
}

void write_time(SignalSafeText& out) {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  const std::chrono::sys_seconds time{std::chrono::seconds(now.tv_sec)};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);  // arithmetic only
  const std::chrono::hh_mm_ss clock(time - day);
  out.decimal(static_cast<std::uint64_t>(static_cast<int>(date.year())), 4).text("-");
  out.decimal(static_cast<unsigned>(date.month()), 2).text("-").decimal(static_cast<unsigned>(date.day()), 2).text("T");
  out.decimal(static_cast<std::uint64_t>(clock.hours().count()), 2).text(":");
  out.decimal(static_cast<std::uint64_t>(clock.minutes().count()), 2).text(":");
  out.decimal(static_cast<std::uint64_t>(clock.seconds().count()), 2).text("Z\n");
}

void write_request(SignalSafeText& out) {
  out.text("\nlast request: ");
  const std::uint64_t number = request_number == nullptr ? 0 : request_number->load(std::memory_order_relaxed);
  if (number == 0) {
    out.text("none\n");
    return;
  }
  char text[64];
  out.text({text, request_text(number, text, sizeof text)}).text("\n");
}

void report(int signal, const siginfo_t& info, const ucontext_t& context) {
  SignalSafeText out(reporter.descriptor);
  out.text(kPanicHeadline).text("time: ");
  write_time(out);
  out.text("version: ").text(reporter.version).text("\nbuild id: ").text(reporter.symbols.build_id());
  out.text("\nsignal: ").text(signal_name(signal)).text(" (").decimal(static_cast<std::uint64_t>(signal)).text(")");
  out.text("\naddress: ").hex(reinterpret_cast<std::uintptr_t>(info.si_addr));
  char name[17] = {};
  prctl(PR_GET_NAME, name);
  out.text("\nprocess: ").decimal(static_cast<std::uint64_t>(::getpid()));
  out.text("\nthread: ").decimal(static_cast<std::uint64_t>(syscall(SYS_gettid))).text(" ").text(name);
  write_request(out);
  if (const FailedCheck& check = failed_check(); check.condition != nullptr) {
    out.text("check: ").text(check.condition).text(" at ").text(check.file).text(":");
    out.decimal(static_cast<std::uint64_t>(check.line)).text("\n");
  }
  if (reporter.exception[0] != '\0') out.text("exception: ").text(reporter.exception).text("\n");
  write_registers(out, context);
  out.flush();
  write_backtrace(out, reporter.symbols, context);
  out.text("\n");
}

// What was logged before the crash says most about it. The log's thread goes on writing meanwhile, unless it failed.
void wait_for_log() {
  for (int waited = 0; waited < kLogMilliseconds && lines_under_way() > 0; ++waited) {
    const timespec millisecond{.tv_sec = 0, .tv_nsec = 1'000'000};
    ::nanosleep(&millisecond, nullptr);
  }
}

void on_fatal_signal(int signal, siginfo_t* info, void* context) noexcept {
  const long self = syscall(SYS_gettid);
  long nobody = 0;
  if (reporter.thread.compare_exchange_strong(nobody, self)) {
    report(signal, *info, *static_cast<const ucontext_t*>(context));
    wait_for_log();
  } else if (nobody != self) {
    for (;;) ::pause();  // another thread is reporting and will end the process
  }
  // The handler is already removed (SA_RESETHAND): when this returns, the signal has its default effect.
  ::signal(signal, SIG_DFL);
  ::raise(signal);
}

[[noreturn]] void on_terminate() noexcept {
  const char* words = "std::terminate was called";
  try {
    if (std::current_exception() != nullptr) std::rethrow_exception(std::current_exception());
  } catch (const std::exception& thrown) {
    words = thrown.what();
    std::strncpy(reporter.exception, words, sizeof reporter.exception - 1);
  } catch (...) {
    words = "of a type without a text";
  }
  if (reporter.exception[0] == '\0') std::strncpy(reporter.exception, words, sizeof reporter.exception - 1);
  std::abort();
}

Result<int> open_panic_file(const std::string& file) {
  const int descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0640);
  if (descriptor >= 0) return descriptor;
  const bool is_denied = errno == EACCES || errno == EPERM || errno == EROFS;
  return fail(is_denied ? Errc::kDenied : Errc::kUnavailable,
              "stderr.file " + file + " cannot be written: " + std::strerror(errno));
}

}  // namespace

Result<void> install_panic_reporter(const PanicOptions& options) {
  if (!options.file.empty()) {
    const Result<int> descriptor = open_panic_file(options.file);
    if (!descriptor) return std::unexpected(descriptor.error());
    reporter.descriptor = *descriptor;  // for the life of the process
  }
  std::strncpy(reporter.version, options.version.c_str(), sizeof reporter.version - 1);
  reporter.symbols.load();
  prepare_backtrace();
  static const ReporterStack main_stack;
  std::set_terminate(on_terminate);
  struct sigaction action{};
  action.sa_sigaction = on_fatal_signal;
  action.sa_flags = static_cast<int>(SA_SIGINFO | SA_ONSTACK | SA_RESETHAND);
  sigfillset(&action.sa_mask);
  for (const int signal : kSignals) sigaction(signal, &action, nullptr);
  return {};
}

Result<void> reopen_panic_file(const std::string& file) {
  if (file.empty() || reporter.descriptor == STDERR_FILENO) return {};
  const Result<int> descriptor = open_panic_file(file);
  if (!descriptor) return std::unexpected(descriptor.error());
  ::dup3(*descriptor, reporter.descriptor, O_CLOEXEC);  // at once: a crash meanwhile finds one or the other
  ::close(*descriptor);
  return {};
}

void watch_requests(const std::atomic<std::uint64_t>* number, RequestText text) {
  request_text = text;
  request_number = number;
}

ReporterStack::ReporterStack() : memory_(std::make_unique<std::uint8_t[]>(kBytes)) {
  const stack_t stack{.ss_sp = memory_.get(), .ss_flags = 0, .ss_size = kBytes};
  sigaltstack(&stack, nullptr);
}

ReporterStack::~ReporterStack() {
  const stack_t none{.ss_sp = nullptr, .ss_flags = SS_DISABLE, .ss_size = 0};
  sigaltstack(&none, nullptr);
}

}  // namespace railgun::log
