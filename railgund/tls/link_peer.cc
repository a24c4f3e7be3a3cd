#include "railgund/tls/link_peer.h"

#include <optional>

namespace railgun::tls {
namespace {

std::optional<CertificateFacts> certificate_of(const Engine* link) {
  return link == nullptr ? std::nullopt : link->peer_certificate();
}

}  // namespace

std::vector<std::string> hosts_of_peer(const Engine* link) {
  const auto certificate = certificate_of(link);
  return certificate ? hosts_of(*certificate) : std::vector<std::string>{};
}

bool is_peer_revoked(const Engine* link, const std::set<std::string>& revoked) {
  const auto certificate = certificate_of(link);
  return certificate && revoked.contains(certificate->serial);
}

std::string reason_against_peer(const Engine* link, LinkRole expected, const Context* authorities) {
  const auto certificate = certificate_of(link);
  if (!certificate) return {};
  if (!may_be(expected, *certificate)) {
    return expected == LinkRole::kListener ? "its certificate is a sender's, and a listener was expected"
                                           : "its certificate is a listener's, and a sender was expected";
  }
  if (authorities != nullptr && !link->is_peer_trusted_by(*authorities))
    return "the authority of its certificate is not trusted any more";
  return {};
}

}  // namespace railgun::tls
