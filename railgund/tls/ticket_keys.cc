#include "railgund/tls/ticket_keys.h"

#include <algorithm>
#include <string>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "railgund/base/check.h"
#include "railgund/base/text.h"
#include "railgund/tls/openssl_handles.h"

namespace railgun::tls {
namespace {

constexpr std::size_t kMostSecrets = 8;

std::int64_t period_of(WallTime time) { return time.time_since_epoch() / kTicketPeriod; }

using MacPtr = std::unique_ptr<EVP_MAC_CTX, Freer<EVP_MAC_CTX_free>>;

// HMAC-SHA-256 with this key. To copy it costs less than to look the algorithm up and to set the key each time.
MacPtr mac_of(const Bytes& secret) {
  const std::unique_ptr<EVP_MAC, Freer<EVP_MAC_free>> hmac(EVP_MAC_fetch(nullptr, OSSL_MAC_NAME_HMAC, nullptr));
  RAILGUN_CHECK(hmac != nullptr);
  MacPtr made(EVP_MAC_CTX_new(hmac.get()));
  char digest[] = OSSL_DIGEST_NAME_SHA2_256;
  const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                                   OSSL_PARAM_construct_end()};
  RAILGUN_CHECK(made != nullptr && EVP_MAC_init(made.get(), secret.data(), secret.size(), parameters) == 1);
  return made;
}

std::array<std::uint8_t, 32> derive(const EVP_MAC_CTX* secret, std::string_view purpose, std::int64_t period) {
  const std::string text = "railgun ticket " + std::string(purpose) + " " + std::to_string(period);
  std::array<std::uint8_t, 32> derived{};
  std::size_t size = 0;
  const ByteView input = as_bytes(text);
  const MacPtr mac(EVP_MAC_CTX_dup(secret));
  RAILGUN_CHECK(mac != nullptr && EVP_MAC_update(mac.get(), input.data(), input.size()) == 1 &&
                EVP_MAC_final(mac.get(), derived.data(), &size, derived.size()) == 1 && size == derived.size());
  return derived;
}

std::array<std::uint8_t, 16> name_of(const EVP_MAC_CTX* secret, std::int64_t period) {
  const auto derived = derive(secret, "name", period);
  std::array<std::uint8_t, 16> name{};
  std::copy_n(derived.begin(), name.size(), name.begin());
  return name;
}

TicketKey key_of(const EVP_MAC_CTX* secret, std::int64_t period) {
  return {.name = name_of(secret, period),
          .cipher = derive(secret, "cipher", period),
          .mac = derive(secret, "mac", period)};
}

}  // namespace

TicketKeys::TicketKeys(const std::vector<Bytes>& secrets) {
  for (const Bytes& secret : secrets) secrets_.push_back(mac_of(secret));
}

TicketKey TicketKeys::current(WallTime now) const { return key_of(secrets_.front().get(), period_of(now)); }

std::optional<TicketKeys::Found> TicketKeys::find(ByteView name, WallTime now) const {
  const std::int64_t period = period_of(now);
  for (const auto& secret : secrets_) {
    for (const std::int64_t candidate : {period, period - 1, period + 1}) {
      const auto known = name_of(secret.get(), candidate);
      if (!std::equal(name.begin(), name.end(), known.begin(), known.end())) continue;
      return Found{key_of(secret.get(), candidate), &secret == &secrets_.front() && candidate == period};
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
