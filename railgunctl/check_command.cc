// check: what may be wrong on this machine and around it, and what to do.
#include <ostream>

#include <CLI/CLI.hpp>

#include "railgunctl/commands.h"
#include "railgunctl/doctor.h"

namespace railgun::ctl {
namespace {

struct Options {
  CheckOptions check{};
  double timeout_seconds = 3;
};

ExitCode run_check(Context& context, Options options) {
  options.check.patience = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(options.timeout_seconds));
  const Findings findings = check_all(context, options.check);
  context.out << (context.json ? findings_json(findings) : findings_text(findings));
  return has_error(findings) ? ExitCode::kFailed : ExitCode::kOk;
}

}  // namespace

void add_check_command(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("check", "Look for what is wrong here and around, and say what to do");
  auto options = std::make_shared<Options>();
  command->add_option("--host", options->check.hosts, "Also try the origin of this host (a listener's)")
      ->allow_extra_args(false);
  command->add_option("--timeout", options->timeout_seconds, "Seconds for each kind of thing on the network")
      ->check(CLI::Range(0.1, 60.0))
      ->capture_default_str();
  command->footer(
      "It works without the daemon, too, and sees most as root. Grades: ok, WARNING,\n"
      "ERROR, - (not applicable), ? (could not be seen). Exit code 1 if there is an\n"
      "error.\n"
      "Example: railgunctl check\n"
      "         railgunctl check --host www.example.com --json");
  command->callback([&context, options] { context.exit_code = run_check(context, *options); });
}

}  // namespace railgun::ctl
