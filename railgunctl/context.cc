#include "railgunctl/context.h"

#include <ostream>

#include "railgund/control/message.h"

namespace railgun::ctl {

ExitCode report(Context& context, const Failure& failure) {
  if (context.json) {
    context.out << control::format_error(failure.error) << '\n';
  } else {
    context.err << "railgunctl: " << failure.error.text << '\n';
  }
  return failure.exit_code;
}

ExitCode report(Context& context, const Error& error) {
  return report(context, Failure{error.code == Errc::kDenied ? ExitCode::kDenied : ExitCode::kFailed, error});
}

}  // namespace railgun::ctl
