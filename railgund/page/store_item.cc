#include "railgund/page/store_item.h"

#include "railgund/base/bytes.h"
#include "railgund/base/text.h"
#include "railgund/page/page_form.h"

namespace railgun::page {
namespace {

// doc/PROTOCOL.md, "Stored items".
constexpr std::uint8_t kRaw = 0x10;
constexpr std::uint8_t kZstd = 0x11;
constexpr std::size_t kHeaderBytes = 1 + 16 + 8 + 8;

// Over all that is in the item before it and behind it.
std::uint64_t item_check(std::uint8_t format, const Id128& id, std::uint64_t length, ByteView payload) {
  Bytes head;
  ByteWriter out(head);
  out.u8(format);
  out.bytes(id.bytes);
  out.u64(length);
  return hash64(payload, hash64(head));
}

}  // namespace

std::string store_key_of_version(const Id128& site, const Id128& id) {
  Bytes text;
  ByteWriter out(text);
  out.bytes(site.bytes);
  out.bytes(id.bytes);
  return "rgv2:" + to_hex(hash128(text));
}
std::string store_key_of_page(const Id128& exact_key) { return "rgp1:" + to_hex(exact_key); }

Bytes encode_item(const Version& version) {
  const ByteView page = version.reference.bytes();
  const Bytes packed = compress_page(page);
  const std::uint8_t format = packed.empty() ? kRaw : kZstd;
  const ByteView payload = packed.empty() ? page : ByteView(packed);

  Bytes item;
  item.reserve(kHeaderBytes + payload.size());
  ByteWriter out(item);
  out.u8(format);
  out.bytes(version.id.bytes);
  out.u64(page.size());
  out.u64(item_check(format, version.id, page.size(), payload));
  out.bytes(payload);
  return item;
}

VersionPtr decode_item(ByteView item, const KeyedHash& hash, const std::optional<Id128>& expected_id,
                       std::size_t page_bytes_limit) {
  ByteReader in(item);
  const std::uint8_t format = in.u8();
  const std::optional<Id128> id = id128_from(in.bytes(16));
  const std::uint64_t length = in.u64();
  const std::uint64_t check = in.u64();
  if (!in.ok() || !id || (format != kRaw && format != kZstd)) return nullptr;
  const ByteView payload = in.rest();
  if (expected_id && *id != *expected_id) return nullptr;
  if (length > page_bytes_limit) return nullptr;
  if (check != item_check(format, *id, length, payload)) return nullptr;

  Bytes page;
  if (format == kRaw) {
    if (payload.size() != length) return nullptr;
    page = to_bytes(payload);
  } else {
    std::optional<Bytes> unpacked = decompress_page(payload, length);
    if (!unpacked) return nullptr;
    page = *std::move(unpacked);
  }
  if (hash(page) != *id) return nullptr;
  return std::make_shared<const Version>(*id, std::move(page), Keep::kStoreToo);
}

}  // namespace railgun::page
