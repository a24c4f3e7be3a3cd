#include "railgund/coding/encoder.h"

#include <utility>

#include "railgund/base/check.h"

namespace railgun::coding {

Workshop::Workshop(Levels levels, std::size_t cache_bytes, ByteView key)
    : levels_(levels), cache_bytes_(cache_bytes), key_(to_bytes(key)) {}

Coding Workshop::available(Coding coding, bool takes_gzip) const {
  const bool needs_state = coding == Coding::kZstd || coding == Coding::kBrotli || coding == Coding::kDcz;
  if (!needs_state || states_ < kMostStates) return coding;
  return takes_gzip ? Coding::kGzip : Coding::kIdentity;
}

void Workshop::set(Levels levels, std::size_t cache_bytes) {
  if (levels.gzip != levels_.gzip || cache_bytes != cache_bytes_) gzip_ = nullptr;
  levels_ = levels;
  cache_bytes_ = cache_bytes;
}

std::shared_ptr<GzipShop> Workshop::gzip() {
  if (gzip_ == nullptr) gzip_ = std::make_shared<GzipShop>(levels_.gzip, cache_bytes_, key_);
  return gzip_;
}

Workshop::Claim Workshop::claim() {
  ++states_;
  return Claim(&states_);
}

Encoder::Encoder(Coding coding, Workshop& workshop, dictionary::DictionaryPtr dictionary) : coding_(coding) {
  switch (coding) {
    case Coding::kGzip:
      encoder_.emplace<GzipEncoder>(workshop.gzip());
      return;
    case Coding::kBrotli:
      claim_ = workshop.claim();
      encoder_.emplace<BrotliEncoder>(workshop.levels_.br);
      return;
    case Coding::kZstd:
      claim_ = workshop.claim();
      encoder_.emplace<ZstdEncoder>(workshop.levels_.zstd, workshop.zstd_);
      return;
    case Coding::kDcz:
      RAILGUN_CHECK(dictionary != nullptr);
      claim_ = workshop.claim();
      encoder_.emplace<DczEncoder>(std::move(dictionary), workshop.zstd_);
      return;
    case Coding::kIdentity:
      break;
  }
  RAILGUN_CHECK(false);
}

void Encoder::write(ByteView piece, Bytes& to) {
  if (piece.empty()) return;
  std::visit(
      [&](auto& encoder) {
        if constexpr (!std::is_same_v<decltype(encoder), std::monostate&>) encoder.write(piece, to);
      },
      encoder_);
}

void Encoder::finish(Bytes& to) {
  std::visit(
      [&](auto& encoder) {
        if constexpr (!std::is_same_v<decltype(encoder), std::monostate&>) encoder.finish(to);
      },
      encoder_);
}

}  // namespace railgun::coding
