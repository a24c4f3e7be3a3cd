// Fuzzes: delta base
// Any two pages: the delta between them gives the second one back, whatever the effort and the size of windows.
#include <algorithm>
#include <cstdlib>

#include "railgund/delta/decoder.h"
#include "railgund/delta/encoder.h"

// Input: one byte of options, two of the first page's length, then both pages.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  railgun::ByteReader in(railgun::ByteView(data, size));
  const unsigned options = in.u8();
  const std::size_t old_bytes = in.u16();
  if (!in.ok()) return 0;
  const railgun::ByteView old = in.bytes(std::min(old_bytes, in.left()));
  const railgun::ByteView page = in.rest();

  const auto reference = std::make_shared<const railgun::delta::Reference>(railgun::to_bytes(old));
  railgun::delta::EncoderOptions encoding;
  encoding.effort = static_cast<railgun::delta::Effort>(options & 3);
  if ((options & 4) != 0) encoding.window_bytes = 1 + (options >> 3) * 37;
  const railgun::Bytes delta = railgun::delta::encode(reference, page, encoding);
  const auto back = railgun::delta::decode(reference, delta);
  if (!back.has_value() || !std::ranges::equal(*back, page)) std::abort();
  return 0;
}
