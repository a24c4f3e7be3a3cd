// The text of a window as the walker meets it: the encoder has it already, the decoder makes it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "railgund/base/bytes.h"

namespace railgun::delta {

class WindowReader {
 public:
  explicit WindowReader(ByteView window) : window_(window) {}
  std::size_t size() const { return done_; }
  // The next `count` bytes, a gap.
  const std::uint8_t* room(std::size_t count) {
    done_ += count;
    return window_.data() + done_ - count;
  }
  void copy(const std::uint8_t*, std::size_t count) { done_ += count; }

 private:
  ByteView window_;
  std::size_t done_ = 0;
};

class PageWriter {
 public:
  // Appends to `page`, which outlives the writer.
  explicit PageWriter(Bytes& page) : page_(page), start_(page.size()) {}
  std::size_t size() const { return page_.size() - start_; }
  // Room for the next `count` bytes, valid until the next call.
  std::uint8_t* room(std::size_t count) {
    page_.resize(page_.size() + count);
    return page_.data() + page_.size() - count;
  }
  void copy(const std::uint8_t* from, std::size_t count) { page_.insert(page_.end(), from, from + count); }

 private:
  Bytes& page_;
  std::size_t start_;
};

}  // namespace railgun::delta
