#include "railgund/log/panic.h"

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <fstream>
#include <iterator>
#include <string_view>

#include <cxxabi.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <ucontext.h>
#include <unistd.h>
#include <unwind.h>

#include "railgund/base/check.h"
#include "railgund/log/log.h"
#include "railgund/log/symbols.h"

namespace railgun::log {
namespace {

constexpr std::string_view kHeadline = "==== railgund panic ====\n";
constexpr std::string_view kTaken = "==== reported ====\n";
constexpr std::size_t kReportLimit = 64 * 1024;
constexpr int kFrames = 64;
// How long the report waits, in all, for a standard error that nobody reads, and then for the log's lines.
constexpr int kTimeoutMilliseconds = 1000;
constexpr int kLogMilliseconds = 200;
constexpr int kScannedWords = 1024;
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

// Collects text in a small buffer and writes it when the buffer is full. Uses system calls only. A descriptor that
// takes nothing for kTimeoutMilliseconds gets no more.
class Out {
 public:
  explicit Out(int descriptor) : descriptor_(descriptor) {}
  ~Out() { flush(); }
  Out(const Out&) = delete;
  Out& operator=(const Out&) = delete;

  Out& text(std::string_view view) {
    for (const char c : view) {
      if (size_ == sizeof buffer_) flush();
      buffer_[size_++] = c;
    }
    return *this;
  }
  Out& hex(std::uint64_t number) {
    text("0x");
    return digits(number, 16, 1);
  }
  Out& decimal(std::uint64_t number, int least = 1) { return digits(number, 10, least); }
  void flush() {
    std::size_t done = 0;
    while (done < size_) {
      // The buffer is smaller than PIPE_BUF: what is polled for is room for all of it (pipe(7)).
      pollfd ready{.fd = descriptor_, .events = POLLOUT, .revents = 0};
      if (timeout_ == 0 || ::poll(&ready, 1, timeout_) == 0) {
        timeout_ = 0;
        break;
      }
      const ssize_t count = ::write(descriptor_, buffer_ + done, size_ - done);
      if (count < 0 && errno != EINTR) break;
      if (count > 0) done += static_cast<std::size_t>(count);
    }
    size_ = 0;
  }

 private:
  Out& digits(std::uint64_t number, unsigned base, int least) {
    char reversed[20];
    int count = 0;
    for (; number > 0 || count < least; number /= base) reversed[count++] = "0123456789abcdef"[number % base];
    while (count > 0) text({&reversed[--count], 1});
    return *this;
  }

