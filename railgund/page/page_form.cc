#include "railgund/page/page_form.h"

#include <zstd.h>

namespace railgun::page {
namespace {

// On a loop's thread.
constexpr std::size_t kLargePageBytes = 256 * 1024;
int level_for(std::size_t page_bytes) { return page_bytes <= kLargePageBytes ? 1 : -5; }

}  // namespace

Bytes compress_page(ByteView page) {
  const std::size_t worth = page.size() - page.size() / 8;
  Bytes out(worth);
  const std::size_t size = ZSTD_compress(out.data(), out.size(), page.data(), page.size(), level_for(page.size()));
  if (ZSTD_isError(size) != 0) return {};
  out.resize(size);
  return out;
}

std::optional<Bytes> decompress_page(ByteView frame, std::uint64_t page_bytes) {
  if (ZSTD_getFrameContentSize(frame.data(), frame.size()) != page_bytes) return std::nullopt;
  Bytes page(page_bytes);
  const std::size_t size = ZSTD_decompress(page.data(), page.size(), frame.data(), frame.size());
  if (ZSTD_isError(size) != 0 || size != page_bytes) return std::nullopt;
  return page;
}

}  // namespace railgun::page
