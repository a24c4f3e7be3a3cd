#include "railgund/tls/context.h"

#include <cerrno>
#include <initializer_list>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <sys/stat.h>

#include "railgund/base/bytes.h"
#include "railgund/base/file.h"
#include "railgund/tls/context_parts.h"
#include "railgund/tls/openssl_handles.h"

namespace railgun::tls {
namespace {

constexpr std::string_view kHttpProtocol = "http/1.1";
constexpr std::size_t kMaxFileBytes = 8 << 20;  // a bundle of all the world's authorities is a quarter of a megabyte

// `what`: "certificate", "key": goes before the path in errors.
Result<std::string> read_pem_file(const std::string& what, const std::string& path) {
  if (path.empty()) return fail(Errc::kInvalid, "no " + what + " is set");
  auto text = read_file(path, kMaxFileBytes);
  if (!text) return fail(text.error().code, what + " " + text.error().text);
  if (text->empty()) return fail(Errc::kInvalid, what + " " + path + ": is empty");
  return text;
}

// Says how many authorities it found.
std::size_t trust(SSL_CTX* context, const std::string& authorities) {
  const BioPtr bio = bio_over(authorities);
  std::size_t count = 0;
  while (CertificatePtr next{PEM_read_bio_X509_AUX(bio.get(), nullptr, nullptr, nullptr)}) {
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context), next.get());
    ++count;
  }
  ERR_clear_error();
  return count;
}

void offer(SSL_CTX* context, std::initializer_list<std::string_view> protocols) {
  const std::string list = alpn_list({protocols.begin(), protocols.size()});
  SSL_CTX_set_alpn_protos(context, as_bytes(list).data(), static_cast<unsigned>(list.size()));
}

// Whoever offers other protocols only may be let in all the same: the certificate decides.
int choose_link_protocol(SSL*, const unsigned char** chosen, unsigned char* size, const unsigned char* offered,
                         unsigned offered_size, void*) noexcept {
  static const std::string ours = alpn_list({&kLinkProtocol, 1});
  unsigned char* found = nullptr;
  const ByteView list = as_bytes(ours);
  if (SSL_select_next_proto(&found, size, list.data(), static_cast<unsigned>(list.size()), offered, offered_size) !=
      OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_NOACK;
  }
  *chosen = found;
  return SSL_TLSEXT_ERR_OK;
}

ContextPtr finish(Context::Handle handle, bool verifies) {
  return std::make_shared<const Context>(std::move(handle), verifies);
}

}  // namespace

void Context::Free::operator()(ssl_ctx_st* context) const noexcept { SSL_CTX_free(context); }

Result<Identity> load_identity(const std::string& certificate_file, const std::string& key_file,
                               const std::string& authority_file) {
  Identity identity;
  Result<std::string> text = read_pem_file("certificate", certificate_file);
  if (!text) return std::unexpected(text.error());
  identity.certificates = std::move(*text);
  text = read_pem_file("key", key_file);
  if (!text) return std::unexpected(text.error());
  identity.key = std::move(*text);
  text = read_pem_file("certificate authority", authority_file);
  if (!text) return std::unexpected(text.error());
  identity.authorities = std::move(*text);
  // The same checks again, to name the file while its name is known.
  if (read_certificate(identity.certificates) == nullptr) {
    return invalid("certificate " + certificate_file + " is not PEM");
  }
  if (read_key(identity.key) == nullptr) {
    return invalid("key " + key_file + " is not a PEM private key without a pass phrase");
  }
  if (read_certificate(identity.authorities) == nullptr) {
    return invalid("certificate authority " + authority_file + " is not PEM");
  }
  return identity;
}

std::optional<std::string> key_file_warning(const std::string& key_file) {
  struct stat status{};
  if (::stat(key_file.c_str(), &status) != 0 || (status.st_mode & (S_IROTH | S_IWOTH)) == 0) return std::nullopt;
  return "key " + key_file + " can be read or written by everybody on this machine: chmod 0640 it";
}

Result<ContextPtr> make_link_context(const Identity& identity) {
  Result<Context::Handle> context = make_context(TLS1_3_VERSION);
  if (!context) return std::unexpected(context.error());
  const Result<void> used = use_identity(context->get(), identity.certificates, identity.key);
  if (!used) return std::unexpected(used.error());
  if (trust(context->get(), identity.authorities) == 0) {
    return fail(Errc::kInvalid, "there is no PEM certificate of an authority to check the other end by");
  }
  SSL_CTX_set_verify(context->get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  offer(context->get(), {kLinkProtocol});
  SSL_CTX_set_alpn_select_cb(context->get(), choose_link_protocol, nullptr);
  return finish(std::move(*context), true);
}

Result<ContextPtr> make_origin_context(const OriginTrust& origin_trust) {
  Result<Context::Handle> context = make_context(TLS1_2_VERSION);
  if (!context) return std::unexpected(context.error());
  offer(context->get(), {kHttpProtocol});
  if (!origin_trust.verify) return finish(std::move(*context), false);

  std::string path = origin_trust.bundle_file;
  for (const char* const candidate : kSystemBundles) {
    struct stat status{};
    if (path.empty() && ::stat(candidate, &status) == 0) path = candidate;
  }
  if (path.empty()) {
    return fail(Errc::kNotFound,
                "no bundle of certificate authorities on this system: install ca-certificates or set ca.bundle");
  }
  const Result<std::string> bundle = read_pem_file("ca.bundle", path);
  if (!bundle) return std::unexpected(bundle.error());
  if (trust(context->get(), *bundle) == 0)
    return fail(Errc::kInvalid, "ca.bundle " + path + " holds no PEM certificate");
  SSL_CTX_set_verify(context->get(), SSL_VERIFY_PEER, nullptr);
  return finish(std::move(*context), true);
}

Result<ContextPtr> make_unverified_context() {
  Result<Context::Handle> context = make_context(TLS1_3_VERSION);
  if (!context) return std::unexpected(context.error());
  return finish(std::move(*context), false);
}

Result<ContextPtr> make_probe_context() {
  Result<Context::Handle> context = make_context(TLS1_2_VERSION);
  if (!context) return std::unexpected(context.error());
  offer(context->get(), {kLinkProtocol, kHttpProtocol});
  return finish(std::move(*context), false);
}

Result<ContextPtr> make_server_context(const std::string& certificates_pem, const std::string& key_pem) {
  Result<Context::Handle> context = make_context(TLS1_3_VERSION);
  if (!context) return std::unexpected(context.error());
  const Result<void> used = use_identity(context->get(), certificates_pem, key_pem);
  if (!used) return std::unexpected(used.error());
  return finish(std::move(*context), false);
}

}  // namespace railgun::tls
