#include "railgund/dictionary/dictionary.h"

#include <algorithm>
#include <array>
#include <utility>

#include <zstd.h>

#include "railgund/base/check.h"

namespace railgun::dictionary {

void Dictionary::Free::operator()(ZSTD_CDict_s* prepared) const { ZSTD_freeCDict(prepared); }

Dictionary::Dictionary(Bytes bytes, const Hash& hash) : bytes_(std::move(bytes)), hash_(hash) {}

Dictionary::Dictionary(Bytes bytes, const Hash& hash, int level) : Dictionary(std::move(bytes), hash) {
  RAILGUN_CHECK(is_possible(bytes_));
  prepared_.reset(ZSTD_createCDict(bytes_.data(), bytes_.size(), level));
  RAILGUN_CHECK(prepared_ != nullptr);
}

bool Dictionary::is_possible(ByteView bytes) {
  constexpr std::array<std::uint8_t, 4> kTrained = {0x37, 0xa4, 0x30, 0xec};  // RFC 8878 5
  return bytes.size() < kTrained.size() || !std::equal(kTrained.begin(), kTrained.end(), bytes.begin());
}

std::size_t Dictionary::memory_bytes() const {
  return sizeof *this + bytes_.capacity() + (prepared_ ? ZSTD_sizeof_CDict(prepared_.get()) : 0);
}

}  // namespace railgun::dictionary
