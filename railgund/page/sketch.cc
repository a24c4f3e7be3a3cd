#include "railgund/page/sketch.h"

#include <algorithm>
#include <cstring>

namespace railgun::page {
namespace {

// Bytes hashed behind each place that is chosen.
constexpr std::size_t kStretch = 16;
// Places are looked for in blocks of so many, without a branch in between.
constexpr std::size_t kBlock = 64;

std::uint64_t load(const std::uint8_t* from) {
  std::uint64_t word;
  std::memcpy(&word, from, sizeof word);
  return word;
}

std::uint64_t hash_of(const std::uint8_t* at) {
  std::uint64_t hash = (load(at) ^ 0x9e3779b97f4a7c15ULL) * 0xff51afd7ed558ccdULL;
  hash ^= hash >> 32;
  hash = (hash ^ load(at + 8)) * 0xc4ceb9fe1a85ec53ULL;
  return hash ^ hash >> 29;
}

// Marks the places of a block whose three next bytes say so: one in 32, whatever the text is.
bool mark(const std::uint8_t* at, std::array<std::uint8_t, kBlock>& marks) {
  std::uint8_t any = 0;
  for (std::size_t i = 0; i < kBlock; ++i) {
    const auto twice = static_cast<std::uint8_t>(at[i + 1] + at[i + 1]);
    const auto four = static_cast<std::uint8_t>(at[i + 2] + at[i + 2]);
    const auto sum = static_cast<std::uint8_t>(at[i] + twice + four + four);
    marks[i] = (sum & 31) == 13 ? 1 : 0;
    any |= marks[i];
  }
  return any != 0;
}

}  // namespace

Sketch::Sketch(ByteView text) {
  smallest_.fill(kNone);
  const std::size_t size = std::min(text.size(), kTextBytes);
  const auto take = [&](std::size_t at) {
    const std::uint64_t hash = hash_of(text.data() + at);
    std::uint32_t& place = smallest_[hash >> 58];
    place = std::min(place, static_cast<std::uint32_t>(hash));
  };
  std::array<std::uint8_t, kBlock> marks{};
  std::size_t at = 0;
  for (; at + kBlock + kStretch <= size; at += kBlock) {
    if (!mark(text.data() + at, marks)) continue;
    for (std::size_t i = 0; i < kBlock; i += 8) {
      if (load(marks.data() + i) == 0) continue;
      for (std::size_t k = i; k < i + 8; ++k) {
        if (marks[k] != 0) take(at + k);
      }
    }
  }
}

unsigned Sketch::likeness(const Sketch& other) const {
  unsigned equal = 0;
  for (std::size_t i = 0; i < kPlaces; ++i)
    equal += smallest_[i] == other.smallest_[i] && smallest_[i] != kNone ? 1 : 0;
  return equal;
}

std::vector<std::uint64_t> Sketch::samples() const {
  std::vector<std::uint64_t> all;
  all.reserve(kPlaces);
  for (std::size_t i = 0; i < kPlaces; ++i) {
    // By the hash, and then the place.
    if (smallest_[i] != kNone) all.push_back(std::uint64_t{smallest_[i]} << 8 | i);
  }
  const std::size_t most = std::min(kSamples, all.size());
  std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(most), all.end());
  all.resize(most);
  return all;
}

bool is_plainly_alike(ByteView text, ByteView reference) {
  constexpr std::size_t kSamples = 16;
  constexpr std::size_t kMostUnlike = 3;
  constexpr std::size_t kLeast = 4096;
  const std::size_t size = std::min(text.size(), reference.size());
  if (size < kLeast) return false;
  std::size_t unlike = 0;
  for (std::size_t i = 0; i < kSamples; ++i) {
    const std::size_t at = (size - sizeof(std::uint64_t)) * i / (kSamples - 1);
    unlike += load(text.data() + at) == load(reference.data() + at) ? 0 : 1;
  }
  return unlike <= kMostUnlike;
}

}  // namespace railgun::page
