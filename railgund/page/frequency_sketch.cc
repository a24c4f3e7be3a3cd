#include "railgund/page/frequency_sketch.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace railgun::page {
namespace {

constexpr std::size_t kRows = 4;
constexpr std::uint8_t kMost = 15;
// Halved when as many were counted as this times the width: the sample of the paper's "reset".
constexpr std::size_t kSample = 10;

// Ids are hashes already: each quarter chooses the counter of one row.
std::array<std::uint32_t, kRows> places(const Id128& page) {
  std::array<std::uint32_t, kRows> quarters{};
  static_assert(sizeof quarters == sizeof page.bytes);
  std::memcpy(quarters.data(), page.bytes.data(), sizeof quarters);
  return quarters;
}

}  // namespace

FrequencySketch::FrequencySketch(std::size_t pages)
    : width_(std::bit_ceil(std::clamp<std::size_t>(pages, 1024, 1 << 20))),
      counters_(std::make_unique<std::atomic<std::uint8_t>[]>(width_ * kRows)) {}

void FrequencySketch::count(const Id128& page) {
  const auto quarters = places(page);
  for (std::size_t row = 0; row < kRows; ++row) {
    std::atomic<std::uint8_t>& counter = counters_[row * width_ + (quarters[row] & (width_ - 1))];
    const std::uint8_t value = counter.load(std::memory_order_relaxed);
    if (value < kMost) counter.store(value + 1, std::memory_order_relaxed);
  }
  // Exactly one caller sees the last count of a sample.
  if (counted_.fetch_add(1, std::memory_order_relaxed) + 1 == width_ * kSample) halve();
}

unsigned FrequencySketch::estimate(const Id128& page) const {
  const auto quarters = places(page);
  unsigned least = kMost;
  for (std::size_t row = 0; row < kRows; ++row) {
    least = std::min<unsigned>(
        least, counters_[row * width_ + (quarters[row] & (width_ - 1))].load(std::memory_order_relaxed));
  }
  return least;
}

std::size_t FrequencySketch::memory_bytes() const { return width_ * kRows * sizeof counters_[0]; }

void FrequencySketch::halve() {
  for (std::size_t i = 0; i < width_ * kRows; ++i) {
    counters_[i].store(counters_[i].load(std::memory_order_relaxed) / 2, std::memory_order_relaxed);
  }
  counted_.store(0, std::memory_order_relaxed);
}

}  // namespace railgun::page
