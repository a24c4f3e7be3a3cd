#include "railgund/tls/context_parts.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include "railgund/tls/openssl_handles.h"

namespace railgun::tls {

std::unexpected<Error> invalid(const std::string& text) { return fail(Errc::kInvalid, text + ": " + openssl_error()); }

Result<Context::Handle> make_context(int lowest_version) {
  ERR_clear_error();
  Context::Handle context(SSL_CTX_new(TLS_method()));
  if (context == nullptr) return invalid("TLS cannot be started");
  SSL_CTX_set_min_proto_version(context.get(), lowest_version);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  // Without buffers between records an idle connection holds 32 KiB less.
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                      SSL_MODE_NO_AUTO_CHAIN);  // the peer has the authority's certificate
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  // Links live for days: tickets would be bytes that nobody uses.
  SSL_CTX_set_num_tickets(context.get(), 0);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_TICKET);
  return context;
}

Result<void> use_identity(SSL_CTX* context, const std::string& certificates, const std::string& key_pem) {
  const BioPtr bio = bio_over(certificates);
  const CertificatePtr own(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  if (own == nullptr || SSL_CTX_use_certificate(context, own.get()) != 1) {
    return invalid("the certificate is not a PEM certificate that can be used");
  }
  while (CertificatePtr next{PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)}) {
    SSL_CTX_add1_chain_cert(context, next.get());
  }
  ERR_clear_error();
  const KeyPtr key = read_key(key_pem);
  if (key == nullptr) return invalid("the key is not a PEM private key without a pass phrase");
  if (X509_check_private_key(own.get(), key.get()) != 1) {
    ERR_clear_error();
    return fail(Errc::kInvalid, "the key does not belong to the certificate");
  }
  if (SSL_CTX_use_PrivateKey(context, key.get()) != 1) return invalid("the key cannot be used");
  return {};
}

std::string alpn_list(std::span<const std::string_view> protocols) {
  std::string list;
  for (const std::string_view protocol : protocols) list.append(1, static_cast<char>(protocol.size())).append(protocol);
  return list;
}

}  // namespace railgun::tls
