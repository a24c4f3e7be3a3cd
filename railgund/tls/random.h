// Random bytes for keys, tokens and serial numbers, from OpenSSL's generator.
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace railgun::tls {

// Ends the process if the generator fails: there is no safe way on.
void fill_random(std::span<std::uint8_t> bytes);

template <std::size_t Size>
std::array<std::uint8_t, Size> random_bytes() {
  std::array<std::uint8_t, Size> bytes;
  fill_random(bytes);
  return bytes;
}

}  // namespace railgun::tls
