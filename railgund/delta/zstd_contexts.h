// zstd's contexts: a few hundred KB each, which zstd clears lazily. Kept for each thread rather than made for each page.
#pragma once

#include <memory>

#include <zstd.h>

namespace railgun::delta {

struct ZstdFree {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

// A context of this thread, for one page. Its parameters are reset. Over 4 MB it is freed when the page ends.
template <typename Context>
class ZstdLoan {
 public:
  ZstdLoan();
  ~ZstdLoan();
  ZstdLoan(const ZstdLoan&) = delete;
  ZstdLoan& operator=(const ZstdLoan&) = delete;

  Context* get() const { return context_.get(); }

 private:
  std::unique_ptr<Context, ZstdFree> context_;
};

using ZstdCompressor = ZstdLoan<ZSTD_CCtx>;
using ZstdDecompressor = ZstdLoan<ZSTD_DCtx>;

}  // namespace railgun::delta
