// What all connections of one kind share: who we are, whom we trust, which versions. Made once and again on reload;
// connections that exist keep the one they began with.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "railgund/base/result.h"

struct ssl_ctx_st;

namespace railgun::tls {

class Context {
 public:
  struct Free {
    void operator()(ssl_ctx_st* context) const noexcept;
  };
  using Handle = std::unique_ptr<ssl_ctx_st, Free>;

  // `needed`: what its callbacks use, kept as long as the context.
  Context(Handle handle, bool verifies, std::shared_ptr<const void> needed = nullptr)
      : needed_(std::move(needed)), handle_(std::move(handle)), verifies_(verifies) {}
  ssl_ctx_st* get() const { return handle_.get(); }
  // Whether the peer's certificate is checked.
  bool verifies() const { return verifies_; }

 private:
  std::shared_ptr<const void> needed_;
  Handle handle_;
  bool verifies_;
};
using ContextPtr = std::shared_ptr<const Context>;

// One end of a link, as PEM text.
struct Identity {
  std::string certificates;  // ours first, then what leads to the authority
  std::string key;
  std::string authorities;  // who signs the peers' certificates; the system's are not trusted
};

// Reads the three files. Errors: kNotFound, kDenied, kInvalid; the text names the file.
Result<Identity> load_identity(const std::string& certificate_file, const std::string& key_file,
                               const std::string& authority_file);
// A sentence for the log if others than its owner and group may read the file.
std::optional<std::string> key_file_warning(const std::string& key_file);

// The ALPN protocol of links (doc/PROTOCOL.md). It lets a client without a certificate see what answers at a port. Links
// work without it.
inline constexpr std::string_view kLinkProtocol = "railgun/1";

// For both ends of links: TLS 1.3, a certificate from each end, no tickets, no early data.
// Errors: kInvalid, with the reason: not PEM, key and certificate do not belong together, no authority.
Result<ContextPtr> make_link_context(const Identity& identity);

struct OriginTrust {
  bool verify = true;
  std::string bundle_file;  // PEM; empty: the first of kSystemBundles that exists
};
inline constexpr const char* kSystemBundles[] = {
    "/etc/ssl/certs/ca-certificates.crt",                 // Debian, Ubuntu
    "/etc/pki/tls/certs/ca-bundle.crt",                   // RHEL and its derivatives
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  // and where that leads since 7
    "/etc/ssl/ca-bundle.pem",                             // SUSE
    "/etc/ssl/cert.pem",                                  // Alpine
};
// For clients of HTTPS origins: TLS 1.2 or 1.3, ALPN "http/1.1".
// Errors: kNotFound (no such bundle, or no system bundle at all), kInvalid.
Result<ContextPtr> make_origin_context(const OriginTrust& trust);

// For clients that check the server's certificate by its fingerprint afterwards: activation with a token.
Result<ContextPtr> make_unverified_context();
// For probes: TLS 1.2 or 1.3, accepts any certificate, sends none, offers links and HTTP by ALPN.
Result<ContextPtr> make_probe_context();
// For a server whose clients have no certificate yet: activation. TLS 1.3.
Result<ContextPtr> make_server_context(const std::string& certificates_pem, const std::string& key_pem);

}  // namespace railgun::tls
