// Fuzzes: link
// Blocks of fields, each behind two bytes of length, in the order of one link. What is decoded must come back the same
// through an encoder and a second decoder.
#include <cstddef>
#include <cstdint>

#include "railgund/base/check.h"
#include "railgund/link/head_codec.h"

using namespace railgun;
using namespace railgun::link;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kMost = 16 * 1024;
  HeadDecoder decoder;
  HeadEncoder encoder;
  HeadDecoder mirror;
  ByteReader in(ByteView(data, size));
  while (!in.at_end()) {
    const std::size_t length = in.u16();
    const ByteView block = in.bytes(std::min(length, in.left()));
    const auto fields = decoder.decode(block, kMost);
    if (!fields) break;
    RAILGUN_CHECK(fields_bytes(*fields) <= kMost && fields->size() <= kMaxHeadFields);
    Bytes again;
    RAILGUN_CHECK(encoder.encode(*fields, again));
    const auto mirrored = mirror.decode(again, kMost);
    RAILGUN_CHECK(mirrored && *mirrored == *fields);
  }
  return 0;
}
