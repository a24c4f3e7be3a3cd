#include "railgund/app/debug_crash.h"

#include <stdexcept>

#include "railgund/base/check.h"

namespace railgun::app {
namespace {

[[gnu::noinline]] void fail_check() {
  const bool asked_to_crash = true;
  RAILGUN_CHECK(!asked_to_crash);
}

[[gnu::noinline]] void throw_it() { throw std::runtime_error("thrown on purpose"); }

void throw_exception() noexcept { throw_it(); }  // NOLINT(bugprone-exception-escape): what it is for

// Not seen through by compilers and sanitizers.
int* volatile nowhere = nullptr;

[[gnu::noinline]] __attribute__((no_sanitize("undefined"))) void write_nowhere() { *nowhere = 1; }

[[gnu::noinline]] __attribute__((no_sanitize("address"))) int recurse(volatile int* from) {
  volatile int here[256] = {*from};
  if (here[0] == 1) return 0;  // never, but compilers need not know
  return recurse(here) + here[1];
}

void overflow_stack() {
  volatile int start = 0;
  recurse(&start);
}

}  // namespace

Crash crash_by_name(std::string_view name) {
  if (name == "check") return fail_check;
  if (name == "exception") return throw_exception;
  if (name == "segfault") return write_nowhere;
  if (name == "overflow") return overflow_stack;
  return nullptr;
}

}  // namespace railgun::app
