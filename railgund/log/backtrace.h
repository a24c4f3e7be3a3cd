// The state of an interrupted thread as text for a panic report. For signal handlers.
#pragma once

#include <ucontext.h>

#include "railgund/log/signal_safe_text.h"
#include "railgund/log/symbols.h"

namespace railgun::log {

// Makes the unwinder load its data, which it does at its first use and not safely for a signal handler. Call it early.
void prepare_backtrace();

// One line; nothing on processors other than x86-64 and AArch64.
void write_registers(SignalSafeText& out, const ucontext_t& context);

// A line a frame, 64 at the most: "#3 0xADDRESS FILE+0xOFFSET SYMBOL+0xOFFSET". Code without unwind tables (musl's) has no
// frames: what the stack holds that could be a return address is listed then.
void write_backtrace(SignalSafeText& out, const Symbols& symbols, const ucontext_t& context);

}  // namespace railgun::log
