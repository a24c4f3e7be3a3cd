#include "railgund/link/head_codec.h"

#include <algorithm>
#include <array>
#include <string>

#include <nghttp2/nghttp2.h>

#include "railgund/base/check.h"
#include "railgund/base/hash.h"
#include "railgund/base/text.h"

namespace railgun::link {
namespace {

struct DeflaterDeleter {
  void operator()(nghttp2_hd_deflater* deflater) const noexcept { nghttp2_hd_deflate_del(deflater); }
};
struct InflaterDeleter {
  void operator()(nghttp2_hd_inflater* inflater) const noexcept { nghttp2_hd_inflate_del(inflater); }
};

// Remembers approximately, by hash, which fields were sent; an error costs a few bytes. Fields that were repeated are
// stored apart from fields seen once, so that the latter cannot overwrite them. There are several times as many marks
// as the table can hold fields, so that a field in the table is usually recognised.
class SeenFields {
 public:
  // True if the field was sent before. Records that it is sent now.
  bool note(std::uint64_t hash) {
    if (is_marked(repeated_, hash)) return true;
    if (is_marked(once_, hash)) {
      keep(hash);
      return true;
    }
    mark(once_, hash);
    return false;
  }
  // The field is in the table, so it counts as repeated.
  void keep(std::uint64_t hash) { mark(repeated_, hash); }

 private:
  template <std::size_t size>
  static bool is_marked(const std::array<std::uint32_t, size>& marks, std::uint64_t hash) {
    return marks[hash % size] == static_cast<std::uint32_t>(hash >> 32);
  }
  template <std::size_t size>
  static void mark(std::array<std::uint32_t, size>& marks, std::uint64_t hash) {
    marks[hash % size] = static_cast<std::uint32_t>(hash >> 32);
  }

  std::array<std::uint32_t, 8192> repeated_{};
  std::array<std::uint32_t, 4096> once_{};
};

// Fields whose value is new in most messages. They are added to the table only after they were repeated; any other
// field is added immediately while there is room. Sorted.
constexpr std::array<std::string_view, 11> kMostlyNew{"age",        "cf-ray",      "content-length",    "content-range",
                                                      "date",       "etag",        "if-modified-since", "last-modified",
                                                      "set-cookie", "traceparent", "x-request-id"};
static_assert(std::ranges::is_sorted(kMostlyNew));

constexpr std::size_t kEntryOverheadBytes = 32;  // RFC 7541 4.1

bool has_upper_case(std::string_view name) {
  return std::ranges::any_of(name, [](char c) { return c >= 'A' && c <= 'Z'; });
}

// libnghttp2 takes pointers to non-const bytes, but does not change them.
std::uint8_t* borrowed(std::string_view text) {
  return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(text.data()));
}

}  // namespace

struct HeadEncoder::State {
  std::unique_ptr<nghttp2_hd_deflater, DeflaterDeleter> deflater;
  SeenFields seen;
  std::vector<nghttp2_nv> pairs;
  std::vector<std::string> lowered;

  // Adding a field to a full table evicts others, so only a field that was repeated is added.
  bool worth_indexing(std::string_view name, std::string_view value, std::size_t& spare_bytes) {
    const std::size_t entry_bytes = name.size() + value.size() + kEntryOverheadBytes;
    const std::uint64_t hash = hash64(as_bytes(value), hash64(as_bytes(name)));
    if (seen.note(hash)) return true;
    if (entry_bytes > spare_bytes || std::ranges::binary_search(kMostlyNew, name)) return false;
    spare_bytes -= entry_bytes;
    seen.keep(hash);
    return true;
  }
};

HeadEncoder::HeadEncoder() : state_(std::make_unique<State>()) {
  nghttp2_hd_deflater* deflater = nullptr;
  RAILGUN_CHECK(nghttp2_hd_deflate_new(&deflater, kHeadTableBytes) == 0);
  state_->deflater.reset(deflater);
  RAILGUN_CHECK(nghttp2_hd_deflate_change_table_size(deflater, kHeadTableBytes) == 0);
}
HeadEncoder::~HeadEncoder() = default;
HeadEncoder::HeadEncoder(HeadEncoder&&) noexcept = default;
HeadEncoder& HeadEncoder::operator=(HeadEncoder&&) noexcept = default;

