// Fuzzes: dictionary base http
// The fields of a request about dictionaries. Oracles: a hash that is read is written as the field said it; pattern_of()
// gives ASCII without quotes, backslashes and wildcards, pattern_of_versions() the same with wildcards.
#include <cstdint>
#include <string>

#include "railgund/base/check.h"
#include "railgund/dictionary/pattern.h"
#include "railgund/dictionary/request.h"

namespace {

std::string base64(railgun::ByteView bytes) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto at = [&](std::size_t k) { return k < bytes.size() ? unsigned{bytes[k]} : 0U; };
    const unsigned bits = at(i) << 16 | at(i + 1) << 8 | at(i + 2);
    for (unsigned k = 0; k < 4; ++k) text += i + k > bytes.size() ? '=' : kDigits[bits >> (18 - 6 * k) & 63];
  }
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace railgun;
  const std::string value(reinterpret_cast<const char*>(data), size);
  const auto hash = dictionary::read_available_dictionary({{"Available-Dictionary", value}});
  if (hash) RAILGUN_CHECK(value.find(":" + base64(*hash) + ":") != std::string::npos);
  const Fields fields = {
      {"Sec-CH-UA", value}, {"User-Agent", value}, {"Sec-Fetch-Mode", value}, {"Sec-Fetch-Site", value}};
  RAILGUN_CHECK(dictionary::chromium_version(fields) <= 99999 && dictionary::firefox_version(fields) <= 99999);
  const bool is_own = dictionary::is_own_reader(fields);
  RAILGUN_CHECK(!is_own || size < 20);
  dictionary::is_secure_context({.host = value}, true);
  if (const auto pattern = dictionary::pattern_of(value)) {
    for (const char c : *pattern) RAILGUN_CHECK(c > ' ' && c < 0x7f && c != '"' && c != '\\' && c != '*');
  }
  if (const auto pattern = dictionary::pattern_of_versions(value)) {
    for (const char c : *pattern) RAILGUN_CHECK(c > ' ' && c < 0x7f && c != '"' && c != '\\' && c != '#');
  }
  return 0;
}
