#include "railgund/tls/authority.h"

#include <array>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "railgund/base/check.h"
#include "railgund/tls/openssl_handles.h"

namespace railgun::tls {
namespace {

constexpr std::size_t kSerialBytes = 16;
constexpr std::size_t kNameLimit = 64;  // of a common name (X.520, ub-common-name)

BioPtr memory() {
  BioPtr bio(BIO_new(BIO_s_mem()));
  RAILGUN_CHECK(bio != nullptr);
  return bio;
}

std::string pem_of(EVP_PKEY* key) {
  const BioPtr bio = memory();
  PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  return bio_text(bio.get());
}

std::string pem_of(X509* certificate) {
  const BioPtr bio = memory();
  PEM_write_bio_X509(bio.get(), certificate);
  return bio_text(bio.get());
}

std::unexpected<Error> invalid(const std::string& text) { return fail(Errc::kInvalid, text + ": " + openssl_error()); }

bool is_p256(const EVP_PKEY* key) {
  std::array<char, 32> group{};
  std::size_t size = 0;
  return EVP_PKEY_is_a(key, "EC") == 1 && EVP_PKEY_get_group_name(key, group.data(), group.size(), &size) == 1 &&
         std::string_view(group.data(), size) == "prime256v1";
}

bool set_common_name(X509_NAME* name, const std::string& text) {
  return X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()),
                                    -1, 0) == 1;
}

// Of what an authority signs: version, serial, times, key, subject.
bool fill(X509* certificate, EVP_PKEY* key, const std::string& common_name, Validity validity, ByteView serial) {
  std::array<std::uint8_t, kSerialBytes> number{};
  std::copy(serial.begin(), serial.end(), number.begin());
  number[0] &= 0x7f;  // serial numbers are positive (RFC 5280 4.1.2.2)
  const NumberPtr big(BN_bin2bn(number.data(), static_cast<int>(number.size()), nullptr));
  return big != nullptr && X509_set_version(certificate, X509_VERSION_3) == 1 &&
         BN_to_ASN1_INTEGER(big.get(), X509_get_serialNumber(certificate)) != nullptr &&
         ASN1_TIME_set(X509_getm_notBefore(certificate), validity.from.time_since_epoch().count()) != nullptr &&
         ASN1_TIME_set(X509_getm_notAfter(certificate), validity.until.time_since_epoch().count()) != nullptr &&
         X509_set_pubkey(certificate, key) == 1 && set_common_name(X509_get_subject_name(certificate), common_name);
}

bool add_extension(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const ExtensionPtr extension(X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
  return extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1;
}

// Built from values, not from a line of text: a name with a comma in it must not become two.
bool add_names(X509* certificate, const std::vector<std::string>& names) {
  const NamesPtr list(GENERAL_NAMES_new());
  for (const std::string& text : names) {
    std::unique_ptr<GENERAL_NAME, Freer<GENERAL_NAME_free>> name(GENERAL_NAME_new());
    if (ASN1_OCTET_STRING* const address = a2i_IPADDRESS(text.c_str())) {
      GENERAL_NAME_set0_value(name.get(), GEN_IPADD, address);
    } else {
      ASN1_IA5STRING* const dns = ASN1_IA5STRING_new();
      ASN1_STRING_set(dns, text.data(), static_cast<int>(text.size()));
      GENERAL_NAME_set0_value(name.get(), GEN_DNS, dns);
    }
    if (sk_GENERAL_NAME_push(list.get(), name.release()) <= 0) return false;
  }
  ERR_clear_error();
  return X509_add1_ext_i2d(certificate, NID_subject_alt_name, list.get(), 0, 0) == 1;
}

Result<RequestPtr> read_request(std::string_view pem) {
  ERR_clear_error();
  const BioPtr bio = bio_over(pem);
  RequestPtr request(PEM_read_bio_X509_REQ(bio.get(), nullptr, nullptr, nullptr));
  if (request == nullptr) return fail(Errc::kMalformed, "not a PEM certificate request: " + openssl_error());
  EVP_PKEY* const key = X509_REQ_get0_pubkey(request.get());
  if (key == nullptr || !is_p256(key)) {
    ERR_clear_error();
    return fail(Errc::kDenied, "the certificate request's key is not a P-256 key");
  }
  if (X509_REQ_verify(request.get(), key) != 1) {
    ERR_clear_error();
    return fail(Errc::kDenied, "the certificate request is not signed by its own key");
  }
  return request;
}

Result<std::string> sign_request(const std::string& common_name, EVP_PKEY* key) {
  if (common_name.empty() || common_name.size() > kNameLimit) {
    return fail(Errc::kInvalid, "a common name has 1 to 64 characters");
  }
  const RequestPtr request(X509_REQ_new());
  if (request == nullptr || X509_REQ_set_version(request.get(), X509_REQ_VERSION_1) != 1 ||
      !set_common_name(X509_REQ_get_subject_name(request.get()), common_name) ||
      X509_REQ_set_pubkey(request.get(), key) != 1 || X509_REQ_sign(request.get(), key, EVP_sha256()) == 0) {
    return invalid("the certificate request cannot be made");
  }
  const BioPtr bio = memory();
  PEM_write_bio_X509_REQ(bio.get(), request.get());
  return bio_text(bio.get());
}

}  // namespace

