// Fuzzes: link
// Greeting, frame headers and payloads. The first byte says how the input is cut: the frames must be the same as in one
// piece.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "railgund/base/check.h"
#include "railgund/link/frame_codec.h"
#include "railgund/link/greeting.h"

using namespace railgun;
using namespace railgun::link;

namespace {

struct Seen {
  FrameHeader header;
  Bytes payload;
  bool operator==(const Seen&) const = default;
};

std::vector<Seen> read(ByteView bytes, std::size_t piece) {
  std::vector<Seen> seen;
  FrameReader reader;
  while (!bytes.empty()) {
    ByteView next = bytes.first(std::min(piece, bytes.size()));
    bytes = bytes.subspan(next.size());
    while (true) {
      const auto frame = reader.next(next);
      if (!frame) return seen;
      if (!*frame) break;
      seen.push_back({(*frame)->header, to_bytes((*frame)->payload)});
    }
  }
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView bytes = ByteView(data, size).subspan(1);
  const auto whole = read(bytes, bytes.size());
  RAILGUN_CHECK(read(bytes, 1 + data[0]) == whole);
  for (const Seen& frame : whole) {
    if (const auto decoded = decode_data({.header = frame.header, .payload = frame.payload})) {
      RAILGUN_CHECK(decoded->trailer.size() <= kMaxTrailerBytes && decoded->data.size() <= frame.payload.size());
    }
    if (const auto decoded = decode_go_away(frame.payload)) {
      RAILGUN_CHECK(decode_go_away(encode_go_away(*decoded))->reason == decoded->reason);
    }
  }
  if (const auto decoded = decode_greeting(bytes); decoded && *decoded) {
    RAILGUN_CHECK((*decoded)->bytes <= bytes.size());
    const Bytes again = encode_greeting((*decoded)->greeting);
    const auto mirrored = decode_greeting(again);
    RAILGUN_CHECK(mirrored && *mirrored && (*mirrored)->greeting == (*decoded)->greeting);
  }
  return 0;
}
