#include "railgund/page/snapshot.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "railgund/base/check.h"
#include "railgund/page/page_form.h"

namespace railgun::page {
namespace {

constexpr std::string_view kMagic = "RGsnap";
constexpr std::uint16_t kFormatVersion = 1;
constexpr std::size_t kHeadBytes = kMagic.size() + sizeof(std::uint16_t);
constexpr std::size_t kRecordHeadBytes = 1 + 4 + 8;
// Of a version: many more than VersionPool keeps.
constexpr std::size_t kMostNames = 16;
constexpr unsigned kMostAsked = 15;

std::uint64_t check_of(std::uint8_t kind, ByteView payload) { return hash64(payload, kind); }

void write_keys(ByteWriter& out, const PageKeys& keys) {
  for (const Id128* key :
       {&keys.exact, &keys.address, &keys.shape, &keys.sibling, &keys.page, &keys.site, &keys.audience})
    out.bytes(key->bytes);
  out.u8(static_cast<std::uint8_t>(keys.media));
}

// Zeros past the end of the input.
Id128 read_id(ByteReader& in) { return id128_from(in.bytes(sizeof(Id128::bytes))).value_or(Id128{}); }

PageKeys read_keys(ByteReader& in) {
  PageKeys keys;
  for (Id128* key : {&keys.exact, &keys.address, &keys.shape, &keys.sibling, &keys.page, &keys.site, &keys.audience})
    *key = read_id(in);
  keys.media = static_cast<MediaClass>(std::min<std::uint8_t>(in.u8(), static_cast<std::uint8_t>(MediaClass::kError)));
  return keys;
}

}  // namespace

Bytes snapshot_head() {
  Bytes head;
  ByteWriter out(head);
  out.bytes(as_bytes(kMagic));
  out.u16(kFormatVersion);
  return head;
}

Bytes encode_record(SnapshotKind kind, ByteView payload) {
  RAILGUN_CHECK(payload.size() <= std::numeric_limits<std::uint32_t>::max());
  Bytes record;
  record.reserve(kRecordHeadBytes + payload.size());
  ByteWriter out(record);
  out.u8(static_cast<std::uint8_t>(kind));
  out.u32(static_cast<std::uint32_t>(payload.size()));
  out.u64(check_of(static_cast<std::uint8_t>(kind), payload));
  out.bytes(payload);
  return record;
}

Bytes encode_record(const KeptVersion& kept, PageForm form) {
  const ByteView page = kept.version->reference.bytes();
  const Bytes frame = form == PageForm::kZstd ? compress_page(page) : Bytes{};
  const std::size_t keys = std::min(kept.keys.size(), kMostNames);
  const std::size_t sites = std::min(kept.sites.size(), kMostNames);
  Bytes payload;
  payload.reserve(SnapshotReader::kRecordOverhead + (frame.empty() ? page.size() : frame.size()));
  ByteWriter out(payload);
  out.u64(kept.sequence);
  out.bytes(kept.version->id.bytes);
  out.u32(kept.version->expected_delta_bytes.load(std::memory_order_relaxed));
  out.u32(static_cast<std::uint32_t>(page.size()));
  out.u8(kept.asked_lately);
  out.u8(static_cast<std::uint8_t>(kept.standing));
  out.u8(static_cast<std::uint8_t>(kept.version->keep));
  out.u8(static_cast<std::uint8_t>(frame.empty() ? PageForm::kRaw : PageForm::kZstd));
  out.u8(static_cast<std::uint8_t>(keys));
  out.u8(static_cast<std::uint8_t>(sites));
  // The latest of each, if there are too many.
  for (std::size_t i = kept.keys.size() - keys; i < kept.keys.size(); ++i) write_keys(out, kept.keys[i]);
  for (std::size_t i = kept.sites.size() - sites; i < kept.sites.size(); ++i) out.bytes(kept.sites[i].bytes);
  out.bytes(frame.empty() ? page : ByteView(frame));
  return encode_record(SnapshotKind::kVersion, payload);
}

std::optional<KeptVersion> decode_version(ByteView payload, std::size_t page_bytes_limit) {
  ByteReader in(payload);
  KeptVersion kept;
  kept.sequence = in.u64();
  const Id128 id = read_id(in);
  const std::uint32_t expected_delta = in.u32();
  const std::uint32_t page_bytes = in.u32();
  kept.asked_lately = in.u8();
  const std::uint8_t standing = in.u8(), keep = in.u8(), form = in.u8();
  const std::size_t keys = in.u8(), sites = in.u8();
  if (!in.ok() || kept.asked_lately > kMostAsked || standing > static_cast<std::uint8_t>(Standing::kProtected) ||
      keep > static_cast<std::uint8_t>(Keep::kStoreToo) || keys > kMostNames || sites == 0 || sites > kMostNames ||
      page_bytes > page_bytes_limit)
    return std::nullopt;
  kept.standing = static_cast<Standing>(standing);
  for (std::size_t i = 0; i < keys; ++i) kept.keys.push_back(read_keys(in));
  for (std::size_t i = 0; i < sites; ++i) kept.sites.push_back(read_id(in));
  if (!in.ok()) return std::nullopt;
  std::optional<Bytes> page;
  if (form == static_cast<std::uint8_t>(PageForm::kZstd)) {
    page = decompress_page(in.rest(), page_bytes);
  } else if (form == static_cast<std::uint8_t>(PageForm::kRaw) && in.left() == page_bytes) {
    page = to_bytes(in.rest());
  }
  if (!page) return std::nullopt;
  auto version = std::make_shared<const Version>(id, *std::move(page), static_cast<Keep>(keep));
  version->expected_delta_bytes.store(expected_delta, std::memory_order_relaxed);
  kept.version = std::move(version);
  return kept;
}

void SnapshotReader::receive(ByteView bytes) {
  const std::size_t dropped = std::min(left_out_, bytes.size());
  left_out_ -= dropped;
  bytes = bytes.subspan(dropped);
  buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(std::exchange(used_, 0)));
  append(buffer_, bytes);
}

