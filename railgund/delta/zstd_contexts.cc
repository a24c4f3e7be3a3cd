#include "railgund/delta/zstd_contexts.h"

#include <cstddef>
#include <utility>

#include "railgund/base/check.h"

namespace railgun::delta {
namespace {

// Over this a context's memory is given back when its page ends.
constexpr std::size_t kKeepBytes = 4 << 20;

ZSTD_CCtx* make(const ZSTD_CCtx*) { return ZSTD_createCCtx(); }
ZSTD_DCtx* make(const ZSTD_DCtx*) { return ZSTD_createDCtx(); }
void reset(ZSTD_CCtx* context) { ZSTD_CCtx_reset(context, ZSTD_reset_session_and_parameters); }
void reset(ZSTD_DCtx* context) { ZSTD_DCtx_reset(context, ZSTD_reset_session_and_parameters); }
std::size_t size_of(const ZSTD_CCtx* context) { return ZSTD_sizeof_CCtx(context); }
std::size_t size_of(const ZSTD_DCtx* context) { return ZSTD_sizeof_DCtx(context); }

template <typename Context>
std::unique_ptr<Context, ZstdFree>& kept() {
  thread_local std::unique_ptr<Context, ZstdFree> kept;
  return kept;
}

}  // namespace

template <typename Context>
ZstdLoan<Context>::ZstdLoan() : context_(std::move(kept<Context>())) {
  if (!context_) context_.reset(make(static_cast<const Context*>(nullptr)));
  RAILGUN_CHECK(context_ != nullptr);
  reset(context_.get());
}

template <typename Context>
ZstdLoan<Context>::~ZstdLoan() {
  if (size_of(context_.get()) <= kKeepBytes) kept<Context>() = std::move(context_);
}

template class ZstdLoan<ZSTD_CCtx>;
template class ZstdLoan<ZSTD_DCtx>;

}  // namespace railgun::delta
