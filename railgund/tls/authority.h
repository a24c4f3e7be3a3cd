// A small certificate authority for the links of one sender: P-256 keys, certificates that name hosts and are good for
// both ends of TLS. Time and serial numbers are arguments; only keys are drawn here.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "railgund/base/bytes.h"
#include "railgund/base/result.h"
#include "railgund/base/time.h"

namespace railgun::tls {

// PEM text. The key is secret.
struct KeyAndCertificate {
  std::string key, certificate;
};
struct KeyAndRequest {
  std::string key, request;
};

struct Validity {
  WallTime from, until;
};

// A certificate that signs itself. `serial`: 16 random bytes.
Result<KeyAndCertificate> create_authority(const std::string& common_name, Validity validity, ByteView serial);

// A key and a request to sign it (PKCS #10).
Result<KeyAndRequest> create_request(const std::string& common_name);
// The same for a key that exists: renewal with the old key. Errors: kInvalid.
Result<std::string> create_request(const std::string& common_name, std::string_view key_pem);

// Checks that the request is whole and signed by the key it names. Gives its common name.
// Errors: kMalformed, kDenied (bad signature, or a key that is not P-256).
Result<std::string> verify_request(std::string_view request_pem);

// A certificate for the request's key. The names are the authority's choice: none of the request's is taken over.
// `names`: DNS names or addresses; the first is also the common name. `serial`: 16 random bytes, never used before.
// Errors: as verify_request(); kInvalid for an authority that is none, or no names.
Result<std::string> issue_certificate(const KeyAndCertificate& authority, std::string_view request_pem,
                                      const std::vector<std::string>& names, Validity validity, ByteView serial);

// Whether the authority signed the certificate, and the request is for the same key. verify_request() has checked the
// request's own signature, so then whoever sent both holds that key.
bool proves_possession(std::string_view authority_pem, std::string_view certificate_pem, std::string_view request_pem);

// SHA-256 of the first certificate in the text, in its binary form: 32 bytes. Errors: kInvalid.
Result<Bytes> certificate_fingerprint(std::string_view certificate_pem);

}  // namespace railgun::tls