Result<void> HeadEncoder::encode(const Fields& fields, Bytes& to) {
  if (fields.size() > kMaxHeadFields) return fail(Errc::kTooLarge, "head: over 1000 fields");
  for (const Field& field : fields) {
    if (std::max(field.name.size(), field.value.size()) > kMaxHeadTextBytes) {
      return fail(Errc::kTooLarge, "head: a field is over 65536 bytes");
    }
    if (field.name.empty()) return fail(Errc::kInvalid, "head: a field has no name");
  }
  State& state = *state_;
  state.pairs.clear();
  state.lowered.clear();
  state.lowered.reserve(fields.size());  // so that views of its elements stay valid
  std::size_t spare_bytes =
      kHeadTableBytes - std::min(kHeadTableBytes, nghttp2_hd_deflate_get_dynamic_table_size(state.deflater.get()));
  for (const Field& field : fields) {
    std::string_view name = field.name;
    if (has_upper_case(name)) name = state.lowered.emplace_back(lower_ascii(name));
    const bool index = state.worth_indexing(name, field.value, spare_bytes);
    state.pairs.push_back(
        {.name = borrowed(name),
         .value = borrowed(field.value),
         .namelen = name.size(),
         .valuelen = field.value.size(),
         .flags = static_cast<std::uint8_t>(index ? NGHTTP2_NV_FLAG_NONE : NGHTTP2_NV_FLAG_NO_INDEX)});
  }
  const std::size_t start = to.size();
  to.resize(start + nghttp2_hd_deflate_bound(state.deflater.get(), state.pairs.data(), state.pairs.size()));
  const auto written = nghttp2_hd_deflate_hd(state.deflater.get(), to.data() + start, to.size() - start,
                                             state.pairs.data(), state.pairs.size());
  RAILGUN_CHECK(written >= 0);  // fails only for lack of memory: the buffer has the largest size that can be needed
  to.resize(start + static_cast<std::size_t>(written));
  return {};
}

struct HeadDecoder::State {
  std::unique_ptr<nghttp2_hd_inflater, InflaterDeleter> inflater;
};

HeadDecoder::HeadDecoder() : state_(std::make_unique<State>()) {
  nghttp2_hd_inflater* inflater = nullptr;
  RAILGUN_CHECK(nghttp2_hd_inflate_new(&inflater) == 0);
  state_->inflater.reset(inflater);
  RAILGUN_CHECK(nghttp2_hd_inflate_change_table_size(inflater, kHeadTableBytes) == 0);
}
HeadDecoder::~HeadDecoder() = default;
HeadDecoder::HeadDecoder(HeadDecoder&&) noexcept = default;
HeadDecoder& HeadDecoder::operator=(HeadDecoder&&) noexcept = default;

Result<Fields> HeadDecoder::decode(ByteView block, std::size_t most_bytes) {
  nghttp2_hd_inflater* inflater = state_->inflater.get();
  Fields fields;
  std::size_t bytes = 0;
  while (true) {
    nghttp2_nv pair{};
    int flags = 0;
    const auto read = nghttp2_hd_inflate_hd2(inflater, &pair, &flags, block.data(), block.size(), 1);
    if (read < 0) return fail(Errc::kMalformed, "head: its fields are no valid HPACK");
    block = block.subspan(static_cast<std::size_t>(read));
    if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0) {
      bytes += pair.namelen + pair.valuelen;
      if (bytes > most_bytes) return fail(Errc::kTooLarge, "head: over " + std::to_string(most_bytes) + " bytes");
      if (fields.size() == kMaxHeadFields) return fail(Errc::kTooLarge, "head: over 1000 fields");
      const auto name = as_text({pair.name, pair.namelen});
      if (name.empty() || has_upper_case(name)) return fail(Errc::kMalformed, "head: a field's name is not lower case");
      fields.push_back({.name = std::string(name), .value = std::string(as_text({pair.value, pair.valuelen}))});
    }
    if ((flags & NGHTTP2_HD_INFLATE_FINAL) != 0) break;
    if ((flags & NGHTTP2_HD_INFLATE_EMIT) == 0 && block.empty()) {
      return fail(Errc::kMalformed, "head: its fields are cut short");
    }
  }
  nghttp2_hd_inflate_end_headers(inflater);
  return fields;
}

}  // namespace railgun::link
