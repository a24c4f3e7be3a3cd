// TLS to visitors: 1.2 and 1.3, a certificate by the host name that the client asks for.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "railgund/base/bytes.h"
#include "railgund/base/result.h"
#include "railgund/base/time.h"
#include "railgund/tls/certificate_folder.h"
#include "railgund/tls/context.h"

namespace railgun::tls {

inline constexpr std::string_view kHttp1Protocol = "http/1.1";
inline constexpr std::string_view kHttp2Protocol = "h2";

struct VisitorTls {
  std::vector<VisitorCertificate> certificates;  // at least one; the first is the default (CertificateChoice)
  std::vector<std::string_view> protocols = {kHttp1Protocol};  // for ALPN, in order of preference
  std::vector<Bytes> ticket_secrets = {};                      // TicketKeys; empty: sessions are not resumed
};
// A client that offers other protocols only is refused (RFC 7301 3.2): what it means to say is not HTTP. One that offers
// none is served. `now`: decides which certificates are valid (CertificateChoice).
// Errors: kInvalid.
Result<ContextPtr> make_visitor_context(const VisitorTls& tls, WallTime now);

}  // namespace railgun::tls
