// The text of the gaps so far and of the old page around them, and where it went on after the same five bytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "railgund/base/bytes.h"

namespace railgun::delta {

class GapHistory {
 public:
  GapHistory() : text_(std::make_unique_for_overwrite<std::uint8_t[]>(kSize)) {
    places_.fill(0);
    // Place 0 holds no text, but find() compares with what stands before place 1: both ends must see the same there.
    text_[0] = 0;
  }

  static constexpr unsigned kOrder = 5;

  void push(std::uint8_t byte, std::uint64_t recent) {
    push_unindexed(byte);
    enter(recent);
  }
  void push_unindexed(std::uint8_t byte) {
    text_[end_ & kMask] = byte;
    ++end_;
  }
  // Makes the place behind the latest byte findable. `recent`: the last eight bytes, that byte lowest.
  void enter(std::uint64_t recent) { places_[slot(recent)] = end_; }

  // The place behind the last occurrence of the text that ends the history, and how long the two are equal backwards;
  // place 0: none. Looked up before the latest byte's own place is entered.
  struct Found {
    std::uint32_t place = 0;
    unsigned length = 0;
  };
  Found find(std::uint64_t recent) const {
    const std::uint32_t place = places_[slot(recent)];
    if (place == 0 || end_ - place >= kSize - kLongest) return {};
    unsigned length = 0;
    while (length < kLongest && place > length &&
           text_[(place - 1 - length) & kMask] == text_[(end_ - 1 - length) & kMask])
      ++length;
    if (length < kShortest) return {};
    return {place, length};
  }

  std::uint8_t at(std::uint32_t place) const { return text_[place & kMask]; }
  std::uint32_t end() const { return end_; }

 private:
  static constexpr std::uint32_t kSize = 1 << 16;
  static constexpr std::uint32_t kMask = kSize - 1;
  static constexpr unsigned kSlotBits = 12;
  static constexpr unsigned kShortest = 4;
  static constexpr unsigned kLongest = 32;

  static std::size_t slot(std::uint64_t recent) {
    return static_cast<std::size_t>((recent << (64 - 8 * kOrder)) * 0x9e3779b97f4a7c15ULL >> (64 - kSlotBits));
  }

  std::unique_ptr<std::uint8_t[]> text_;
  // Place 0 means none, so the history begins at 1.
  std::uint32_t end_ = 1;
  std::array<std::uint32_t, 1 << kSlotBits> places_;
};

}  // namespace railgun::delta
