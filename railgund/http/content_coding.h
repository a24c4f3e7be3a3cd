// Undoes gzip and deflate for origins that compress although they were asked for identity. On zlib, which only
// content_coding.cc knows here. What visitors get is railgund/coding.
#pragma once

#include <cstdint>
#include <memory>

#include "railgund/base/bytes.h"
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

  // Errors: kMalformed for what is no such body; kTooLarge over a limit. After an error it gives nothing more.
  Result<void> receive(ByteView bytes);
  // All output since the last call.
  Bytes take();
  // The body is complete: its end was seen and its check was right. What follows the last member is ignored. An empty
  // body is complete too: origins label it without looking.
  bool finished() const;
  // All of the page is there, but the check behind it is missing, cut short or wrong: some applications write the header
  // of gzip around a body of deflate with its own check. Browsers show such a page.
  bool lacks_only_its_check() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace railgun::http
