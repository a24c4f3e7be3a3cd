// The values of settings as people write them, and back. What a writer makes, the reader takes.
// Errors are kInvalid; their texts say what was expected ("a number from 1 to 65535, not 'x'").
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "railgund/base/result.h"
#include "railgund/base/time.h"

namespace railgun::config {

inline constexpr std::uint64_t kNoMost = std::numeric_limits<std::int64_t>::max();

// "expected `expected`, not 'text'", with a hint where the text carries a comment.
Error unexpected_value(std::string_view expected, std::string_view text);

Result<std::uint64_t> parse_number(std::string_view text, std::uint64_t least, std::uint64_t most);

// 0 and 1; also true, false, yes, no, on, off in any case.
Result<bool> parse_boolean(std::string_view text);

// A number of bytes, with K, M or G for powers of 1024 (also KB, KiB, …, in any case).
Result<std::uint64_t> parse_bytes(std::string_view text, std::uint64_t least, std::uint64_t most);
std::string bytes_text(std::uint64_t bytes);

// A plain number counts in `unit`; us, ms, s, m and h say their own. `least` and `most` count in `unit` too.
Result<Duration> parse_duration(std::string_view text, Duration unit, std::uint64_t least, std::uint64_t most);
std::string duration_text(Duration duration, Duration unit);
// "seconds", …: for people.
std::string_view unit_name(Duration unit);

// What is between the words of a list.
inline constexpr std::string_view kBetweenWords = " \t,";

// Whether the text is an IPv4 or IPv6 address.
bool is_address(std::string_view text);
// `network`: an address, or one and the bits that count: "10.0.0.0/8". An IPv4 address and its form in IPv6
// (::ffff:10.0.0.1) are the same, and the zone of `address` does not matter (fe80::1%2). False if either cannot be read.
bool is_in_network(std::string_view address, std::string_view network);
// What the addresses of one visitor have in common, as a key: an IPv4 address, or the first 64 bits of an IPv6 address,
// as most visitors have all the addresses with these. The text itself if it is no address.
std::string network_of(std::string_view address);

}  // namespace railgun::config
