#include "railgund/coding/zstd_encoder.h"

#include <algorithm>
#include <utility>

#include <zstd.h>

#include "railgund/base/check.h"

namespace railgun::coding {
namespace {

// Decoders of browsers need no more than 23 (RFC 9659 3); pages gain little beyond this, and the state grows with it.
constexpr int kWindowLog = 18;
constexpr std::size_t kMostIdle = 4;
constexpr std::size_t kLeastRoom = 1024;

void set(ZSTD_CCtx* state, ZSTD_cParameter parameter, int value) {
  RAILGUN_CHECK(ZSTD_isError(ZSTD_CCtx_setParameter(state, parameter, value)) == 0);
}

}  // namespace

void begin_session(ZSTD_CCtx_s* state, std::optional<int> level, int window_log) {
  RAILGUN_CHECK(ZSTD_isError(ZSTD_CCtx_reset(state, ZSTD_reset_session_and_parameters)) == 0);
  if (level) set(state, ZSTD_c_compressionLevel, *level);
  set(state, ZSTD_c_windowLog, window_log);
}

void run_zstd(ZSTD_CCtx_s* state, bool ends, ByteView piece, Bytes& to) {
  ZSTD_inBuffer input{piece.data(), piece.size(), 0};
  std::size_t left = 0;
  do {
    const std::size_t before = to.size();
    to.resize(before + std::max((input.size - input.pos) / 2, kLeastRoom));
    ZSTD_outBuffer output{to.data() + before, to.size() - before, 0};
    left = ZSTD_compressStream2(state, &output, &input, ends ? ZSTD_e_end : ZSTD_e_flush);
    RAILGUN_CHECK(ZSTD_isError(left) == 0);
    to.resize(before + output.pos);
  } while (left != 0 || input.pos < input.size);
}

void FreeZstdState::operator()(ZSTD_CCtx_s* state) const { ZSTD_freeCCtx(state); }

ZstdState ZstdStates::take() {
  ZstdState state;
  if (idle_.empty()) {
    state.reset(ZSTD_createCCtx());
    RAILGUN_CHECK(state != nullptr);
  } else {
    state = std::move(idle_.back());
    idle_.pop_back();
  }
  return state;
}

void ZstdStates::give_back(ZstdState state) {
  if (idle_.size() < kMostIdle) idle_.push_back(std::move(state));
}

ZstdEncoder::ZstdEncoder(int level, ZstdStates& states) : states_(&states), state_(states.take()) {
  begin_session(state_.get(), level, kWindowLog);
}

ZstdEncoder::~ZstdEncoder() {
  if (state_ != nullptr) states_->give_back(std::move(state_));
}

void ZstdEncoder::write(ByteView piece, Bytes& to) { run_zstd(state_.get(), false, piece, to); }
void ZstdEncoder::finish(Bytes& to) { run_zstd(state_.get(), true, {}, to); }

}  // namespace railgun::coding
