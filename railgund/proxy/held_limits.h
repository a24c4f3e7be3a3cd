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

// Coded bytes that a listener holds for a link that is slow to take them: over it the origin's bytes are not coded.
inline constexpr std::size_t kCodedRoom = 64 * 1024;
// Rebuilt bytes that a sender holds for a client that is slow to take them: over it nothing is rebuilt.
inline constexpr std::size_t kBodyRoom = 64 * 1024;
// A body's bytes are coded in pieces of at most this size.
inline constexpr std::size_t kPieceBytes = 64 * 1024;

// The most that one exchange ever holds. `page_limit_bytes`: setting reference.page_limit.
constexpr HeldBytes held_limits(std::size_t page_limit_bytes) {
  constexpr std::size_t kOneRead = 64 * 1024;  // what a shell hands over at once: a limit is passed by this much
  constexpr std::size_t kWindow = delta::EncoderOptions{}.window_bytes;
  constexpr std::size_t kCodedWindow = kWindow + kWindow / 64;  // of bytes that no coder makes smaller
  constexpr std::size_t kStream = link::Limits{}.stream_window_bytes;
  return {.upload = std::max(kStream, http::ServerLimits{}.unread_bytes + kOneRead),
          .decoded = std::max(http::ClientLimits{}.unread_bytes + kOneRead, kBodyRoom) + kWindow,
          .coded = std::max(kStream, kCodedRoom + kPieceBytes + kCodedWindow),
          .page = page_limit_bytes,
          .sample = dictionary::Shelf::kMostSampleBytes};
}

}  // namespace railgun::proxy
