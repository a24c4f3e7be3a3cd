#include "railgund/log/backtrace.h"

#include <cstdint>
#include <string_view>

#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>
#include <unwind.h>

namespace railgun::log {
namespace {

constexpr int kFrames = 64;
constexpr int kScannedWords = 1024;

struct Walk {
  SignalSafeText& out;
  const Symbols& symbols;
  std::uintptr_t interrupted;  // the address at which the signal arrived
  int frame = 0;
  bool has_passed_it = false;
  int callers = 0;  // frames beyond it
};

// For a caller, the address of the call is reported, not the return address, which may belong to another function.
void write_frame(Walk& walk, std::uintptr_t address, bool is_after_call) {
  const std::uintptr_t at = address - (is_after_call ? 1 : 0);
  const Symbols::Place place = walk.symbols.find(at);
  const Symbols::InFile in_file = walk.symbols.in_file(at);
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
      if (walk.frame < kFrames && walk.symbols.is_code(word)) write_frame(walk, word, true);
    }
  }
}

_Unwind_Reason_Code no_frame(_Unwind_Context*, void*) noexcept { return _URC_END_OF_STACK; }

}  // namespace

void prepare_backtrace() { _Unwind_Backtrace(no_frame, nullptr); }

void write_registers(SignalSafeText& out, const ucontext_t& context) {
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

void write_backtrace(SignalSafeText& out, const Symbols& symbols, const ucontext_t& context) {
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
  Walk walk{.out = out, .symbols = symbols, .interrupted = at};
  _Unwind_Backtrace(on_frame, &walk);
  if (stack == 0 || walk.callers > 0) return;
  if (!walk.has_passed_it) write_frame(walk, at, false);
  scan_stack(walk, stack & ~(sizeof stack - 1));
}

}  // namespace railgun::log
