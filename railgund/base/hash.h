// Hashes: XXH3 of the xxHash library (https://github.com/Cyan4973/xxHash, doc/xxhash_spec.md).
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "railgund/base/bytes.h"

namespace railgun {

// A 128-bit name, printed as 32 hex digits.
struct Id128 {
  std::array<std::uint8_t, 16> bytes{};
  auto operator<=>(const Id128&) const = default;
};
std::string to_hex(const Id128& id);
std::optional<Id128> id128_from(ByteView sixteen_bytes);

// Detects accidents, not attacks: anyone can make two inputs of one hash.
std::uint64_t hash64(ByteView bytes, std::uint64_t seed = 0);
Id128 hash128(ByteView bytes);

// A hash under a key. Without the key nobody can look for two inputs of one hash ahead of time (doc/PROTOCOL.md,
// "Reference ids"). The key is 32 bytes; the 192-byte secret that XXH3 wants is drawn from it once.
class KeyedHash {
 public:
  explicit KeyedHash(ByteView key);
  Id128 operator()(ByteView bytes) const;

 private:
  std::array<std::uint8_t, 192> secret_;
};

}  // namespace railgun

template <>
struct std::hash<railgun::Id128> {
  std::size_t operator()(const railgun::Id128& id) const noexcept {
    std::size_t first = 0;
    static_assert(sizeof first <= sizeof id.bytes);
    __builtin_memcpy(&first, id.bytes.data(), sizeof first);
    return first;
  }
};
