#include "railgund/page/store_item.h"

#include <algorithm>

#include <zstd.h>

#include "railgund/base/bytes.h"
#include "railgund/base/text.h"

namespace railgun::page {
namespace {

// doc/PROTOCOL.md, "Stored items".
constexpr std::uint8_t kRaw = 0x10;
constexpr std::uint8_t kZstd = 0x11;
constexpr std::size_t kHeaderBytes = 1 + 16 + 8 + 8;

// Stored pages are compressed on a loop's thread: about 0.2 ms for a usual page; the fast level keeps one of megabytes
// in the same order of time.
constexpr std::size_t kLargePageBytes = 256 * 1024;
int level_for(std::size_t page_bytes) { return page_bytes <= kLargePageBytes ? 1 : -5; }

// The page compressed, or nothing where that saves less than an eighth.
Bytes compressed(ByteView page) {
  const std::size_t worth = page.size() - page.size() / 8;
  Bytes out(worth);
  const std::size_t size = ZSTD_compress(out.data(), out.size(), page.data(), page.size(), level_for(page.size()));
  if (ZSTD_isError(size) != 0) return {};
  out.resize(size);
  return out;
}

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
  const Bytes packed = compressed(page);
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
    // A frame says its own length or the item is not ours; so nothing is reserved that zstd will not fill.
    if (ZSTD_getFrameContentSize(payload.data(), payload.size()) != length) return nullptr;
    page.resize(length);
    const std::size_t size = ZSTD_decompress(page.data(), page.size(), payload.data(), payload.size());
    if (ZSTD_isError(size) != 0 || size != length) return nullptr;
  }
  if (hash(page) != *id) return nullptr;
  return std::make_shared<const Version>(*id, std::move(page), Keep::kStoreToo);
}

}  // namespace railgun::page
