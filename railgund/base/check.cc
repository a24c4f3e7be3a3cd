#include "railgund/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace railgun {
namespace {

FailedCheck failed;

}  // namespace

const FailedCheck& failed_check() { return failed; }

void check_failed(const char* condition, const char* file, int line) {
  failed = {condition, file, line};
  std::fprintf(stderr, "railgun: check failed: %s at %s:%d\n", condition, file, line);
  std::abort();
}

}  // namespace railgun
