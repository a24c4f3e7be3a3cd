#include "railgund/base/cpu.h"

namespace railgun {

#ifdef __x86_64__

bool has_avx2() {
  static const bool has = [] {
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("bmi2") != 0;
  }();
  return has;
}

bool has_avx512() {
  static const bool has = [] {
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0;
  }();
  return has;
}

#else

bool has_avx2() { return false; }
bool has_avx512() { return false; }

#endif

}  // namespace railgun
