// Zstandard (RFC 8878, for HTTP RFC 9659) for one answer. On libzstd.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "railgund/base/bytes.h"

struct ZSTD_CCtx_s;

namespace railgun::coding {

struct FreeZstdState {
  void operator()(ZSTD_CCtx_s* state) const;
};
using ZstdState = std::unique_ptr<ZSTD_CCtx_s, FreeZstdState>;

// States that wait for their next answer: making one costs more than a small answer does. Outlives its encoders.
class ZstdStates {
 public:
  ZstdState take();
  void give_back(ZstdState state);  // keeps a few

 private:
  std::vector<ZstdState> idle_;
};

// For the coders that use one. Sets a state for a new answer; without a level: that of the dictionary to come.
void begin_session(ZSTD_CCtx_s* state, std::optional<int> level, int window_log);
// Appends the piece, coded and flushed; `ends`: the end of the frame too.
void run_zstd(ZSTD_CCtx_s* state, bool ends, ByteView piece, Bytes& to);

// Holds about 4 MB (level 5) with its window of 256 KB.
class ZstdEncoder {
 public:
  ZstdEncoder(int level, ZstdStates& states);  // 1 to 19
  ~ZstdEncoder();
  ZstdEncoder(ZstdEncoder&&) noexcept = default;
  ZstdEncoder& operator=(ZstdEncoder&&) noexcept = default;

  // As Encoder's.
  void write(ByteView piece, Bytes& to);
  void finish(Bytes& to);

 private:
  ZstdStates* states_;
  ZstdState state_;
};

}  // namespace railgun::coding
