#include "railgund/base/result.h"

namespace railgun {

const char* name_of(Errc code) {
  switch (code) {
    case Errc::kMalformed: return "malformed";
    case Errc::kTooLarge: return "too large";
    case Errc::kUnsupported: return "unsupported";
    case Errc::kNotFound: return "not found";
    case Errc::kDenied: return "denied";
    case Errc::kUnavailable: return "unavailable";
    case Errc::kTimeout: return "timeout";
    case Errc::kInvalid: return "invalid";
  }
  return "unknown";
}

}  // namespace railgun
