// The first bytes of a client that speaks HTTP/2 without asking (prior knowledge, RFC 9113 3.3, 3.4). Pure.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "railgund/base/bytes.h"

namespace railgun::http2 {

inline constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

// kPart: not to be told yet; no request of HTTP/1.1 is complete by then.
enum class Opening : std::uint8_t { kHttp1, kPart, kHttp2 };

inline Opening judge_opening(ByteView bytes) {
  const std::string_view text = as_text(bytes);
  const std::size_t count = std::min(text.size(), kPreface.size());
  if (text.substr(0, count) != kPreface.substr(0, count)) return Opening::kHttp1;
  return count == kPreface.size() ? Opening::kHttp2 : Opening::kPart;
}

}  // namespace railgun::http2
