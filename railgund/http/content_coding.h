// Content codings at the pair's two ends: undone for origins that compress although asked for identity, done again for
// clients that want it. On zlib, which only content_coding.cc knows.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "railgund/base/bytes.h"
#include "railgund/base/field.h"
#include "railgund/base/result.h"

namespace railgun::http {

// What a decoder puts up with, so that a small body cannot become an endless one. One piece of input never gives more
// than 1,032 times its size: that is as far as deflate goes.
struct DecoderLimits {
  std::uint64_t most_bytes = UINT64_MAX;  // of all output
  std::uint64_t ratio = 300;              // output to input, once there are more than `free_bytes` of output
  std::uint64_t free_bytes = 16 * 1024 * 1024;
};

// Undoes gzip (RFC 1952, any number of members) or deflate (RFC 1950, or without its header, as some origins send it):
// the first bytes tell which.
class GzipDecoder {
 public:
  explicit GzipDecoder(DecoderLimits limits = {});
  ~GzipDecoder();
  GzipDecoder(GzipDecoder&&) noexcept;
  GzipDecoder& operator=(GzipDecoder&&) noexcept;

  // Errors: kMalformed for what is no such body, or one whose check is wrong; kTooLarge over a limit. After an error it
  // gives nothing more.
  Result<void> receive(ByteView bytes);
  // All output since the last call.
  Bytes take();
  // The body is complete: its end was seen and its check was right. What follows the last member is ignored. An empty
  // body is complete too: origins label it without looking.
  bool finished() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Gzip for clients, at zlib's level 1 to 9. Holds about 270 KB.
class GzipEncoder {
 public:
  explicit GzipEncoder(int level = 4);
  ~GzipEncoder();
  GzipEncoder(GzipEncoder&&) noexcept;
  GzipEncoder& operator=(GzipEncoder&&) noexcept;

  // Each appends to `to`. flush() makes all that was written readable, at some cost in size; nothing follows finish().
  void write(ByteView bytes, Bytes& to);
  void flush(Bytes& to);
  void finish(Bytes& to);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// What a client wants of the two codings we have, in thousandths of its q (RFC 9110 12.5.3); 0 is not acceptable.
struct CodingWishes {
  int identity = 1000;
  int gzip = 0;

  // Better than sending the page as it is.
  bool prefers_gzip() const { return gzip > 0 && gzip >= identity; }
  bool operator==(const CodingWishes&) const = default;
};

// From all Accept-Encoding fields. Without any, only identity is taken for acceptable: clients that say nothing seldom
// can undo a coding. Malformed elements are passed over.
CodingWishes read_accept_encoding(const Fields& fields);

}  // namespace railgun::http
