#include "railgund/delta/packed_page.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "railgund/base/check.h"
#include "railgund/delta/zstd_contexts.h"

namespace railgun::delta {
namespace {

// Higher levels take longer and save little: 16.8 KB at level 1 and 16.5 KB at level 5, for six times the time (a page
// of 92 KB of which half is in its base).
constexpr int kLevel = 1;
constexpr int kLeastWindowLog = 10;
constexpr int kMostWindowLog = 27;
// A place for each byte that may be found again, as far as the table stays in the CPU's cache.
constexpr int kLeastHashLog = 12;
constexpr int kMostHashLog = 17;

// Reaches back over the page and its base.
int window_log(std::size_t bytes) {
  return std::clamp(static_cast<int>(std::bit_width(bytes)), kLeastWindowLog, kMostWindowLog);
}

}  // namespace

PackedPage::PackedPage(Bytes packed, std::size_t page_bytes, std::shared_ptr<const Bytes> base)
    : packed_(std::move(packed)), page_bytes_(page_bytes), base_(std::move(base)) {}

std::shared_ptr<const PackedPage> PackedPage::make(ByteView page, std::shared_ptr<const Bytes> base) {
  const ZstdCompressor context;
  const std::size_t base_bytes = base ? base->size() : 0;
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, kLevel);
  const int log = window_log(page.size() + base_bytes);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_windowLog, log);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_hashLog, std::clamp(log, kLeastHashLog, kMostHashLog));
  if (base) ZSTD_CCtx_refPrefix(context.get(), base->data(), base_bytes);
  Bytes packed(page.size() - page.size() / 8);
  const std::size_t size = ZSTD_compress2(context.get(), packed.data(), packed.size(), page.data(), page.size());
  if (ZSTD_isError(size) != 0) return nullptr;  // no room
  packed.resize(size);
  packed.shrink_to_fit();
  return std::make_shared<const PackedPage>(std::move(packed), page.size(), std::move(base));
}

Bytes PackedPage::unpack() const {
  const ZstdDecompressor context;
  ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, kMostWindowLog);
  if (base_) ZSTD_DCtx_refPrefix(context.get(), base_->data(), base_->size());
  Bytes page(page_bytes_);
  const std::size_t size = ZSTD_decompressDCtx(context.get(), page.data(), page.size(), packed_.data(), packed_.size());
  RAILGUN_CHECK(size == page_bytes_);
  return page;
}

}  // namespace railgun::delta
