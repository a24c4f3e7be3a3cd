#include "railgund/tls/tickets.h"

#include <algorithm>
#include <chrono>

#include <openssl/core_names.h>
#include <openssl/params.h>
#include <openssl/ssl.h>

#include "railgund/base/bytes.h"
#include "railgund/tls/random.h"

namespace railgun::tls {
namespace {

constexpr std::size_t kIvBytes = 16;

// What OpenSSL is told by the callback's result.
constexpr int kFailed = -1;
constexpr int kUnknown = 0;  // a full handshake
constexpr int kUsed = 1;
constexpr int kUsedAndRenewed = 2;

bool set_mac(EVP_MAC_CTX* mac, TicketKey& key) {
  char digest[] = "SHA256";
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key.mac.data(), key.mac.size()),
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0), OSSL_PARAM_construct_end()};
  return EVP_MAC_CTX_set_params(mac, parameters) == 1;
}

// Looked up once.
const EVP_CIPHER* cipher_of_tickets() {
  static const EVP_CIPHER* const kCipher = EVP_CIPHER_fetch(nullptr, "AES-256-CBC", nullptr);
  return kCipher;
}

int handle_ticket(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac,
                  int makes) noexcept {
  const auto& keys = *static_cast<const TicketKeys*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
  // In the middle of a handshake, where OpenSSL itself asks for the time to judge the ticket's age.
  const WallTime now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  if (makes != 0) {
    TicketKey key = keys.current(now);
    const auto random = random_bytes<kIvBytes>();
    std::copy(random.begin(), random.end(), iv);
    std::copy(key.name.begin(), key.name.end(), name);
    const bool is_set =
        EVP_EncryptInit_ex(cipher, cipher_of_tickets(), nullptr, key.cipher.data(), iv) == 1 && set_mac(mac, key);
    return is_set ? kUsed : kFailed;
  }
  auto found = keys.find({name, sizeof TicketKey::name}, now);
  if (!found) return kUnknown;
  if (!set_mac(mac, found->key) ||
      EVP_DecryptInit_ex(cipher, cipher_of_tickets(), nullptr, found->key.cipher.data(), iv) != 1) {
    return kFailed;
  }
  // In TLS 1.3 a client uses a ticket once (RFC 8446 C.4): without a new one each time it would soon have none.
  return found->is_current && SSL_version(ssl) < TLS1_3_VERSION ? kUsed : kUsedAndRenewed;
}

}  // namespace

void use_tickets(ssl_ctx_st* context, const TicketKeys& keys) {
  SSL_CTX_clear_options(context, SSL_OP_NO_TICKET);
  SSL_CTX_set_num_tickets(context, 2);  // browsers open several connections, and use a ticket once
  SSL_CTX_set_timeout(context, std::chrono::seconds(kTicketPeriod).count());
  SSL_CTX_set_app_data(context, const_cast<TicketKeys*>(&keys));
  SSL_CTX_set_tlsext_ticket_key_evp_cb(context, handle_ticket);
}

}  // namespace railgun::tls
