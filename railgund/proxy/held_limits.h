// The most that one request may hold in memory, from the limits of what it consists of.
#pragma once

#include <algorithm>
#include <cstddef>

#include "railgund/delta/encoder.h"
#include "railgund/dictionary/shelf.h"
#include "railgund/http/client_connection.h"
#include "railgund/http/server_connection.h"
#include "railgund/link/mux.h"
#include "railgund/proxy/held_bytes.h"

namespace railgun::proxy {

// What a request may hold at each of these places for somebody who takes it slowly: coded bytes at a listener for a link,
// at a sender rebuilt bytes, and bytes that wait for the client. The most is more than most pages have: one that passes in
// two turns of the loop costs twice the work (./dev bench).
inline constexpr std::size_t kMostRoom = 128 * 1024;
inline constexpr std::size_t kLeastRoom = 8 * 1024;
// What a worker's requests hold there together before each of them gets no more than kLeastRoom. All that pass in one
// turn of the loop count, 32 pages of 92 KB for example: the first 4 MB are no reason to give anybody less.
inline constexpr std::size_t kRoomBudget = 5 * 1024 * 1024;
inline constexpr std::size_t kRoomParts = 8;
// The same for the windows in which answers are coded.
inline constexpr std::size_t kWindowBudget = 32 * 1024 * 1024;
inline constexpr std::size_t kWindowParts = 32;
inline constexpr std::size_t kLeastWindow = 64 * 1024;

// One of `parts` of what is left of a budget. Who stands still keeps what he has, so the more others hold, the less a
// further one gets. Who takes his bytes needs no more than passes in a turn of the loop.
constexpr std::size_t part_of(std::size_t budget, std::size_t parts, std::size_t held_bytes, std::size_t least,
                              std::size_t most) {
  return std::clamp((budget - std::min(held_bytes, budget)) / parts, least, most);
}
// The room of a request when all requests of its worker hold `held_bytes`.
constexpr std::size_t room_beside(std::size_t held_bytes) {
  return part_of(kRoomBudget, kRoomParts, held_bytes, kLeastRoom, kMostRoom);
}
// The largest window in which a listener codes. The sender has to rebuild a window as a whole, for a client that may not
// take it.
constexpr std::size_t window_beside(std::size_t held_bytes) {
  return part_of(kWindowBudget, kWindowParts, held_bytes, kLeastWindow, delta::EncoderOptions{}.window_bytes);
}

// The most that one exchange ever holds. `page_limit_bytes`: setting reference.page_limit.
constexpr HeldBytes held_limits(std::size_t page_limit_bytes) {
  constexpr std::size_t kOneRead = 64 * 1024;  // what a shell hands over at once: a limit is passed by this much
  constexpr std::size_t kWindow = delta::EncoderOptions{}.window_bytes;
  constexpr std::size_t kCodedWindow = kWindow + kWindow / 64;  // of bytes that no coder makes smaller
  constexpr std::size_t kStream = link::Limits{}.stream_window_bytes;
  // What waits for a client: its room, and a compressed piece of what filled it.
  constexpr std::size_t kWaiting = kMostRoom + 2 * kOneRead;
  return {.upload = std::max(kStream, http::ServerLimits{}.unread_bytes + kOneRead),
          .decoded = std::max(http::ClientLimits{}.unread_bytes + kOneRead, kMostRoom) + kWindow + kWaiting,
          .coded = std::max(kStream, 2 * kMostRoom + kCodedWindow),
          .page = page_limit_bytes,
          .sample = dictionary::Shelf::kMostSampleBytes};
}

}  // namespace railgun::proxy
