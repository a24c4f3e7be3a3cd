// A version as one process gives it to the next, which keeps it as it was kept (page/snapshot.h).
#pragma once

#include <cstdint>
#include <vector>

#include "railgund/page/page_key.h"
#include "railgund/page/version.h"

namespace railgun::page {

// How firmly it is kept (VersionPool).
enum class Standing : std::uint8_t {
  kReplaced,  // a newer version of its page is there: the first to leave
  kUsual,
  kProtected,  // it was asked for again
};

struct KeptVersion {
  VersionPtr version;
  std::vector<PageKeys> keys;     // none: known by its id alone
  std::vector<Id128> sites;       // whose version it is
  std::uint64_t sequence = 0;     // of two versions, the newer has the larger one
  std::uint8_t asked_lately = 0;  // how often its page was, 0 to 15
  Standing standing = Standing::kUsual;
};

}  // namespace railgun::page
