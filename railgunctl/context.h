// What every command of railgunctl shares: where the daemon is, how to print, how to end.
#pragma once

#include <iosfwd>
#include <string>

#include "railgund/base/result.h"
#include "railgund/config/state_files.h"

namespace railgun::ctl {

// Documented in railgunctl(1).
enum class ExitCode : int {
  kOk = 0,
  kFailed = 1,       // the command failed, or what it looked at is not healthy
  kUsage = 2,        // the command line makes no sense
  kUnreachable = 3,  // no daemon answers
  kDenied = 4,       // not allowed
};

struct Context {
  std::string socket{};  // empty: as in the configuration
  std::string config = config::kPackagedConfigFile;
  bool json = false;
  std::ostream& out;
  std::ostream& err;
  ExitCode exit_code = ExitCode::kOk;  // set by the command that ran
};

struct Failure {
  ExitCode exit_code;
  Error error;
};

// Prints the failure (as JSON on `out` with --json, else in words on `err`) and gives its exit code.
ExitCode report(Context& context, const Failure& failure);
ExitCode report(Context& context, const Error& error);

}  // namespace railgun::ctl
