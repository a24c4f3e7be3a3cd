#include "railgund/config/value.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>
#include <vector>

#include <arpa/inet.h>

#include "railgund/base/field.h"
#include "railgund/base/text.h"

namespace railgun::config {
namespace {

struct Unit {
  std::string_view suffix;
  Duration length;
};
using std::chrono::duration_cast;
constexpr std::array<Unit, 5> kUnits{{{"us", std::chrono::microseconds(1)},
                                      {"ms", std::chrono::milliseconds(1)},
                                      {"s", std::chrono::seconds(1)},
                                      {"m", std::chrono::minutes(1)},
                                      {"h", std::chrono::hours(1)}}};

std::string range_text(std::uint64_t least, std::uint64_t most) {
  if (most == kNoMost) return least == 0 ? "" : " of at least " + std::to_string(least);
  return " from " + std::to_string(least) + " to " + std::to_string(most);
}

// The digits at the front of `text`, taken off it. Nothing if there are none or too many.
bool take_digits(std::string_view& text, std::uint64_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

// Sixteen bytes; IPv4 in its mapped form, ::ffff:a.b.c.d.
using AddressBytes = std::array<std::uint8_t, 16>;

std::optional<AddressBytes> parse_address(std::string_view text) {
  if (text.size() >= INET6_ADDRSTRLEN || text.find('\0') != std::string_view::npos) return std::nullopt;
  const std::string terminated(text);
  AddressBytes bytes{};
  if (inet_pton(AF_INET6, terminated.c_str(), bytes.data()) == 1) return bytes;
  bytes[10] = bytes[11] = 0xff;
  if (inet_pton(AF_INET, terminated.c_str(), bytes.data() + 12) == 1) return bytes;
  return std::nullopt;
}

}  // namespace

Error unexpected_value(std::string_view expected, std::string_view text) {
  std::string line = "expected ";
  line += expected;
  line += text.empty() ? ", not nothing" : ", not '" + std::string(text) + "'";
  if (text.find(" #") != std::string_view::npos) line += " (a comment needs a line of its own)";
  return Error{Errc::kInvalid, std::move(line)};
}

Result<std::uint64_t> parse_number(std::string_view text, std::uint64_t least, std::uint64_t most) {
  std::uint64_t number = 0;
  std::string_view rest = text;
  if (!take_digits(rest, number) || !rest.empty() || number < least || number > most) {
    return std::unexpected(unexpected_value("a number" + range_text(least, most), text));
  }
  return number;
}

Result<bool> parse_boolean(std::string_view text) {
  for (const std::string_view word : {"1", "true", "yes", "on"}) {
    if (same_name(text, word)) return true;
  }
  for (const std::string_view word : {"0", "false", "no", "off"}) {
    if (same_name(text, word)) return false;
  }
  return std::unexpected(unexpected_value("0 or 1 (or no, yes, off, on, false, true)", text));
}

Result<std::uint64_t> parse_bytes(std::string_view text, std::uint64_t least, std::uint64_t most) {
  std::uint64_t number = 0;
  std::string_view rest = text;
  bool good = take_digits(rest, number);
  const std::string suffix = lower_ascii(trim(rest));
  int shift = 0;
  if (suffix == "k" || suffix == "kb" || suffix == "kib") {
    shift = 10;
  } else if (suffix == "m" || suffix == "mb" || suffix == "mib") {
    shift = 20;
  } else if (suffix == "g" || suffix == "gb" || suffix == "gib") {
    shift = 30;
  } else {
    good = good && (suffix.empty() || suffix == "b");
  }
  good = good && number <= (kNoMost >> shift);
  if (good) number <<= shift;
  if (!good || number < least || number > most) {
    std::string expected = "a number of bytes, such as 65536, 64K, 8M or 1G";
    if (least > 0 && most != kNoMost) {
      expected += ", from " + bytes_text(least) + " to " + bytes_text(most);
    } else if (least > 0) {
      expected += ", at least " + bytes_text(least);
    } else if (most != kNoMost) {
      expected += ", at most " + bytes_text(most);
    }
    return std::unexpected(unexpected_value(expected, text));
  }
  return number;
}

std::string bytes_text(std::uint64_t bytes) {
  for (const auto& [shift, suffix] : {std::pair{30, 'G'}, std::pair{20, 'M'}, std::pair{10, 'K'}}) {
    if (bytes != 0 && bytes % (std::uint64_t{1} << shift) == 0) return std::to_string(bytes >> shift) + suffix;
  }
  return std::to_string(bytes);
}

Result<Duration> parse_duration(std::string_view text, Duration unit, std::uint64_t least, std::uint64_t most) {
  std::uint64_t number = 0;
  std::string_view rest = text;
  bool good = take_digits(rest, number);
  const std::string suffix = lower_ascii(trim(rest));
  Duration length = unit;
  if (!suffix.empty()) {
    const auto* found =
        std::find_if(kUnits.begin(), kUnits.end(), [&](const Unit& known) { return known.suffix == suffix; });
    good = good && found != kUnits.end();
    if (found != kUnits.end()) length = found->length;
  }
  good = good && number <= static_cast<std::uint64_t>(Duration::max().count() / length.count());
  const Duration duration = good ? Duration(static_cast<Duration::rep>(number) * length.count()) : Duration::zero();
  // In the key's own unit, so that bounds mean what the table says; a rest counts as one more.
  const std::uint64_t whole = static_cast<std::uint64_t>(duration / unit);
  const bool more = duration % unit != Duration::zero();
  if (!good || (whole < least) || whole > most || (whole == most && more)) {
    return std::unexpected(unexpected_value("a number of " + std::string(unit_name(unit)) + range_text(least, most) +
                                                ", or with us, ms, s, m or h behind it",
                                            text));
  }
  return duration;
}

std::string duration_text(Duration duration, Duration unit) {
  if (duration % unit == Duration::zero()) return std::to_string(duration / unit);
  // The largest unit that loses nothing.
  for (auto known = kUnits.rbegin(); known != kUnits.rend(); ++known) {
    if (duration % known->length == Duration::zero()) {
      return std::to_string(duration / known->length) + std::string(known->suffix);
    }
  }
  return std::to_string(duration_cast<std::chrono::microseconds>(duration).count()) + "us";
}

std::string_view unit_name(Duration unit) {
  constexpr std::array<std::string_view, kUnits.size()> kNames{"microseconds", "milliseconds", "seconds", "minutes",
                                                               "hours"};
  for (std::size_t i = 0; i < kUnits.size(); ++i) {
    if (kUnits[i].length == unit) return kNames[i];
  }
  return "units";
}

bool is_address(std::string_view text) { return parse_address(text).has_value(); }

std::string network_of(std::string_view address) {
  constexpr std::size_t kHostBytes = 8;
  const auto bytes = parse_address(address.substr(0, address.find('%')));
  if (!bytes) return std::string(address);
  const std::string key(bytes->begin(), bytes->end());
  return address.find(':') != std::string_view::npos && !is_in_network(address, "::ffff:0:0/96")
             ? key.substr(0, kHostBytes)
             : key;
}

bool is_in_network(std::string_view address, std::string_view network) {
  const std::size_t slash = network.find('/');
  const auto wanted = parse_address(network.substr(0, slash));
  const auto given = parse_address(address.substr(0, address.find('%')));
  if (!wanted || !given) return false;
  std::size_t bits = 128;
  if (slash != std::string_view::npos) {
    const bool is_short = network.find(':') == std::string_view::npos;
    const auto length = parse_number(network.substr(slash + 1), 0, is_short ? 32 : 128);
    if (!length) return false;
    bits = *length + (is_short ? 96 : 0);
  }
  for (std::size_t i = 0; i < given->size() && 8 * i < bits; ++i) {
    const std::size_t spare = bits - 8 * i < 8 ? 8 - (bits - 8 * i) : 0;
    if (((*wanted)[i] ^ (*given)[i]) >> spare != 0) return false;
  }
  return true;
}

}  // namespace railgun::config
