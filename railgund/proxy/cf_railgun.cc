#include "railgund/proxy/cf_railgun.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include "railgund/base/hash.h"
#include "railgund/base/text.h"

namespace railgun::proxy {
namespace {

constexpr std::size_t kMaxHeaderBytes = 512;
constexpr std::size_t kMaxReasonBytes = 200;
constexpr std::size_t kIdDigits = 10;
constexpr std::size_t kVersionDigits = 4;
constexpr std::uint32_t kMaxRatioHundredths = 9'999'999;
constexpr std::chrono::microseconds kMaxTime = std::chrono::hours(24);

constexpr std::array<FlagMeaning, 7> kMeanings = {{
    {kOriginMapped, "the map file changed the origin's address"},
    {kOriginDefault, "the map file's default was used"},
    {kHostChanged, "the host name was changed"},
    {kOriginReused, "an open origin connection was reused"},
    {kReferenceNamed, "the sender named a reference"},
    {kReferenceFound, "the listener had that reference"},
    {kOriginRestarted, "a broken origin connection was restarted"},
}};

bool is_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

std::string pad_left(std::string text, std::size_t width) {
  if (text.size() < width) text.insert(0, width - text.size(), '0');
  return text;
}

// "W.FFF" with exactly `decimals` digits after the point.
std::string format_fixed(std::uint64_t scaled, std::size_t decimals) {
  std::string text = pad_left(std::to_string(scaled), decimals + 1);
  text.insert(text.size() - decimals, ".");
  return text;
}

// Reads a decimal number with at most `decimals` digits after the point, as a multiple of its last place.
// Errors: kMalformed if it is not that, or over `most`.
Result<std::uint64_t> parse_fixed(std::string_view text, std::size_t decimals, std::uint64_t most, const char* what) {
  const auto bad = [&] {
    return fail(Errc::kMalformed, std::string("Cf-Railgun: ") + what + " is not a number in bounds");
  };
  const std::size_t point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  if (!is_digits(whole) || whole.size() > 12) return bad();
  std::string_view fraction;
  if (point != std::string_view::npos) {
    fraction = text.substr(point + 1);
    if (!is_digits(fraction) || fraction.size() > decimals) return bad();
  }
  std::string digits(whole);
  digits += fraction;
  digits.append(decimals - fraction.size(), '0');
  std::uint64_t value = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (read.ec != std::errc{} || value > most) return bad();
  return value;
}

std::string format_hex(std::uint16_t value) {
  char digits[4];
  const auto end = std::to_chars(digits, digits + sizeof digits, value, 16).ptr;
  return pad_left(std::string(digits, end), 4);
}

std::string hex_or_zeros(std::string_view text, std::size_t width) {
  if (!is_hex(text)) return std::string(width, '0');
  return pad_left(std::string(text.substr(0, width)), width);
}

std::string clean_reason(std::string_view reason) {
  std::string text(reason.substr(0, kMaxReasonBytes));
  std::erase_if(text, [](char c) { return c < 0x20 || c > 0x7e || c == '(' || c == ')'; });
  return text;
}

// `text` starts with "direct" and has no space at its ends.
Result<CfRailgun> parse_direct(std::string_view text) {
  constexpr std::size_t kWord = std::string_view("direct").size();
  const std::size_t open = text.find('(');
  if (open == std::string_view::npos || text.back() != ')' || !trim(text.substr(kWord, open - kWord)).empty()) {
    return fail(Errc::kMalformed, "Cf-Railgun: expected 'direct (reason)'");
  }
  const std::string_view reason = text.substr(open + 1, text.size() - open - 2);
  if (reason.empty() || clean_reason(reason) != reason) {
    return fail(Errc::kMalformed, "Cf-Railgun: the reason after 'direct' is empty, too long or unprintable");
  }
  return CfRailgun{.passage = Passage::kDirect, .reason = std::string(reason)};
}

Result<std::string> parse_version(std::string_view text) {
  if (!is_hex(text) || text.size() > kIdDigits) {
    return fail(Errc::kMalformed, "Cf-Railgun: the version is not hex digits");
  }
  return std::string(text);
}

// `normal FLAGS ? VERSION`
Result<CfRailgun> parse_old_normal(const std::vector<std::string_view>& words) {
  if (words.size() != 4) return fail(Errc::kMalformed, "Cf-Railgun: expected 'normal FLAGS ? VERSION'");
  const auto flags = parse_cf_railgun_flags(words[1]);
  const auto version = parse_version(words[3]);
  if (!flags) return std::unexpected(flags.error());
  if (!version) return std::unexpected(version.error());
  return CfRailgun{.passage = Passage::kNormal, .flags = *flags, .version = *version};
}

// `ID RATIO TIME FLAGS VERSION`
Result<CfRailgun> parse_five(const std::vector<std::string_view>& words) {
  if (words.size() != 5) return fail(Errc::kMalformed, "Cf-Railgun: expected 'id ratio time flags version'");
  if (!is_hex(words[0]) || words[0].size() != kIdDigits) {
    return fail(Errc::kMalformed, "Cf-Railgun: the id is not ten hex digits");
  }
  const auto time = parse_fixed(words[2], 6, static_cast<std::uint64_t>(kMaxTime.count()), "the time");
  const auto flags = parse_cf_railgun_flags(words[3]);
  const auto version = parse_version(words[4]);
  if (!time) return std::unexpected(time.error());
  if (!flags) return std::unexpected(flags.error());
  if (!version) return std::unexpected(version.error());

  CfRailgun value{.passage = Passage::kStream,
                  .id = std::string(words[0]),
                  .origin_time = std::chrono::microseconds(*time),
                  .flags = *flags,
                  .version = *version};
  if (words[1] == "stream") return value;
  if (words[1] == "normal") {
    value.passage = Passage::kNormal;
    return value;
  }
  const auto ratio = parse_fixed(words[1], 2, kMaxRatioHundredths, "the ratio");
  if (!ratio) return std::unexpected(ratio.error());
  value.passage = Passage::kDelta;
  value.ratio_hundredths = static_cast<std::uint32_t>(*ratio);
  return value;
}

}  // namespace

std::array<char, 10> request_id(std::uint64_t number) noexcept {
  std::array<std::uint8_t, 8> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(number >> (56 - 8 * i));
  const Id128 hash = hash128(bytes);
  std::array<char, 10> digits{};
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const std::uint8_t byte = hash.bytes[i / 2];
    digits[i] = "0123456789abcdef"[i % 2 == 0 ? byte >> 4 : byte & 15];
  }
  return digits;
}

