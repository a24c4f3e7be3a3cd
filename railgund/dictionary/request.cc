#include "railgund/dictionary/request.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "railgund/base/text.h"
#include "railgund/http/syntax.h"

namespace railgun::dictionary {
namespace {

constexpr unsigned kChromium = 130;
constexpr unsigned kFirefox = 161;
// Of a version: more digits are no version.
constexpr std::size_t kMostDigits = 5;

std::optional<unsigned> base64_digit(char c) {
  if (c >= 'A' && c <= 'Z') return static_cast<unsigned>(c - 'A');
  if (c >= 'a' && c <= 'z') return static_cast<unsigned>(c - 'a' + 26);
  if (http::is_digit(c)) return static_cast<unsigned>(c - '0' + 52);
  if (c == '+') return 62;
  if (c == '/') return 63;
  return std::nullopt;
}

// The version that `text` begins with.
unsigned read_version(std::string_view text) {
  unsigned version = 0;
  std::size_t count = 0;
  while (count < text.size() && http::is_digit(text[count])) {
    if (count == kMostDigits) return 0;
    version = version * 10 + static_cast<unsigned>(text[count++] - '0');
  }
  return version;
}

// The field's value if it comes once.
std::string_view only_value(const Fields& fields, std::string_view name) {
  return count_fields(fields, name) == 1 ? http::trim_blanks(field_value(fields, name)) : std::string_view{};
}

bool is_own_machine(std::string_view host) {
  if (host.starts_with('[')) return host.starts_with("[::1]");
  const std::string_view name = host.substr(0, host.find(':'));
  return name == "localhost" || name.ends_with(".localhost") || name == "127.0.0.1";
}

}  // namespace

std::optional<Hash> read_available_dictionary(const Fields& fields) {
  constexpr std::size_t kDigits = 43;  // 256 bits, 6 a digit; then "="
  std::string_view text = only_value(fields, "available-dictionary");
  if (text.size() != kDigits + 3 || text.front() != ':' || !text.ends_with("=:")) return std::nullopt;
  text = text.substr(1, kDigits);
  Hash hash{};
  std::uint32_t bits = 0;
  unsigned count = 0;
  std::size_t place = 0;
  for (const char c : text) {
    const auto digit = base64_digit(c);
    if (!digit) return std::nullopt;
    bits = bits << 6 | *digit;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    hash[place++] = static_cast<std::uint8_t>(bits >> count);
  }
  // The last digit has two bits more than there are.
  return (bits & 3) == 0 ? std::optional(hash) : std::nullopt;
}

bool is_own_reader(const Fields& fields) {
  if (only_value(fields, "sec-fetch-mode") == "navigate") return true;
  const std::string_view site = only_value(fields, "sec-fetch-site");
  return site == "same-origin" || site == "none";
}

std::string_view file_destination(const Fields& fields) {
  constexpr std::array<std::string_view, 2> kFiles = {"script", "style"};
  const auto found = std::ranges::find(kFiles, only_value(fields, "sec-fetch-dest"));
  return found == kFiles.end() ? std::string_view{} : *found;
}

bool is_document(const Fields& fields) { return only_value(fields, "sec-fetch-dest") == "document"; }

bool is_secure_context(const http::Request& request, bool is_from_trusted_proxy) {
  if (request.secure || is_own_machine(request.host)) return true;
  // Of several proxies in a row, each may have added its own word: the visitor's came first.
  const std::string_view scheme = field_value(request.fields, "x-forwarded-proto");
  return is_from_trusted_proxy && same_name(http::trim_blanks(scheme.substr(0, scheme.find(','))), "https");
}

unsigned chromium_version(const Fields& fields) {
  const std::string_view list = only_value(fields, "sec-ch-ua");
  constexpr std::string_view kBrand = R"("Chromium";v=")";
  const std::size_t place = list.find(kBrand);
  return place == std::string_view::npos ? 0 : read_version(list.substr(place + kBrand.size()));
}

unsigned firefox_version(const Fields& fields) {
  const std::string_view agent = only_value(fields, "user-agent");
  constexpr std::string_view kName = " Firefox/";
  const std::size_t place = agent.find(kName);
  return place == std::string_view::npos ? 0 : read_version(agent.substr(place + kName.size()));
}

bool fetches_dictionaries(const Fields& fields) {
  return chromium_version(fields) >= kChromium || firefox_version(fields) >= kFirefox;
}

}  // namespace railgun::dictionary
