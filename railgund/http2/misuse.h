// What a client may do too often on one HTTP/2 connection, and how often it may. Each frame of these kinds is cheap to
// send and costs the server work or memory without a request that is answered. A client over a budget is sent GOAWAY
// with ENHANCE_YOUR_CALM (RFC 9113 10.5).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "railgund/base/rate_limit.h"
#include "railgund/base/time.h"

namespace railgun::http2 {

enum class Misuse : std::uint8_t {
  kProtocol,       // no budget: a violation of RFC 9113 that ends the connection
  kStreams,        // no budget: more requests at once than announced and acknowledged
  kResets,         // RST_STREAM (rapid reset, CVE-2023-44487)
  kFaults,         // streams that we had to reset for the client's errors (MadeYouReset, CVE-2025-8671), or refused
  kHeads,          // request heads over the limit, or one that is far over it (header bombs)
  kContinuations,  // CONTINUATION frames of one head (CVE-2024-27316)
  kSettings,       // SETTINGS (CVE-2019-9515)
  kPings,          // PING (CVE-2019-9512)
  kEmptyData,      // DATA frames without data that end nothing (CVE-2019-9518)
  kPriorities,     // PRIORITY and PRIORITY_UPDATE (CVE-2019-9513)
  kWindowUpdates,  // WINDOW_UPDATE, compared with the DATA frames sent (CVE-2019-9511)
  kPinned,         // answers that no window let out in time (CVE-2019-9517)
  kOther,          // GOAWAY and PUSH_PROMISE; frames of unknown types are skipped and cost nothing
};
inline constexpr std::size_t kMisuses = static_cast<std::size_t>(Misuse::kOther) + 1;

// For the log: "RST_STREAM frames".
std::string_view name_of(Misuse misuse);

// CONTINUATION frames of one head: with 16 KiB each, four times the largest heads in use.
inline constexpr unsigned kMostContinuations = 8;
// A head that is so many times larger than the limit, decoded, is an attack on the decoder and not read to its end.
inline constexpr std::size_t kHeadBombFactor = 8;

// What one connection has used of its budgets.
class Budgets {
 public:
  // Uses one. False, and nothing is used: that was one too many.
  bool take(Misuse misuse, Instant now);
  // A DATA frame was sent: the WINDOW_UPDATEs that acknowledge it are earned. `has_window_left`: the client's window of
  // the stream allowed more than this frame. If so, a small frame is not the client's doing and earns two at least.
  void note_sent(std::size_t bytes, bool has_window_left);

 private:
  std::array<RateUse, kMisuses> used_{};
  std::uint32_t sent_bytes_ = 0;  // not yet used for a WINDOW_UPDATE
};

}  // namespace railgun::http2
