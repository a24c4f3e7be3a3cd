// Fuzzes: coding base
// Any Accept-Encoding. Oracles: weights are within their bounds; what is chosen is named, or covered by "*", or
// identity; and a list gives the same in one field and in two.
#include <array>
#include <cstdint>
#include <string>

#include "railgund/base/check.h"
#include "railgund/base/text.h"
#include "railgund/coding/accept_encoding.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace railgun::coding;
  const std::string value(reinterpret_cast<const char*>(data), size);
  const Wishes wishes = read_accept_encoding({{"Accept-Encoding", value}});
  for (const Coding coding : kCodings) RAILGUN_CHECK(wishes.of(coding) >= 0 && wishes.of(coding) <= 1000);
  constexpr std::array kPreference = {Coding::kZstd, Coding::kBrotli, Coding::kGzip};
  const Coding chosen = choose(wishes, kPreference);
  RAILGUN_CHECK(chosen == Coding::kIdentity || wishes.of(chosen) > 0);
  RAILGUN_CHECK(choose(wishes, {}) == Coding::kIdentity);
  const std::string lower = railgun::lower_ascii(value);
  const bool is_named = lower.find('*') != std::string::npos || lower.find(name_of(chosen)) != std::string::npos;
  RAILGUN_CHECK(chosen == Coding::kIdentity || is_named);
  // Two fields are one list (RFC 9110 5.3).
  const std::size_t comma = value.find(',');
  if (comma != std::string::npos) {
    const Wishes both = read_accept_encoding(
        {{"Accept-Encoding", value.substr(0, comma)}, {"accept-encoding", value.substr(comma + 1)}});
    RAILGUN_CHECK(both == wishes);
  }
  return 0;
}
