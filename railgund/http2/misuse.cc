#include "railgund/http2/misuse.h"

#include <algorithm>

namespace railgun::http2 {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Clients acknowledge what they take in pieces of 16 KiB and more, on the stream and on the connection. One update for
// each 2 KiB leaves them a factor of four.
constexpr std::uint32_t kBytesPerUpdate = 2048;
// gRPC's clients acknowledge each message they read, however small, and may do so on the connection as well.
constexpr std::uint32_t kUpdatesPerFrame = 2;
// Earned updates that are kept: of 8 MiB, or of a message on each of 2,000 streams.
constexpr std::uint32_t kMostSentBytes = 4096 * kBytesPerUpdate;

constexpr Rate budget(Misuse misuse) {
  switch (misuse) {
    case Misuse::kResets:
      return {.burst = 500, .interval = milliseconds(50)};  // a browser that leaves a page cancels all it waits for
    case Misuse::kFaults:
      return {.burst = 100, .interval = milliseconds(200)};  // streams begun before our SETTINGS were read, at most
    case Misuse::kHeads:
      return {.burst = 20, .interval = seconds(1)};
    case Misuse::kSettings:
      return {.burst = 20, .interval = seconds(1)};
    case Misuse::kPings:
      return {.burst = 100, .interval = milliseconds(100)};  // some clients measure the line with each answer
    case Misuse::kEmptyData:
      return {.burst = 100, .interval = milliseconds(100)};
    case Misuse::kPriorities:
      return {.burst = 500, .interval = milliseconds(50)};  // a page is scrolled, its images change places
    case Misuse::kWindowUpdates:
      return {.burst = 1000, .interval = milliseconds(10)};
    case Misuse::kPinned:
      return {.burst = 10, .interval = seconds(60)};
    case Misuse::kOther:
      return {.burst = 20, .interval = seconds(1)};
    case Misuse::kProtocol:
    case Misuse::kStreams:
    case Misuse::kContinuations:
      break;
  }
  return {.burst = 1, .interval = seconds(1)};
}

}  // namespace

std::string_view name_of(Misuse misuse) {
  switch (misuse) {
    case Misuse::kProtocol:
      return "a violation of the protocol";
    case Misuse::kStreams:
      return "more streams than announced";
    case Misuse::kResets:
      return "RST_STREAM frames";
    case Misuse::kFaults:
      return "streams with errors";
    case Misuse::kHeads:
      return "oversized heads";
    case Misuse::kContinuations:
      return "CONTINUATION frames";
    case Misuse::kSettings:
      return "SETTINGS frames";
    case Misuse::kPings:
      return "PING frames";
    case Misuse::kEmptyData:
      return "empty DATA frames";
    case Misuse::kPriorities:
      return "PRIORITY frames";
    case Misuse::kWindowUpdates:
      return "WINDOW_UPDATE frames";
    case Misuse::kPinned:
      return "answers that were not read";
    case Misuse::kOther:
      return "GOAWAY frames";
  }
  return {};
}

bool Budgets::take(Misuse misuse, Instant now) {
  if (misuse == Misuse::kWindowUpdates && sent_bytes_ >= kBytesPerUpdate) {
    sent_bytes_ -= kBytesPerUpdate;
    return true;
  }
  const Rate rate = budget(misuse);
  RateUse& used = used_[static_cast<std::size_t>(misuse)];
  if (!used.has_room(rate, now)) return false;
  used.add(rate, now);
  return true;
}

void Budgets::note_sent(std::size_t bytes, bool has_window_left) {
  if (has_window_left) bytes = std::max<std::size_t>(bytes, kUpdatesPerFrame * kBytesPerUpdate);
  sent_bytes_ = static_cast<std::uint32_t>(std::min<std::size_t>(kMostSentBytes, sent_bytes_ + bytes));
}

}  // namespace railgun::http2
