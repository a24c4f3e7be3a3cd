// The Cf-Railgun header: how an answer came, in the form that users of the original and their tools know.
//
// clang-format off
//   151df128a1 2.05 0.009465 0031 5360      a delta: id, percent of the page sent, seconds at the origin, flags, version
//   151df128a1 stream 0.009465 0001 5360    passed whole
//   151df128a1 normal 0.009465 0000 5360    passed whole because of an error
//   direct (starting new WAN connection)    not through the pair at all
// clang-format on
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "railgund/base/result.h"

namespace railgun::proxy {

// The id that stands for a sender's request in the header and in crash reports. Arithmetic alone.
std::array<char, 10> request_id(std::uint64_t number) noexcept;

enum class Passage : std::uint8_t { kDelta, kStream, kNormal, kDirect };

// Bits of the flags field, written as four hex digits.
enum CfRailgunFlag : std::uint16_t {
  kOriginMapped = 0x01,     // the map file changed the origin's address
  kOriginDefault = 0x02,    // it was the map file's `default`
  kHostChanged = 0x04,      // the origin was asked under another host name
  kOriginReused = 0x08,     // over a connection that was open already
  kReferenceNamed = 0x10,   // the sender named a reference
  kReferenceFound = 0x20,   // the listener had it
  kOriginRestarted = 0x40,  // a broken origin connection was replaced and the request repeated
};

struct CfRailgun {
  Passage passage = Passage::kStream;
  std::string id{};                    // ten hex digits; empty for kDirect
  std::uint32_t ratio_hundredths = 0;  // kDelta: 205 is 2.05 % of the page; at most 9,999,999
  std::chrono::microseconds origin_time{};
  std::uint16_t flags = 0;  // unknown bits are kept
  std::string version{};    // four hex digits of the listener's build
  std::string reason{};     // kDirect: why

  bool operator==(const CfRailgun&) const = default;
};

// The ratio as strangers see it: rounded up to 0.1, 0.2, 0.5, 1, 2, 5, … percent. Exact sizes of what a page differs in
// tell about the page (doc/SECURITY.md, "What a length tells").
std::uint32_t coarse_ratio(std::uint32_t ratio_hundredths);

// The header's value. What is out of bounds is cut to them; a reason loses what may not stand in a header.
std::string format_cf_railgun(const CfRailgun& value);

// Errors: kMalformed, saying what was expected. Takes `normal FLAGS ? VERSION` too, a form seen of the original.
Result<CfRailgun> parse_cf_railgun(std::string_view text);
// One to four hex digits.
Result<std::uint16_t> parse_cf_railgun_flags(std::string_view text);

// The known bits, lowest first, in words.
struct FlagMeaning {
  std::uint16_t bit;
  const char* meaning;
};
std::span<const FlagMeaning> flag_meanings();

}  // namespace railgun::proxy
