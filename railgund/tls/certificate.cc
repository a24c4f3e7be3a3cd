#include "railgund/tls/certificate.h"

#include <algorithm>
#include <array>

#include <arpa/inet.h>
#include <openssl/evp.h>

#include "railgund/base/field.h"
#include "railgund/base/hash.h"
#include "railgund/base/text.h"
#include "railgund/tls/openssl_handles.h"

namespace railgun::tls {
namespace {

std::vector<std::string> alternative_names(const X509* certificate) {
  std::vector<std::string> result;
  const NamesPtr names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names.get(), i);
    int type = 0;
    const auto* const value = static_cast<const ASN1_STRING*>(GENERAL_NAME_get0_value(name, &type));
    const auto* const data = ASN1_STRING_get0_data(value);
    const auto size = static_cast<std::size_t>(ASN1_STRING_length(value));
    if (type == GEN_DNS) result.emplace_back(reinterpret_cast<const char*>(data), size);
    if (type == GEN_IPADD && (size == 4 || size == 16)) {
      std::array<char, INET6_ADDRSTRLEN> text{};
      inet_ntop(size == 4 ? AF_INET : AF_INET6, data, text.data(), text.size());
      result.emplace_back(text.data());
    }
  }
  return result;
}

std::string hex_of(const ASN1_OCTET_STRING* text) {
  if (text == nullptr) return {};
  return to_hex(ByteView(ASN1_STRING_get0_data(text), static_cast<std::size_t>(ASN1_STRING_length(text))));
}

}  // namespace

std::string common_name_of(const X509_NAME* name) {
  const int place = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
  if (place < 0) return {};
  unsigned char* text = nullptr;
  const int size = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, place)));
  if (size < 0) return {};
  std::string result(reinterpret_cast<const char*>(text), static_cast<std::size_t>(size));
  OPENSSL_free(text);
  return result;
}

CertificateFacts facts_of(const X509* certificate) {
  CertificateFacts facts;
  facts.common_name = common_name_of(X509_get_subject_name(certificate));
  facts.issuer = common_name_of(X509_get_issuer_name(certificate));
  facts.dns_names = alternative_names(certificate);
  const ASN1_INTEGER* const serial = X509_get0_serialNumber(certificate);
  facts.serial = to_hex(ByteView(ASN1_STRING_get0_data(serial), static_cast<std::size_t>(ASN1_STRING_length(serial))));
  if (const EVP_PKEY* const key = X509_get0_pubkey(certificate); key != nullptr) {
    const char* const type = EVP_PKEY_get0_type_name(key);
    facts.key_type = type == nullptr ? "" : type;
  }
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  X509_digest(certificate, EVP_sha256(), digest.data(), &size);
  facts.fingerprint = to_hex(ByteView(digest).first(size));
  // Reading the extensions fills a cache in the object, which is why these take it without const.
  facts.key_id = hex_of(X509_get0_subject_key_id(const_cast<X509*>(certificate)));
  facts.issuer_key_id = hex_of(X509_get0_authority_key_id(const_cast<X509*>(certificate)));
  facts.not_before = wall_time(X509_get0_notBefore(certificate));
  facts.not_after = wall_time(X509_get0_notAfter(certificate));
  return facts;
}

bool may_be(LinkRole role, const CertificateFacts& certificate) {
  const bool is_senders =
      std::find(certificate.dns_names.begin(), certificate.dns_names.end(), kSenderName) != certificate.dns_names.end();
  if (role == LinkRole::kListener) return !is_senders;
  return is_senders || certificate.issuer != kAuthorityName;
}

std::vector<std::string> hosts_of(const CertificateFacts& certificate) {
  std::vector<std::string> hosts;
  for (const std::string& name : certificate.dns_names) {
    if (name != kSenderName) hosts.push_back(lower_ascii(name));
  }
  return hosts;
}

Result<CertificateFacts> certificate_facts(std::string_view pem) {
  const CertificatePtr certificate = read_certificate(pem);
  if (certificate == nullptr) return fail(Errc::kInvalid, "not a PEM certificate: " + openssl_error());
  return facts_of(certificate.get());
}

}  // namespace railgun::tls
