// check: what may be wrong on this machine and around it, and what to do.
#include <ostream>

#include <CLI/CLI.hpp>

#include "railgunctl/check/doctor.h"
#include "railgunctl/commands/commands.h"

namespace railgun::ctl {
namespace {

struct Options {
  CheckOptions check{};
  double timeout_seconds = 3;
};

ExitCode run_check(Context& context, Options options) {
  options.check.timeout = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(options.timeout_seconds));
  const Findings findings = check_all(context, options.check);
  context.out << (context.json ? findings_json(findings) : findings_text(findings));
  return has_error(findings) ? ExitCode::kFailed : ExitCode::kOk;
}

}  // namespace

void add_check_command(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("check", "Check this host and its network for problems and suggest fixes");
  auto options = std::make_shared<Options>();
  command->add_option("--host", options->check.hosts, "On a listener: also check the origin of this host (repeatable)")
      ->allow_extra_args(false);
  command->add_option("--timeout", options->timeout_seconds, "Timeout for each kind of network check, in seconds")
      ->check(CLI::Range(0.1, 60.0))
      ->capture_default_str();
  command->footer(
      "Works without a running daemon. Run it as root, so that it can read everything.\n"
      "Grades: ok, WARNING, ERROR, - (not applicable), ? (unknown). Exit code 1 if\n"
      "there is an ERROR.\n"
      "Example: railgunctl check\n"
      "         railgunctl check --host www.example.com --json");
  command->callback([&context, options] { context.exit_code = run_check(context, *options); });
}

}  // namespace railgun::ctl
