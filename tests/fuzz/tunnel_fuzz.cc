// Fuzzes: tunnel
// The decoder of tunnels on arbitrary bytes, which must give the same however they are split; and what the encoder makes of
// them, which must come back. The first byte says how the input is cut.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "railgund/base/check.h"
#include "railgund/tunnel/coder.h"

using namespace railgun;
using namespace railgun::tunnel;

namespace {

constexpr std::size_t kRoom = 20'000;

// Nothing if the bytes are refused.
std::optional<Bytes> decode(ByteView coded, bool is_websocket, std::size_t step) {
  Decoder decoder(is_websocket);
  Bytes all;
  while (!coded.empty()) {
    Bytes made;
    const auto used = decoder.decode(coded.first(std::min(step, coded.size())), kRoom, made);
    if (!used) return std::nullopt;
    RAILGUN_CHECK(*used > 0 && made.size() <= kRoom + kMostPieceBytes && decoder.held_bytes() <= kMostPieceBytes);
    coded = coded.subspan(*used);
    append(all, made);
  }
  return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const bool is_websocket = (data[0] & 1) != 0;
  const std::size_t step = 1 + data[0] / 2;
  const ByteView bytes = ByteView(data, size).subspan(1);
  RAILGUN_CHECK(decode(bytes, is_websocket, SIZE_MAX) == decode(bytes, is_websocket, step));

  Encoder encoder(is_websocket);
  Bytes coded, sent;
  // Again and again, so that there is a context.
  for (int round = 0; round < 4; ++round) {
    for (ByteView rest = bytes; !rest.empty();) {
      const ByteView piece = rest.first(std::min({rest.size(), step * 16, kMostPieceBytes}));
      const std::size_t before = coded.size();
      encoder.encode(piece, Instant{}, true, coded);
      RAILGUN_CHECK(coded.size() - before <= piece.size() + kMostAddedBytes);
      append(sent, piece);
      rest = rest.subspan(piece.size());
    }
  }
  RAILGUN_CHECK(decode(coded, is_websocket, step) == sent);
  return 0;
}