  int descriptor_;
  int timeout_ = kTimeoutMilliseconds;
  char buffer_[512];
  std::size_t size_ = 0;
};

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

void write_time(Out& out) {
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

void write_registers(Out& out, const ucontext_t& context) {
#if defined(__x86_64__)
  static constexpr struct {
    std::string_view name;
    int index;
  } kRegisters[] = {{"rip", REG_RIP}, {"rsp", REG_RSP}, {"rbp", REG_RBP}, {"rax", REG_RAX}, {"rbx", REG_RBX},
                    {"rcx", REG_RCX}, {"rdx", REG_RDX}, {"rsi", REG_RSI}, {"rdi", REG_RDI}, {"r8", REG_R8},
                    {"r9", REG_R9},   {"r10", REG_R10}, {"r11", REG_R11}, {"r12", REG_R12}, {"r13", REG_R13},
                    {"r14", REG_R14}, {"r15", REG_R15}};
  out.text("registers:");
  for (const auto& each : kRegisters) {
    out.text(" ").text(each.name).text("=").hex(static_cast<std::uint64_t>(context.uc_mcontext.gregs[each.index]));
  }
  out.text("\n");
#elif defined(__aarch64__)
  out.text("registers: pc=").hex(context.uc_mcontext.pc).text(" sp=").hex(context.uc_mcontext.sp);
  for (std::uint64_t i = 0; i < 31; ++i) out.text(" x").decimal(i).text("=").hex(context.uc_mcontext.regs[i]);
  out.text("\n");
#else
  (void)out;
  (void)context;
#endif
}

struct Walk {
  Out& out;
  std::uintptr_t interrupted;  // the address at which the signal arrived
  int frame = 0;
  bool has_passed_it = false;
  int callers = 0;  // frames beyond it
};

// For a caller, the address of the call is reported, not the return address, which may belong to another function.
void write_frame(Walk& walk, std::uintptr_t address, bool is_after_call) {
  const std::uintptr_t at = address - (is_after_call ? 1 : 0);
  const Symbols::Place place = reporter.symbols.find(at);
  const Symbols::InFile in_file = reporter.symbols.in_file(at);
  walk.out.text("#").decimal(static_cast<std::uint64_t>(walk.frame++)).text(" ").hex(address);
  walk.out.text(" ").text(in_file.file).text("+").hex(in_file.address);
  if (!place.name.empty()) walk.out.text(" ").text(place.name).text("+").hex(place.offset);
  walk.out.text("\n");
  walk.out.flush();  // so that this part is written even if the rest of the stack is broken
}

_Unwind_Reason_Code on_frame(_Unwind_Context* context, void* argument) noexcept {
  Walk& walk = *static_cast<Walk*>(argument);
  int is_exact = 0;  // the interrupted instruction, not a return address
  const std::uintptr_t address = _Unwind_GetIPInfo(context, &is_exact);
  if (address == 0 || walk.frame >= kFrames) return _URC_END_OF_STACK;
  walk.callers += walk.has_passed_it ? 1 : 0;
  walk.has_passed_it = walk.has_passed_it || address == walk.interrupted;
  write_frame(walk, address, is_exact == 0);
  return _URC_NO_REASON;
}

// Reads memory that may not be mapped.
bool read_words(std::uintptr_t from, std::uintptr_t (&to)[2]) {
  const iovec here{.iov_base = to, .iov_len = sizeof to};
  // NOLINTNEXTLINE(performance-no-int-to-ptr): an address from a stack
  const iovec there{.iov_base = reinterpret_cast<void*>(from), .iov_len = sizeof to};
  return syscall(SYS_process_vm_readv, ::getpid(), &here, 1, &there, 1, 0) == static_cast<long>(sizeof to);
}

// For code without unwind tables, such as musl's: lists every value on the stack that could be a return address. The
// callers are among them, in order.
void scan_stack(Walk& walk, std::uintptr_t stack) {
  walk.out.text("what the stack holds (some of it may be left over):\n");
  std::uintptr_t words[2];
  for (int i = 0; i < kScannedWords && read_words(stack, words); i += 2, stack += sizeof words) {
    for (const std::uintptr_t word : words) {
      if (walk.frame < kFrames && reporter.symbols.is_code(word)) write_frame(walk, word, true);
    }
  }
}

void write_backtrace(Out& out, const ucontext_t& context) {
#if defined(__x86_64__)
  const auto at = static_cast<std::uintptr_t>(context.uc_mcontext.gregs[REG_RIP]);
  const auto stack = static_cast<std::uintptr_t>(context.uc_mcontext.gregs[REG_RSP]);
#elif defined(__aarch64__)
  const auto at = static_cast<std::uintptr_t>(context.uc_mcontext.pc);
  const auto stack = static_cast<std::uintptr_t>(context.uc_mcontext.sp);
#else
  (void)context;
  const std::uintptr_t at = 0, stack = 0;
#endif
  Walk walk{.out = out, .interrupted = at};
  _Unwind_Backtrace(on_frame, &walk);
  if (stack == 0 || walk.callers > 0) return;
  if (!walk.has_passed_it) write_frame(walk, at, false);
  scan_stack(walk, stack & ~(sizeof stack - 1));
}

void write_request(Out& out) {
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
  Out out(reporter.descriptor);
  out.text(kHeadline).text("time: ");
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
  write_backtrace(out, context);
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

_Unwind_Reason_Code no_frame(_Unwind_Context*, void*) noexcept { return _URC_END_OF_STACK; }

}  // namespace

Result<void> install_panic_reporter(const PanicOptions& options) {
  if (!options.file.empty()) {
    const Result<int> descriptor = open_panic_file(options.file);
    if (!descriptor) return std::unexpected(descriptor.error());
    reporter.descriptor = *descriptor;  // for the life of the process
  }
  std::strncpy(reporter.version, options.version.c_str(), sizeof reporter.version - 1);
  reporter.symbols.load();
  _Unwind_Backtrace(no_frame, nullptr);  // makes the unwinder load its data now, at its first use
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

std::optional<std::string> take_panic_report(const std::string& file) {
  std::ifstream in(file, std::ios::binary | std::ios::ate);
  if (!in) return std::nullopt;
  const auto size = static_cast<std::size_t>(in.tellg());
  in.seekg(static_cast<std::streamoff>(size > kReportLimit ? size - kReportLimit : 0));
  const std::string tail(std::istreambuf_iterator<char>(in), {});
  const std::size_t start = tail.rfind(kHeadline);
  if (start == std::string::npos || tail.find(kTaken, start) != std::string::npos) return std::nullopt;
  std::ofstream(file, std::ios::binary | std::ios::app) << kTaken;
  return tail.substr(start + kHeadline.size());
}

namespace {

// The rest of the line that starts with `key`.
std::string value_of(std::string_view report, std::string_view key) {
  for (std::size_t at = report.find(key); at != std::string_view::npos; at = report.find(key, at + 1)) {
    if (at != 0 && report[at - 1] != '\n') continue;
    const std::string_view rest = report.substr(at + key.size());
    return std::string(rest.substr(0, rest.find('\n')));
  }
  return {};
}

std::string demangled(const std::string& symbol) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> name(abi::__cxa_demangle(symbol.c_str(), nullptr, nullptr, &status),
                                                         &std::free);
  return status == 0 && name ? name.get() : symbol;
}

// The function at the interrupted instruction, if it is one of ours: the frame of the first register.
std::string place_of(std::string_view report) {
  const std::string registers = value_of(report, "registers: ");
  const std::size_t equals = registers.find('=');
  if (equals == std::string::npos) return {};
  const std::string address = registers.substr(equals + 1, registers.find(' ', equals) - equals - 1);
  const std::size_t line = report.find(" " + address + " ");
  if (line == std::string_view::npos) return {};
  const std::string_view frame = report.substr(line + 1, report.find('\n', line) - line - 1);
  // "0xADDRESS FILE+0xOFFSET SYMBOL+0xOFFSET"
  const std::size_t second = frame.find(' ', frame.find(' ') + 1);
  if (second == std::string_view::npos) return std::string(frame.substr(frame.find(' ') + 1));
  const std::string_view symbol = frame.substr(second + 1);
  return demangled(std::string(symbol.substr(0, symbol.rfind('+'))));
}

}  // namespace

std::string panic_summary(const std::string& report) {
  const std::string signal = value_of(report, "signal: ");
  std::string summary = signal.substr(0, signal.find(' '));
  if (const std::string check = value_of(report, "check: "); !check.empty()) {
    summary = "failed check " + check;
  } else if (const std::string exception = value_of(report, "exception: "); !exception.empty()) {
    summary = "exception '" + exception + "'";
  } else {
    summary += " at address " + value_of(report, "address: ");
    if (const std::string place = place_of(report); !place.empty()) summary += " in " + place;
  }
  return summary + ", thread " + value_of(report, "thread: ") + ", request " + value_of(report, "last request: ") +
         ", " + value_of(report, "time: ") + ", version " + value_of(report, "version: ");
}

}  // namespace railgun::log
