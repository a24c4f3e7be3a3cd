// One page as it came through the pair and as its origin gives it, and what follows from the two. Pure:
// railgunctl/commands/diagnose_command.cc fetches.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "railgunctl/context.h"
#include "railgunctl/probe/fetch.h"
#include "railgund/base/endpoint.h"
#include "railgund/base/result.h"
#include "railgund/proxy/cf_railgun.h"

namespace railgun::ctl {

// One fetch, with what was made of its answer.
struct Sample {
  Fetched answer{};
  std::string body_hash{};                    // SHA-1 of the decoded body, as the original has it
  std::optional<proxy::CfRailgun> passage{};  // what the answer's header says
};

struct Diagnosis {
  std::string url{}, method = "GET", host{};
  std::string header_name = "Cf-Railgun";  // empty: the sender is set to give none
  Endpoint sender{};
  // The first only warms: connections, and the page version that both ends keep. Those after it are measured.
  std::vector<Sample> through{};
  std::string origin{};  // "https://origin.example.com:443"; empty: `no_origin` says why
  std::string no_origin{};
  std::vector<Sample> direct{};  // before and after those through the pair
};

enum class Sameness {
  kSame,       // byte for byte
  kMoving,     // the origin itself gives another page each time, so that bytes prove nothing
  kDifferent,  // the origin repeats itself, and what came through the pair is not that
  kUnknown,    // one of the two could not be had
};
Sameness compare(const Diagnosis& diagnosis);

struct DiagnosisVerdict {
  std::string text{};
  std::string advice{};
  ExitCode exit_code = ExitCode::kOk;
};
DiagnosisVerdict judge(const Diagnosis& diagnosis);

// The sample that stands for those measured: the one of the median time. Null if there is none.
const Sample* measured(const Diagnosis& diagnosis);

// "No Content-Length or Transfer-Encoding", or empty: what a client misses in the head (a field of the original's).
std::string missing_headers(const Fetched& answer);

std::string diagnosis_text(const Diagnosis& diagnosis, const DiagnosisVerdict& verdict);
// The original's fields, in its forms, and ours beside them.
std::string diagnosis_json(const Diagnosis& diagnosis, const DiagnosisVerdict& verdict);

}  // namespace railgun::ctl