std::uint32_t coarse_ratio(std::uint32_t ratio_hundredths) {
  for (std::uint32_t decade = 10; decade < kMaxRatioHundredths; decade *= 10) {
    for (const std::uint32_t step : {1U, 2U, 5U}) {
      if (ratio_hundredths <= step * decade) return step * decade;
    }
  }
  return kMaxRatioHundredths;
}

std::span<const FlagMeaning> flag_meanings() { return kMeanings; }

std::string format_cf_railgun(const CfRailgun& value) {
  std::string ratio = "stream";
  switch (value.passage) {
    case Passage::kDirect:
      return "direct (" + clean_reason(value.reason) + ")";
    case Passage::kDelta:
      ratio = format_fixed(std::min(value.ratio_hundredths, kMaxRatioHundredths), 2);
      break;
    case Passage::kNormal:
      ratio = "normal";
      break;
    case Passage::kStream:
      break;
  }
  const auto time = std::clamp(value.origin_time, std::chrono::microseconds(0), kMaxTime);
  return hex_or_zeros(value.id, kIdDigits) + ' ' + ratio + ' ' +
         format_fixed(static_cast<std::uint64_t>(time.count()), 6) + ' ' + format_hex(value.flags) + ' ' +
         hex_or_zeros(value.version, kVersionDigits);
}

Result<std::uint16_t> parse_cf_railgun_flags(std::string_view text) {
  if (!is_hex(text) || text.size() > 4) {
    return fail(Errc::kMalformed, "Cf-Railgun: flags are up to four hex digits, as 0031");
  }
  std::uint16_t flags = 0;
  std::from_chars(text.data(), text.data() + text.size(), flags, 16);
  return flags;
}

Result<CfRailgun> parse_cf_railgun(std::string_view text) {
  if (text.size() > kMaxHeaderBytes) return fail(Errc::kMalformed, "Cf-Railgun: longer than 512 bytes");
  text = trim(text);
  if (text.empty()) return fail(Errc::kMalformed, "Cf-Railgun: empty");
  if (text.starts_with("direct")) return parse_direct(text);
  const std::vector<std::string_view> words = split(text, " \t");
  return words[0] == "normal" ? parse_old_normal(words) : parse_five(words);
}

}  // namespace railgun::proxy
