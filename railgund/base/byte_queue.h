// A first-in, first-out buffer of bytes. Holds no memory while empty, so an idle connection costs nothing. It has no
// limit of its own: its owner states one and checks size() before it appends.
#pragma once

#include <algorithm>

#include "railgund/base/bytes.h"

namespace railgun {

class ByteQueue {
 public:
  std::size_t size() const { return bytes_.size() - start_; }
  bool empty() const { return size() == 0; }

  void append(ByteView bytes) {
    if (start_ > 0 && start_ >= bytes_.size() / 2) compact();
    // Not twice the memory, as a vector takes: what is held for many who are slow is what counts here.
    const std::size_t needed = bytes_.size() + bytes.size();
    if (needed > bytes_.capacity()) bytes_.reserve(needed + needed / 4);
    railgun::append(bytes_, bytes);
  }
  void append(Bytes&& bytes) {
    if (empty()) {
      bytes_ = std::move(bytes);
      start_ = 0;
    } else {
      append(ByteView(bytes));
    }
  }

  // All that is held, valid until the next call that is not const.
  ByteView view() const { return ByteView(bytes_).subspan(start_); }

  // Drops `count` bytes (at most size()) from the front.
  void consume(std::size_t count) {
    start_ += std::min(count, size());
    if (start_ == bytes_.size()) clear();
  }

  // Gives back what memory is not needed for the bytes that are held, if that is more than they are. For an owner that
  // cannot pass them on now.
  void trim() {
    if (empty() || bytes_.capacity() < 2 * size()) return;
    bytes_ = to_bytes(view());
    start_ = 0;
  }

  // Takes up to `most` bytes off the front and appends them to `to`; says how many.
  std::size_t take(Bytes& to, std::size_t most) {
    const std::size_t count = std::min(most, size());
    railgun::append(to, view().first(count));
    consume(count);
    return count;
  }

  // Takes everything.
  Bytes take_all() {
    if (start_ > 0) compact();
    Bytes all = std::move(bytes_);
    clear();
    return all;
  }

  void clear() {
    bytes_ = Bytes{};
    start_ = 0;
  }

 private:
  void compact() {
    bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(start_));
    start_ = 0;
  }

  Bytes bytes_;
  std::size_t start_ = 0;
};

}  // namespace railgun
