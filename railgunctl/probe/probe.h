// What a probe saw of a peer's port, and what follows from it. Pure: railgunctl/probe/prober.h looks.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "railgunctl/context.h"
#include "railgunctl/wire.h"
#include "railgund/base/endpoint.h"
#include "railgund/base/result.h"
#include "railgund/base/time.h"
#include "railgund/tls/certificate.h"

namespace railgun::ctl {

// In the order of looking: what comes after a failure is empty.
struct ProbeFacts {
  Endpoint target{};

  std::vector<std::string> addresses{};
  std::optional<Duration> name_time{};  // nothing for an address
  std::optional<Error> name_error{};

  std::vector<ConnectResult> attempts{};  // an address each, until one is open

  // TLS as anyone sees it, without a certificate of ours.
  struct Tls {
    Duration time{};
    std::string version{}, cipher{}, group{}, protocol{};  // `group`: of the key exchange; `protocol`: by ALPN
    std::optional<tls::CertificateFacts> certificate{};
    bool asks_for_certificate = false;  // and let us go no further without
  };
  std::optional<Tls> tls{};
  std::optional<Error> tls_error{};
  std::string first_bytes{};  // what came instead of TLS

  // A link with this machine's certificate, if it has one.
  std::string identity{};                 // its name
  std::optional<Error> identity_error{};  // why it cannot be used
  std::optional<tls::CertificateFacts> authority{};
  struct Link {
    unsigned lowest_version = 0, highest_version = 0;
    bool is_sender = false;  // then it was not asked for its echo: it would take us for a listener
    std::string build{};
    std::vector<Duration> round_trips{};
  };
  std::optional<Link> link{};
  std::optional<Error> link_error{};
};

struct ProbeVerdict {
  // For programs: "railgun", "refused by railgun", "bad certificate", "no link", "not railgun", "not tls", "link
  // without tls", "silent", "closed", "refused", "timeout", "unreachable", "no such name".
  const char* word = "";
  std::string text{};    // for people
  std::string advice{};  // what to do, or empty
  ExitCode exit_code = ExitCode::kOk;
};
ProbeVerdict judge(const ProbeFacts& facts, WallTime now);

// The shortest time that anything took to go there and back, or nothing.
std::optional<Duration> round_trip(const ProbeFacts& facts);

std::string probe_text(const ProbeFacts& facts, const ProbeVerdict& verdict, WallTime now);
std::string probe_json(const ProbeFacts& facts, const ProbeVerdict& verdict);

}  // namespace railgun::ctl
