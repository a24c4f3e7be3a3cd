#include "railgund/delta/zstd_tier.h"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

#include <zstd.h>

#include "railgund/base/check.h"
#include "railgund/delta/zstd_contexts.h"

namespace railgun::delta {
namespace {

// Every frame begins with these four bytes (RFC 8878, 3.1.1), so they stay at home.
constexpr std::array<std::uint8_t, 4> kMagic = {0x28, 0xb5, 0x2f, 0xfd};
// How far back a frame may reach: the reference and this much of the page itself.
constexpr std::size_t kPageReach = 1 << 20;
// 128 MB: the most that zstd decoders accept unasked.
constexpr int kMaxWindowLog = 27;
constexpr std::size_t kChunk = 64 * 1024;
constexpr int kUsualLevel = 3;
// For pages of 20 to 400 KB, whose size zstd does not know ahead. Matches of four bytes cost more than they save in text of
// short words.
constexpr std::array<std::pair<ZSTD_cParameter, int>, 5> kThorough = {{{ZSTD_c_strategy, ZSTD_lazy},
                                                                       {ZSTD_c_minMatch, 5},
                                                                       {ZSTD_c_searchLog, 4},
                                                                       {ZSTD_c_hashLog, 17},
                                                                       {ZSTD_c_chainLog, 17}}};

int window_log(std::size_t reference_bytes) {
  return std::min(static_cast<int>(std::bit_width(reference_bytes + kPageReach - 1)), kMaxWindowLog);
}

}  // namespace

struct ZstdEncoder::State {
  ZstdCompressor context;
  bool begun = false;
};

ZstdEncoder::ZstdEncoder(ByteView reference, ZstdSearch search) : state_(std::make_unique<State>()) {
  ZSTD_CCtx* context = state_->context.get();
  ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, kUsualLevel);
  ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, window_log(reference.size()));
  if (search == ZstdSearch::kThorough) {
    for (const auto& [parameter, value] : kThorough) ZSTD_CCtx_setParameter(context, parameter, value);
  }
  ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 0);
  ZSTD_CCtx_refPrefix(context, reference.data(), reference.size());
}
ZstdEncoder::~ZstdEncoder() = default;
ZstdEncoder::ZstdEncoder(ZstdEncoder&&) noexcept = default;
ZstdEncoder& ZstdEncoder::operator=(ZstdEncoder&&) noexcept = default;

void ZstdEncoder::encode(ByteView window, bool last, Bytes& payload) {
  const std::size_t start = payload.size();
  ZSTD_inBuffer in = {window.data(), window.size(), 0};
  std::size_t room = ZSTD_compressBound(window.size());
  for (std::size_t left = 1; left != 0;) {
    const std::size_t used = payload.size();
    payload.resize(used + room);
    ZSTD_outBuffer out = {payload.data() + used, room, 0};
    left = ZSTD_compressStream2(state_->context.get(), &out, &in, last ? ZSTD_e_end : ZSTD_e_flush);
    RAILGUN_CHECK(!ZSTD_isError(left));
    payload.resize(used + out.pos);
    room = kChunk;
  }
  if (!state_->begun) {
    state_->begun = true;
    RAILGUN_CHECK(payload.size() - start >= kMagic.size());
    payload.erase(payload.begin() + static_cast<std::ptrdiff_t>(start),
                  payload.begin() + static_cast<std::ptrdiff_t>(start + kMagic.size()));
  }
}

struct ZstdDecoder::State {
  ZstdDecompressor context;
  bool begun = false;
};

ZstdDecoder::ZstdDecoder(ByteView reference) : state_(std::make_unique<State>()) {
  ZSTD_DCtx* context = state_->context.get();
  ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, window_log(reference.size()));
  ZSTD_DCtx_refPrefix(context, reference.data(), reference.size());
}
ZstdDecoder::~ZstdDecoder() = default;
ZstdDecoder::ZstdDecoder(ZstdDecoder&&) noexcept = default;
ZstdDecoder& ZstdDecoder::operator=(ZstdDecoder&&) noexcept = default;

Result<void> ZstdDecoder::decode(ByteView payload, std::size_t limit_bytes, Bytes& window) {
  ZSTD_DCtx* context = state_->context.get();
  const std::size_t start = window.size();
  const auto feed = [&](ByteView bytes) -> Result<void> {
    ZSTD_inBuffer in = {bytes.data(), bytes.size(), 0};
    for (;;) {
      const std::size_t used = window.size();
      // One byte more than allowed shows that there is more.
      const std::size_t room = std::min(kChunk, limit_bytes + 1 - (used - start));
      window.resize(used + room);
      ZSTD_outBuffer out = {window.data() + used, room, 0};
      const std::size_t left = ZSTD_decompressStream(context, &out, &in);
      window.resize(used + out.pos);
      if (ZSTD_isError(left)) return fail(Errc::kMalformed, "delta: a zstd window does not decode");
      if (window.size() - start > limit_bytes) return fail(Errc::kTooLarge, "delta: a window over the limit");
      if (left == 0 && in.pos < in.size) return fail(Errc::kMalformed, "delta: bytes after the end of a zstd frame");
      if (in.pos == in.size && out.pos < room) return {};
    }
  };
  if (!state_->begun) {
    state_->begun = true;
    if (auto fed = feed(kMagic); !fed) return fed;
  }
  return feed(payload);
}

}  // namespace railgun::delta
