// Codes stretches of a page as deflate blocks (RFC 1951) that end on a byte, so that stretches coded at different times
// can be put one after the other. On zlib.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "railgund/base/bytes.h"
#include "railgund/coding/segment_cache.h"

namespace railgun::coding {

// One state of zlib, about 270 KB, shared by all answers of a worker.
class DeflateSegments {
 public:
  explicit DeflateSegments(int level);  // 1 to 9
  ~DeflateSegments();
  DeflateSegments(DeflateSegments&&) noexcept;
  DeflateSegments& operator=(DeflateSegments&&) noexcept;

  // Where a text stands: `page` tells the pages under way apart and is not 0, `offset` is in that page.
  struct Place {
    std::uint64_t page = 0;
    std::uint64_t offset = 0;
    bool operator==(const Place&) const = default;
  };

  // Appends blocks for `text`, which follows `context` in its page; the last one is not the final one. It is quickest
  // if the call before coded the text that ends at `place`.
  void code(Place place, ByteView context, ByteView text, Bytes& to);

  // Which grains of its context a coded segment copies from. Empty if `coded` does not decode to `text_bytes` bytes.
  std::optional<Grains> grains_of(ByteView coded, std::size_t text_bytes);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace railgun::coding
