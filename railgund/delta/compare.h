// How far two stretches of memory are equal: what the parser does most.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace railgun::delta {

// Unaligned loads, the first byte lowest, on every machine.
inline std::uint64_t load64(const std::uint8_t* from) {
  std::uint64_t word;
  std::memcpy(&word, from, sizeof word);
  if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
  return word;
}

// Bytes equal from the front, at most `limit`. Uses the widest vectors the CPU has.
std::size_t long_common_prefix(const std::uint8_t* a, const std::uint8_t* b, std::size_t limit);
// Bytes equal from the back: `a` and `b` point behind their stretches.
std::size_t long_common_suffix(const std::uint8_t* a, const std::uint8_t* b, std::size_t limit);

// The same for stretches that mostly differ soon.
inline std::size_t common_prefix(const std::uint8_t* a, const std::uint8_t* b, std::size_t limit) {
  std::size_t count = 0;
  while (count + 8 <= limit) {
    const std::uint64_t differ = load64(a + count) ^ load64(b + count);
    if (differ != 0) return count + static_cast<std::size_t>(std::countr_zero(differ)) / 8;
    count += 8;
    if (count == 32) return count + long_common_prefix(a + count, b + count, limit - count);
  }
  while (count < limit && a[count] == b[count]) ++count;
  return count;
}
inline std::size_t common_suffix(const std::uint8_t* a, const std::uint8_t* b, std::size_t limit) {
  std::size_t count = 0;
  while (count + 8 <= limit) {
    const std::uint64_t differ = load64(a - count - 8) ^ load64(b - count - 8);
    if (differ != 0) return count + static_cast<std::size_t>(std::countl_zero(differ)) / 8;
    count += 8;
    if (count == 32) return count + long_common_suffix(a - count, b - count, limit - count);
  }
  while (count < limit && *(a - count - 1) == *(b - count - 1)) ++count;
  return count;
}

}  // namespace railgun::delta