Result<KeyAndCertificate> create_authority(const std::string& common_name, Validity validity, ByteView serial) {
  ERR_clear_error();
  if (serial.size() != kSerialBytes) return fail(Errc::kInvalid, "a serial number has 16 bytes");
  const KeyPtr key(EVP_EC_gen("P-256"));
  const CertificatePtr own(X509_new());
  if (key == nullptr || own == nullptr || !fill(own.get(), key.get(), common_name, validity, serial) ||
      X509_set_issuer_name(own.get(), X509_get_subject_name(own.get())) != 1 ||
      !add_extension(own.get(), own.get(), NID_basic_constraints, "critical,CA:TRUE,pathlen:0") ||
      !add_extension(own.get(), own.get(), NID_key_usage, "critical,keyCertSign,cRLSign") ||
      !add_extension(own.get(), own.get(), NID_subject_key_identifier, "hash") ||
      X509_sign(own.get(), key.get(), EVP_sha256()) == 0) {
    return invalid("the certificate authority cannot be made");
  }
  return KeyAndCertificate{pem_of(key.get()), pem_of(own.get())};
}

Result<KeyAndRequest> create_request(const std::string& common_name) {
  ERR_clear_error();
  const KeyPtr key(EVP_EC_gen("P-256"));
  if (key == nullptr) return invalid("a key cannot be made");
  Result<std::string> request = sign_request(common_name, key.get());
  if (!request) return std::unexpected(request.error());
  return KeyAndRequest{pem_of(key.get()), std::move(*request)};
}

Result<std::string> create_request(const std::string& common_name, std::string_view key_pem) {
  ERR_clear_error();
  const KeyPtr key = read_key(key_pem);
  if (key == nullptr) return invalid("not a PEM private key");
  return sign_request(common_name, key.get());
}

Result<std::string> verify_request(std::string_view request_pem) {
  const Result<RequestPtr> request = read_request(request_pem);
  if (!request) return std::unexpected(request.error());
  return common_name_of(X509_REQ_get_subject_name(request->get()));
}

Result<std::string> issue_certificate(const KeyAndCertificate& authority, std::string_view request_pem,
                                      const std::vector<std::string>& names, Validity validity, ByteView serial) {
  const Result<RequestPtr> request = read_request(request_pem);
  if (!request) return std::unexpected(request.error());
  if (serial.size() != kSerialBytes) return fail(Errc::kInvalid, "a serial number has 16 bytes");
  if (names.empty()) return fail(Errc::kInvalid, "a certificate needs a name");
  const CertificatePtr issuer = read_certificate(authority.certificate);
  const KeyPtr issuer_key = read_key(authority.key);
  if (issuer == nullptr || issuer_key == nullptr || X509_check_private_key(issuer.get(), issuer_key.get()) != 1) {
    return invalid("the authority's key and certificate cannot be used");
  }
  const CertificatePtr issued(X509_new());
  EVP_PKEY* const key = X509_REQ_get0_pubkey(request->get());
  if (issued == nullptr || !fill(issued.get(), key, names.front().substr(0, kNameLimit), validity, serial) ||
      X509_set_issuer_name(issued.get(), X509_get_subject_name(issuer.get())) != 1 ||
      !add_extension(issued.get(), issuer.get(), NID_basic_constraints, "critical,CA:FALSE") ||
      !add_extension(issued.get(), issuer.get(), NID_key_usage, "critical,digitalSignature") ||
      !add_extension(issued.get(), issuer.get(), NID_ext_key_usage, "serverAuth,clientAuth") ||
      !add_extension(issued.get(), issuer.get(), NID_authority_key_identifier, "keyid") ||
      !add_names(issued.get(), names) || X509_sign(issued.get(), issuer_key.get(), EVP_sha256()) == 0) {
    return invalid("the certificate cannot be made");
  }
  return pem_of(issued.get());
}

bool proves_possession(std::string_view authority_pem, std::string_view certificate_pem, std::string_view request_pem) {
  ERR_clear_error();
  const CertificatePtr authority = read_certificate(authority_pem);
  const CertificatePtr certificate = read_certificate(certificate_pem);
  const Result<RequestPtr> request = read_request(request_pem);
  return authority != nullptr && certificate != nullptr && request &&
         X509_verify(certificate.get(), X509_get0_pubkey(authority.get())) == 1 &&
         EVP_PKEY_eq(X509_get0_pubkey(certificate.get()), X509_REQ_get0_pubkey(request->get())) == 1;
}

Result<Bytes> certificate_fingerprint(std::string_view certificate_pem) {
  ERR_clear_error();
  const CertificatePtr certificate = read_certificate(certificate_pem);
  if (certificate == nullptr) return invalid("not a PEM certificate");
  Bytes digest(EVP_MAX_MD_SIZE);
  unsigned size = 0;
  X509_digest(certificate.get(), EVP_sha256(), digest.data(), &size);
  digest.resize(size);
  return digest;
}

}  // namespace railgun::tls