Result<std::optional<SnapshotReader::Record>> SnapshotReader::poll() {
  const auto rest = [this] { return ByteView(buffer_).subspan(used_); };
  if (!has_head_) {
    if (rest().size() < kHeadBytes) return std::nullopt;
    const Bytes expected = snapshot_head();
    if (!std::ranges::equal(rest().first(kHeadBytes), expected))
      return fail(Errc::kUnsupported, "not a snapshot of this version of railgund");
    used_ += kHeadBytes;
    has_head_ = true;
  }
  for (;;) {
    ByteReader in(rest());
    const std::uint8_t kind = in.u8();
    const std::uint32_t length = in.u32();
    const std::uint64_t check = in.u64();
    if (!in.ok()) return std::nullopt;
    if (length > limit_) {
      const std::size_t here = std::min<std::size_t>(length, in.left());
      used_ += kRecordHeadBytes + here;
      left_out_ = length - here;
      continue;
    }
    const ByteView payload = in.bytes(length);
    if (!in.ok()) return std::nullopt;
    if (check != check_of(kind, payload)) return fail(Errc::kMalformed, "a record that is damaged");
    used_ += kRecordHeadBytes + length;
    if (kind < static_cast<std::uint8_t>(SnapshotKind::kVersion) ||
        kind > static_cast<std::uint8_t>(SnapshotKind::kComplete))
      continue;
    return Record{.kind = static_cast<SnapshotKind>(kind), .payload = payload};
  }
}

std::optional<KeptVersion> SnapshotSource::next() {
  if (waiting_.empty()) {
    const std::vector<Numbered> found = cache_.numbered_since(newest_);
    waiting_.assign(found.begin(), found.end());
    ++passes_;
    if (!waiting_.empty()) newest_ = waiting_.front().sequence;
  }
  while (!waiting_.empty()) {
    const Numbered next = waiting_.front();
    waiting_.pop_front();
    auto kept = cache_.kept(next.id);
    if (kept && (with_memory_only_ || kept->version->keep == Keep::kStoreToo)) return kept;
  }
  return std::nullopt;
}

}  // namespace railgun::page
