#include "railgund/coding/dcz_encoder.h"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

#include <zstd.h>

#include "railgund/base/check.h"

namespace railgun::coding {
namespace {

// A dictionary that is used a few times is read for each answer, which takes longer than coding a page that has hardly
// changed. Level 1 reads it fastest.
constexpr int kOnceLevel = 1;
// zstd reads no more of a dictionary than its table of hashes has room for, eight bytes for each of its places.
constexpr int kLeastHashLog = 14;
constexpr int kMostHashLog = 20;
// Matches reach back over the dictionary as far as the window does. RFC 9842 5.2 allows 8 MB to any dictionary.
constexpr int kLeastWindowLog = 20;
constexpr int kMostWindowLog = 23;
// A skippable frame of 32 bytes (RFC 8878 3.1.2), which holds the dictionary's hash.
constexpr std::array<std::uint8_t, 8> kMagic = {0x5e, 0x2a, 0x4d, 0x18, 0x20, 0, 0, 0};

}  // namespace

DczEncoder::DczEncoder(dictionary::DictionaryPtr dictionary, ZstdStates& states)
    : dictionary_(std::move(dictionary)), states_(&states), state_(states.take()) {
  const ByteView bytes = dictionary_->bytes();
  const int window_log =
      std::clamp(static_cast<int>(std::bit_width(2 * bytes.size())), kLeastWindowLog, kMostWindowLog);
  begin_session(state_.get(), dictionary_->prepared() == nullptr ? kOnceLevel : std::optional<int>(), window_log);
  if (dictionary_->prepared() == nullptr) {
    const int hash_log = std::clamp(static_cast<int>(std::bit_width(bytes.size())) - 1, kLeastHashLog, kMostHashLog);
    RAILGUN_CHECK(ZSTD_isError(ZSTD_CCtx_setParameter(state_.get(), ZSTD_c_hashLog, hash_log)) == 0);
  }
  RAILGUN_CHECK(ZSTD_isError(ZSTD_CCtx_setParameter(state_.get(), ZSTD_c_checksumFlag, 1)) == 0);
  const std::size_t done = dictionary_->prepared() == nullptr
                               ? ZSTD_CCtx_refPrefix(state_.get(), bytes.data(), bytes.size())
                               : ZSTD_CCtx_refCDict(state_.get(), dictionary_->prepared());
  RAILGUN_CHECK(ZSTD_isError(done) == 0);
}

DczEncoder::~DczEncoder() {
  if (state_ == nullptr) return;
  // It must not refer to the dictionary any more.
  RAILGUN_CHECK(ZSTD_isError(ZSTD_CCtx_reset(state_.get(), ZSTD_reset_session_and_parameters)) == 0);
  states_->give_back(std::move(state_));
}

void DczEncoder::begin(Bytes& to) {
  if (has_begun_) return;
  has_begun_ = true;
  append(to, kMagic);
  append(to, dictionary_->hash());
}

void DczEncoder::write(ByteView piece, Bytes& to) {
  begin(to);
  run_zstd(state_.get(), false, piece, to);
}

void DczEncoder::finish(Bytes& to) {
  begin(to);
  run_zstd(state_.get(), true, {}, to);
}

}  // namespace railgun::coding
