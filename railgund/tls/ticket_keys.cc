#include "railgund/tls/ticket_keys.h"

#include <algorithm>
#include <string>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "railgund/base/check.h"
#include "railgund/base/text.h"

namespace railgun::tls {
namespace {

constexpr std::size_t kMostSecrets = 8;

std::int64_t period_of(WallTime time) { return time.time_since_epoch() / kTicketPeriod; }

std::array<std::uint8_t, 32> derive(const Bytes& secret, std::string_view purpose, std::int64_t period) {
  const std::string text = "railgun ticket " + std::string(purpose) + " " + std::to_string(period);
  std::array<std::uint8_t, 32> derived{};
  unsigned size = 0;
  const ByteView input = as_bytes(text);
  RAILGUN_CHECK(HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), input.data(), input.size(),
                     derived.data(), &size) != nullptr &&
                size == derived.size());
  return derived;
}

std::array<std::uint8_t, 16> name_of(const Bytes& secret, std::int64_t period) {
  const auto derived = derive(secret, "name", period);
  std::array<std::uint8_t, 16> name{};
  std::copy_n(derived.begin(), name.size(), name.begin());
  return name;
}

TicketKey key_of(const Bytes& secret, std::int64_t period) {
  return {.name = name_of(secret, period),
          .cipher = derive(secret, "cipher", period),
          .mac = derive(secret, "mac", period)};
}

}  // namespace

TicketKey TicketKeys::current(WallTime now) const { return key_of(secrets_.front(), period_of(now)); }

std::optional<TicketKeys::Found> TicketKeys::find(ByteView name, WallTime now) const {
  const std::int64_t period = period_of(now);
  for (const Bytes& secret : secrets_) {
    for (const std::int64_t candidate : {period, period - 1, period + 1}) {
      const auto known = name_of(secret, candidate);
      if (!std::equal(name.begin(), name.end(), known.begin(), known.end())) continue;
      return Found{key_of(secret, candidate), &secret == &secrets_.front() && candidate == period};
    }
  }
  return std::nullopt;
}

Result<std::vector<Bytes>> parse_ticket_secrets(std::string_view text) {
  std::vector<Bytes> secrets;
  for (const std::string_view each : split(text, "\n")) {
    const std::string_view line = trim(each);
    if (line.empty() || line.starts_with('#')) continue;
    auto secret = from_hex(line);
    if (!secret || secret->size() != kTicketSecretBytes)
      return fail(Errc::kInvalid, "expected lines of 64 hexadecimal digits (openssl rand -hex 32)");
    secrets.push_back(std::move(*secret));
  }
  if (secrets.empty() || secrets.size() > kMostSecrets)
    return fail(Errc::kInvalid, "expected 1 to 8 lines of 64 hexadecimal digits (openssl rand -hex 32)");
  return secrets;
}

}  // namespace railgun::tls
