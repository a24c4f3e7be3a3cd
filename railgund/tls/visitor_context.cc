#include "railgund/tls/visitor_context.h"

#include <utility>

#include "railgund/base/bytes.h"
#include "railgund/tls/certificate_choice.h"
#include "railgund/tls/context_parts.h"
#include "railgund/tls/openssl_handles.h"
#include "railgund/tls/tickets.h"

namespace railgun::tls {
namespace {

// Forward secrecy and authenticated encryption; TLS 1.3 has no others. The client chooses: it knows whether its
// processor is better at AES or at ChaCha20.
constexpr const char* kCiphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305:"
    "ECDHE-RSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384";
// The finite-field groups of TLS 1.3 are left out: a client that chooses a large one has us compute for milliseconds.
constexpr const char* kGroups = "X25519:P-256:P-384";
constexpr const char* kGroupsWithMlKem = "X25519MLKEM768:X25519:P-256:P-384";  // OpenSSL 3.5

// What the callbacks of all contexts of one set of certificates use.
struct Choices {
  CertificateChoice choice;
  std::string protocols;  // as ALPN has them
  TicketKeys ticket_keys;
  std::vector<Context::Handle> contexts;  // by the index of choice.sets()
};

int choose_certificates(SSL* ssl, int*, void* argument) noexcept {
  const auto& choices = *static_cast<const Choices*>(argument);
  const char* const name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  if (name == nullptr) return SSL_TLSEXT_ERR_NOACK;
  const std::size_t index = choices.choice.find(name);
  SSL_set_SSL_CTX(ssl, choices.contexts[index].get());
  return SSL_TLSEXT_ERR_OK;
}

int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* size, const unsigned char* offered,
                    unsigned offered_size, void* argument) noexcept {
  const ByteView ours = as_bytes(static_cast<const Choices*>(argument)->protocols);
  unsigned char* found = nullptr;
  if (SSL_select_next_proto(&found, size, ours.data(), static_cast<unsigned>(ours.size()), offered, offered_size) !=
      OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  *chosen = found;
  return SSL_TLSEXT_ERR_OK;
}

Result<Context::Handle> make_context_of(const VisitorTls& tls, const CertificateChoice::Set& set, Choices& choices) {
  Result<Context::Handle> context = make_context(TLS1_2_VERSION);
  if (!context) return context;
  SSL_CTX* const handle = context->get();
  SSL_CTX_clear_options(handle, SSL_OP_CIPHER_SERVER_PREFERENCE);
  if (SSL_CTX_set_cipher_list(handle, kCiphers) != 1 ||
      (SSL_CTX_set1_groups_list(handle, kGroupsWithMlKem) != 1 && SSL_CTX_set1_groups_list(handle, kGroups) != 1)) {
    return invalid("the ciphers for visitors cannot be set");
  }
  for (const std::size_t index : set) {
    const VisitorCertificate& certificate = tls.certificates[index];
    if (auto used = use_identity(handle, certificate.certificates, certificate.key); !used)
      return fail(used.error().code, certificate.file + ": " + used.error().text);
  }
  SSL_CTX_set_tlsext_servername_callback(handle, choose_certificates);
  SSL_CTX_set_tlsext_servername_arg(handle, &choices);
  SSL_CTX_set_alpn_select_cb(handle, choose_protocol, &choices);
  if (!choices.ticket_keys.empty()) use_tickets(handle, choices.ticket_keys);
  return context;
}

}  // namespace

Result<ContextPtr> make_visitor_context(const VisitorTls& tls, WallTime now) {
  if (tls.certificates.empty()) return fail(Errc::kInvalid, "there is no certificate for visitors");
  std::vector<CertificateChoice::Candidate> candidates;
  for (const VisitorCertificate& certificate : tls.certificates) {
    const CertificateFacts& facts = certificate.facts;
    candidates.push_back({.names = facts.dns_names.empty() ? std::vector{facts.common_name} : facts.dns_names,
                          .key_type = facts.key_type,
                          .not_before = facts.not_before,
                          .not_after = facts.not_after});
  }
  auto choices = std::make_shared<Choices>(Choices{.choice = CertificateChoice(candidates, now),
                                                   .protocols = alpn_list(tls.protocols),
                                                   .ticket_keys = TicketKeys(tls.ticket_secrets),
                                                   .contexts = {}});
  for (const CertificateChoice::Set& set : choices->choice.sets()) {
    Result<Context::Handle> context = make_context_of(tls, set, *choices);
    if (!context) return std::unexpected(context.error());
    choices->contexts.push_back(std::move(*context));
  }
  // A connection begins with the default's context and changes to that of its name. Of the default, a second handle: the
  // choices may not own what owns them.
  SSL_CTX* const first = choices->contexts[CertificateChoice::kDefault].get();
  SSL_CTX_up_ref(first);
  return std::make_shared<const Context>(Context::Handle(first), false, std::move(choices));
}

}  // namespace railgun::tls
