// What `check` makes of the machine: clock, certificates, kernel, limits, files, disk. Pure: facts in, findings out;
// railgunctl/check/machine_facts.h gathers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "railgunctl/check/finding.h"
#include "railgund/base/result.h"
#include "railgund/base/time.h"
#include "railgund/config/config.h"
#include "railgund/tls/certificate.h"
#include "railgund/tls/certificate_folder.h"

namespace railgun::ctl {

struct ClockFacts {
  WallTime now{};
  std::optional<bool> is_synchronized{};  // nothing: the kernel did not say
  Duration max_error{};
  // Another machine's time, seen at `now`.
  struct Other {
    std::string who{};
    WallTime time{};
  };
  std::vector<Other> others{};
  std::optional<tls::CertificateFacts> certificate{};  // ours: it was made before now
};
Findings judge_clock(const ClockFacts& facts);

struct CertificateCheck {
  config::Role role = config::Role::kListener;
  bool wan_tls = true;
  bool is_set = false;  // by cert.file and its kin, and not by activation
  WallTime now{};
  std::optional<tls::CertificateFacts> certificate{}, authority{};
  std::optional<Error> error{};  // why certificate and key cannot be used together
};
Findings judge_certificates(const CertificateCheck& facts);

// The certificates for visitors, as the daemon would load them now: names and days left of each.
Findings judge_visitor_certificates(const Result<tls::CertificateFolder>& folder, WallTime now);

// Values of /proc/sys, empty where they could not be read.
struct KernelFacts {
  std::string slow_start_after_idle{}, congestion{}, allowed_congestion{}, queue_discipline{};
  std::string wan_congestion{};  // the setting
};
Findings judge_kernel(const KernelFacts& facts);

struct LimitFacts {
  bool daemon_runs = false;
  std::optional<std::uint64_t> files{};  // that the daemon may have open
  config::Role role = config::Role::kListener;
  std::uint64_t clients = 0;               // settings
  std::uint64_t streams = 0;               // of one link: each may need a connection to the origin
  std::uint64_t memory_limit_bytes = 0;    // page versions
  std::uint64_t machine_memory_bytes = 0;  // 0: not known
};
Findings judge_limits(const LimitFacts& facts);

struct FileFacts {
  enum class Kind { kSettings, kPrivateKey, kStateFolder, kRegistry };
  Kind kind = Kind::kSettings;
  std::string path{};
  unsigned mode = 0;        // permission bits
  bool has_secret = false;  // kSettings: a token or password is in it
};
Findings judge_files(const std::vector<FileFacts>& files);

struct DiskFacts {
  std::string path{};
  std::string purpose{};  // "state", "log"
  std::optional<Error> error{};
  std::uint64_t free_bytes = 0, total_bytes = 0;
  std::uint64_t free_files = 0, total_files = 0;  // 0 of 0: the file system does not count them
  bool is_read_only = false;
};
Findings judge_disks(const std::vector<DiskFacts>& disks);

}  // namespace railgun::ctl
