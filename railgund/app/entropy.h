// The kernel's randomness, which OpenSSL waits for without a word. Machines that just booted may not have enough for
// minutes: kernels before 5.6 without a source of their own, and those before 3.17, where nothing tells but
// /dev/random.
#pragma once

namespace railgun::app {

// False if the first use of OpenSSL may have to wait.
bool has_entropy();

inline constexpr const char* kWaitingForEntropy =
    "waiting for entropy: the kernel has not gathered enough randomness for TLS yet; on a virtual machine install "
    "rng-tools or haveged";

}  // namespace railgun::app
