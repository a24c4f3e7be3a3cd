// A sender's own key and certificate, and the authority that signs all certificates of its railguns: files of the state
// directory, made at the first start and renewed before they expire.
#pragma once

#include "railgund/base/result.h"
#include "railgund/base/time.h"
#include "railgund/config/config.h"
#include "railgund/tls/authority.h"

namespace railgun::activation {

// Makes the authority if there is none, and the sender's certificate if there is none or it is due for renewal. True if
// files have changed. Errors: those of the state directory; kInvalid if half of the authority is missing.
Result<bool> prepare_identity(const config::Config& config, WallTime now);

// When prepare_identity() should be called again.
Duration until_next_check(const config::Config& config, WallTime now);

// Errors: those of read_state_file().
Result<tls::KeyAndCertificate> load_authority(const config::Config& config);

}  // namespace railgun::activation
