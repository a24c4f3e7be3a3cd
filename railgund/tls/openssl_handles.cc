#include "railgund/tls/openssl_handles.h"

#include <ctime>

#include <openssl/err.h>
#include <openssl/pem.h>

namespace railgun::tls {
namespace {

int no_pass_phrase(char*, int, int, void*) { return -1; }

}  // namespace

BioPtr bio_over(std::string_view text) { return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); }

std::string bio_text(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string openssl_error() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  const char* const reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason == nullptr ? "unknown reason" : reason;
}

CertificatePtr read_certificate(std::string_view pem) {
  const BioPtr bio = bio_over(pem);
  return CertificatePtr(PEM_read_bio_X509(bio.get(), nullptr, no_pass_phrase, nullptr));
}

KeyPtr read_key(std::string_view pem) {
  const BioPtr bio = bio_over(pem);
  return KeyPtr(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_pass_phrase, nullptr));
}

WallTime wall_time(const ASN1_TIME* time) {
  std::tm parts{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) return {};
  return WallTime(std::chrono::seconds(timegm(&parts)));
}

}  // namespace railgun::tls
