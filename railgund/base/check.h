// Our own mistakes. Stays on in release builds and ends the process; input from outside never reaches it.
#pragma once

namespace railgun {

[[noreturn]] void check_failed(const char* condition, const char* file, int line);

}  // namespace railgun

#define RAILGUN_CHECK(condition) \
  (__builtin_expect(!!(condition), 1) ? void(0) : ::railgun::check_failed(#condition, __FILE__, __LINE__))
