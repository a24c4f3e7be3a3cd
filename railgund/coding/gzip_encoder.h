// Gzip (RFC 1952) for answers, at the price of what has changed in them. A page is cut into chunks by its content.
// Chunks that were in an earlier page are coded in segments and kept; when they come again, the coded segment is
// copied if the text that it copies from is the same, too. Chunks that are new are coded and not kept.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>

#include "railgund/base/bytes.h"
#include "railgund/coding/deflate_segments.h"
#include "railgund/coding/segment_cache.h"
#include "railgund/coding/segments.h"

namespace railgun::coding {

// What the answers of one worker share.
struct GzipShop {
  // `key`: random, so that nobody can write a page whose chunks are taken for those of another. `limit_bytes`: of coded
  // segments.
  GzipShop(int level, std::size_t limit_bytes, ByteView key);

  DeflateSegments deflate;
  SegmentCache cache;
  SeenChunks seen;
  KeyedHash hash;
  std::uint64_t pages = 0;  // begun so far
};

class GzipEncoder {
 public:
  explicit GzipEncoder(std::shared_ptr<GzipShop> shop);

  // Appends the coded piece to `to`, as far as a decoder can use it at once: each piece ends on a byte. Holds the last
  // 64 KB of the page at most between calls.
  void write(ByteView piece, Bytes& to);
  // Nothing follows.
  void finish(Bytes& to);

 private:
  struct Run {
    std::size_t begin = 0;  // in text_
    std::size_t end = 0;
    bool is_known = false;
    Bytes ids = {};  // of its chunks
  };

  void begin(Bytes& to);
  void forget_old_text();
  void code_run(const Run& run, Bytes& to);
  void code_known(const Run& run, Bytes& to);
  void add_crc(std::uint32_t crc, std::size_t bytes);
  Id128 grains_hash(const Grains& grains, std::size_t end) const;
  Id128 context_before(std::size_t place) const;

  std::shared_ptr<GzipShop> shop_;
  std::uint64_t page_;
  bool begun_ = false;
  Bytes text_;  // the context and the piece being coded
  struct KnownChunk {
    Id128 id;
    std::size_t bytes;
  };
  std::deque<KnownChunk> chunks_;  // of the context, oldest first
  std::size_t chunks_bytes_ = 0;
  std::uint32_t crc_ = 0;
  std::uint64_t length_ = 0;
};

}  // namespace railgun::coding
