#include "railgund/tls/failure.h"

#include <chrono>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "railgund/base/text.h"
#include "railgund/tls/lifetime.h"

namespace railgun::tls {
namespace {

// What OpenSSL has just compared the certificate's times with.
WallTime clock_now() { return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()); }

std::string names_of(const CertificateFacts& facts) {
  const std::string names = facts.dns_names.empty() ? facts.common_name : join(facts.dns_names);
  return names.empty() ? "no name" : names;
}

// What an alert from the peer says of us; null for those that are not about certificates.
const char* complaint_of_peer(int reason) {
  switch (reason) {
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
      return "the peer refused our certificate: signed by an authority unknown to it";
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
      return "the peer refused our certificate: expired, or its clock is wrong";
    case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
      return "the peer refused our certificate: revoked";
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_TLSV1_ALERT_ACCESS_DENIED:
    case SSL_R_TLSV1_ALERT_DECRYPT_ERROR:
      return "the peer refused our certificate";
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
      return "the peer asks for a certificate and we have none";
    default:
      return nullptr;
  }
}

}  // namespace

std::string refusal_text(X509_STORE_CTX* check, const std::string& server_name) {
  const int reason = X509_STORE_CTX_get_error(check);
  const X509* const own = X509_STORE_CTX_get0_cert(check);  // the peer's own, and the one of its chain in question:
  const X509* const questioned = X509_STORE_CTX_get_current_cert(check);
  if (own == nullptr) return X509_verify_cert_error_string(reason);
  const bool is_about_time = reason == X509_V_ERR_CERT_HAS_EXPIRED || reason == X509_V_ERR_CERT_NOT_YET_VALID;
  const CertificateFacts facts = facts_of(is_about_time && questioned != nullptr ? questioned : own);
  switch (reason) {
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
      return "certificate signed by unknown authority (of " + names_of(facts) + ", signed by '" + facts.issuer + "')";
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return "certificate is valid for " + names_of(facts) + ", not " + server_name;
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return "certificate of " + names_of(facts) + " expired on " + utc_text(facts.not_after) +
             " (the clock here: " + utc_text(clock_now()) + ")";
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "certificate of " + names_of(facts) + " is not valid before " + utc_text(facts.not_before) +
             ", and the clock here says " + utc_text(clock_now()) + ": set the clock that is wrong";
    default:
      return "certificate of " + names_of(facts) + " refused: " + X509_verify_cert_error_string(reason);
  }
}

Error connection_error(const std::string& refusal) {
  const unsigned long code = ERR_peek_error();
  const int reason = ERR_GET_REASON(code);
  const std::string words = openssl_error();
  if (!refusal.empty()) return {Errc::kDenied, refusal};
  if (const char* const complaint = complaint_of_peer(reason)) return {Errc::kDenied, complaint};
  switch (reason) {
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
      return {Errc::kDenied, "the peer sent no certificate"};
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_HTTP_REQUEST:
    case SSL_R_HTTPS_PROXY_REQUEST:
      return {Errc::kMalformed, "the peer does not speak TLS"};
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
    case SSL_R_VERSION_TOO_LOW:
      return {Errc::kUnsupported, "TLS: no version that both ends speak"};
    case SSL_R_NO_SHARED_CIPHER:
    case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
    case SSL_R_TLSV1_ALERT_INSUFFICIENT_SECURITY:
      return {Errc::kUnsupported, "TLS handshake failure: no parameters that both ends accept"};
    case SSL_R_TLSV1_UNRECOGNIZED_NAME:
      return {Errc::kDenied, "the peer does not serve the name it was asked for"};
    default:
      return {Errc::kMalformed, "TLS: " + words};
  }
}

}  // namespace railgun::tls
