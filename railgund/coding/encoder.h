// The body of one answer in a coding, piece by piece. What coders share and what bounds their memory is the Workshop of
// a worker; an answer without a body coded costs nothing.
#pragma once

#include <cstddef>
#include <memory>
#include <variant>

#include "railgund/base/bytes.h"
#include "railgund/coding/brotli_encoder.h"
#include "railgund/coding/coding.h"
#include "railgund/coding/dcz_encoder.h"
#include "railgund/coding/gzip_encoder.h"
#include "railgund/coding/zstd_encoder.h"

namespace railgun::coding {

struct Levels {
  int gzip = 6;  // 1 to 9
  int br = 5;    // 0 to 11
  int zstd = 5;  // 1 to 19
  bool operator==(const Levels&) const = default;
};

class Encoder;

// Of one worker; outlives its encoders.
class Workshop {
 public:
  // zstd, dcz and br keep a state for each answer, 4 MB at most at their default levels. With so many under way further answers get gzip, which
  // keeps 64 KB.
  static constexpr std::size_t kMostStates = 32;

  // `cache_bytes`: of coded segments (gzip_encoder.h). `key`: random.
  Workshop(Levels levels, std::size_t cache_bytes, ByteView key);

  // What there is room for now: `coding`, or else gzip if the client takes it, or else identity.
  Coding available(Coding coding, bool takes_gzip) const;
  // For answers that begin from here on. Empties the cache if what is in it is of another gzip level.
  void set(Levels levels, std::size_t cache_bytes);

 private:
  friend class Encoder;
  struct Unclaim {
    void operator()(std::size_t* count) const { --*count; }
  };
  using Claim = std::unique_ptr<std::size_t, Unclaim>;

  std::shared_ptr<GzipShop> gzip();
  Claim claim();

  Levels levels_;
  std::size_t cache_bytes_;
  Bytes key_;
  std::shared_ptr<GzipShop> gzip_;  // made with the first answer that needs it; encoders under way keep theirs
  ZstdStates zstd_;
  std::size_t states_ = 0;  // of zstd, dcz and br, under way
};

class Encoder {
 public:
  // `coding`: not identity. `dictionary`: for dcz, otherwise null.
  Encoder(Coding coding, Workshop& workshop, dictionary::DictionaryPtr dictionary = nullptr);

  // Appends the coded piece to `to`, complete: a decoder that gets so far can give all of the piece.
  void write(ByteView piece, Bytes& to);
  // Appends what ends the body. Nothing follows.
  void finish(Bytes& to);

  Coding coding() const { return coding_; }

 private:
  Coding coding_;
  Workshop::Claim claim_;
  std::variant<std::monostate, GzipEncoder, BrotliEncoder, ZstdEncoder, DczEncoder> encoder_;
};

}  // namespace railgun::coding
