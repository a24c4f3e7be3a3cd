// OpenSSL's objects, each with its owner. Included by this folder's sources alone.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "railgund/base/time.h"
#include "railgund/tls/certificate.h"

namespace railgun::tls {

template <auto kFree>
struct Freer {
  template <typename T>
  void operator()(T* object) const noexcept {
    kFree(object);
  }
};

using BioPtr = std::unique_ptr<BIO, Freer<BIO_free_all>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using CertificatePtr = std::unique_ptr<X509, Freer<X509_free>>;
using RequestPtr = std::unique_ptr<X509_REQ, Freer<X509_REQ_free>>;
using SslPtr = std::unique_ptr<SSL, Freer<SSL_free>>;
using NumberPtr = std::unique_ptr<BIGNUM, Freer<BN_free>>;
using ExtensionPtr = std::unique_ptr<X509_EXTENSION, Freer<X509_EXTENSION_free>>;
using NamesPtr = std::unique_ptr<GENERAL_NAMES, Freer<GENERAL_NAMES_free>>;

// A view as a source to read from; lives as long as the text.
BioPtr bio_over(std::string_view text);
std::string bio_text(BIO* bio);

// The first error OpenSSL has queued, in its words; empties the queue.
std::string openssl_error();

// Null if there is none in the text. Never asks for a pass phrase.
CertificatePtr read_certificate(std::string_view pem);
KeyPtr read_key(std::string_view pem);

WallTime wall_time(const ASN1_TIME* time);
std::string common_name_of(const X509_NAME* name);
CertificateFacts facts_of(const X509* certificate);

}  // namespace railgun::tls
