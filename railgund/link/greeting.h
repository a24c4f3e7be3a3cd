// The first message of each end (doc/PROTOCOL.md, "Greeting"): its role, its protocol versions and its limits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "railgund/base/bytes.h"
#include "railgund/base/result.h"
#include "railgund/link/mux.h"

namespace railgun::link {

inline constexpr std::uint8_t kLowestVersion = 1;
inline constexpr std::uint8_t kHighestVersion = 2;
inline constexpr std::size_t kMaxHelloPayloadBytes = 1024;
inline constexpr std::size_t kMaxGreetingBytes = 12 + 2048;
// Windows and limits are 31-bit numbers on the wire.
inline constexpr std::uint32_t kMaxAnnounced = 0x7fffffff;

// Bits of Greeting::features. This end takes HEADs with TRAILER (mux.h, send_trailers()).
inline constexpr std::uint64_t kFeatureTrailers = 1;
// An asker takes answers against versions that it has not named, an answerer takes requests that say which of them was
// not there (doc/PROTOCOL.md, "References found by content").
inline constexpr std::uint64_t kFeatureContent = 2;
// An asker takes deltas against the starting text (delta/starting_text.h).
inline constexpr std::uint64_t kFeatureStartingText = 4;
// This end takes tunnels that are coded (tunnel/coder.h).
inline constexpr std::uint64_t kFeatureTunnels = 8;

struct Greeting {
  std::uint8_t lowest_version = kLowestVersion;
  std::uint8_t highest_version = kHighestVersion;
  Role role = Role::kAsker;
  std::uint32_t streams = 0;  // maximum number of streams that the peer may have open
  std::uint32_t stream_window_bytes = 0;
  std::uint32_t link_window_bytes = 0;
  std::uint32_t head_bytes = 0;
  Bytes payload;
  std::uint64_t features = 0;  // kFeature…; unknown bits are ignored
  AskingProcess process;       // of an asker
  bool operator==(const Greeting&) const = default;
};

Bytes encode_greeting(const Greeting& greeting);

struct DecodedGreeting {
  Greeting greeting;
  std::size_t bytes;
};
// Nothing if `bytes` ends within the greeting. Fails at the first byte that cannot be part of a greeting.
// Errors: kMalformed "not a Railgun peer (got …)", and for numbers out of range; kTooLarge for a greeting over
// kMaxGreetingBytes; kUnsupported if there is no common version.
Result<std::optional<DecodedGreeting>> decode_greeting(ByteView bytes);

}  // namespace railgun::link
