// Our own mistakes. Stays on in release builds and ends the process; input from outside never reaches it.
#pragma once

namespace railgun {

[[noreturn]] void check_failed(const char* condition, const char* file, int line);

// What failed, for the crash report; null while nothing has.
struct FailedCheck {
  const char* condition = nullptr;
  const char* file = nullptr;
  int line = 0;
};
const FailedCheck& failed_check();

}  // namespace railgun

#define RAILGUN_CHECK(condition) \
  (__builtin_expect(!!(condition), 1) ? void(0) : ::railgun::check_failed(#condition, __FILE__, __LINE__))
