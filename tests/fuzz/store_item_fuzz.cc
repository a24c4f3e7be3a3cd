// Fuzzes: page
// Whatever a store gives back is the page of its id or a miss; nothing larger than the limit is ever built.
#include <algorithm>
#include <cstdint>

#include "railgund/base/check.h"
#include "railgund/page/store_item.h"

using namespace railgun;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kLimit = 64 * 1024;
  static const KeyedHash hash(as_bytes("0123456789abcdef0123456789abcdef"));
  const ByteView input(data, size);

  // As an item as it stands.
  const page::VersionPtr read = page::decode_item(input, hash, std::nullopt, kLimit);
  RAILGUN_CHECK(!read || (read->reference.bytes().size() <= kLimit && hash(read->reference.bytes()) == read->id));

  // As a payload under a head that is right, so that the decoder gets to see it: the check is not a secret.
  if (size > 0) {
    Bytes item;
    ByteWriter out(item);
    out.u8(data[0] % 2 == 0 ? 0x10 : 0x11);
    const ByteView payload = input.subspan(1);
    const Id128 id = hash(payload);
    out.bytes(id.bytes);
    out.u64(data[0] % 4 < 2 ? payload.size() : data[0] * 16);
    const std::uint64_t check = hash64(payload, hash64(item));
    out.u64(check);
    out.bytes(payload);
    const page::VersionPtr framed = page::decode_item(item, hash, std::nullopt, kLimit);
    RAILGUN_CHECK(!framed || hash(framed->reference.bytes()) == framed->id);
  }

  // As a page, there and back.
  if (size <= kLimit) {
    const page::Version version(hash(input), to_bytes(input), page::Keep::kStoreToo);
    const page::VersionPtr back = page::decode_item(page::encode_item(version), hash, version.id, kLimit);
    RAILGUN_CHECK(
        back && std::equal(input.begin(), input.end(), back->reference.bytes().begin(), back->reference.bytes().end()));
  }
  return 0;
}
