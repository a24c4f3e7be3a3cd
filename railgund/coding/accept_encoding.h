// What a visitor's Accept-Encoding allows, and which coding it gets (RFC 9110 12.5.3).
#pragma once

#include <array>
#include <cstddef>
#include <span>

#include "railgund/base/field.h"
#include "railgund/coding/coding.h"

namespace railgun::coding {

// The weight of each coding in thousandths; 0 is not acceptable.
struct Wishes {
  std::array<int, kCodings.size()> weights = {1000, 0, 0, 0, 0};  // in the order of kCodings

  int of(Coding coding) const { return weights[static_cast<std::size_t>(coding)]; }
  bool refuses_identity() const { return of(Coding::kIdentity) == 0; }
  bool operator==(const Wishes&) const = default;
};

// Elements of all Accept-Encoding fields that are looked at; browsers send up to five.
inline constexpr std::size_t kMostWishes = 32;

// From all Accept-Encoding fields. Without one only identity is acceptable: clients that send none can seldom decode
// anything. Malformed elements, unknown codings and elements after the first kMostWishes are ignored.
Wishes read_accept_encoding(const Fields& fields);

// The acceptable coding with the highest weight; among equals the first in `preference`. Identity if no coding of
// `preference` is acceptable, also if the client refuses identity: an answer is better than none (RFC 9110 12.5.3).
Coding choose(const Wishes& wishes, std::span<const Coding> preference);

}  // namespace railgun::coding
