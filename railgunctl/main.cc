// railgunctl: what the operator types.
#include <cstdio>
#include <exception>
#include <iostream>

#include <CLI/CLI.hpp>
#include <archive.h>

#include "railgunctl/commands/commands.h"
#include "railgunctl/context.h"
#include "railgund/libraries/versions.h"

namespace {

using namespace railgun::ctl;

int run(int argc, char** argv) {
  Context context{.out = std::cout, .err = std::cerr};
  CLI::App app{"Inspects and controls railgund, the WAN accelerator for dynamic web pages."};
  app.name("railgunctl");
  app.set_version_flag("--version", [] {
    return std::string("railgunctl " RAILGUN_VERSION "\n") + archive_version_string() + ", " +
           railgun::library_versions();
  });
  app.add_option("--socket", context.socket,
                 "Path of the daemon's control socket (default: the setting control.socket)")
      ->envname("RAILGUN_SOCKET");
  app.add_option("--config", context.config, "Path of the daemon's configuration file")
      ->envname("RAILGUN_CONFIG")
      ->capture_default_str();
  app.add_flag("--json", context.json, "Print JSON instead of text");
  app.footer(
      "Exit codes: 0 success, 1 failure or a problem found, 2 usage error, 3 no answer, 4 permission denied.\n"
      "Help for a command: railgunctl COMMAND --help");
  app.require_subcommand(1);
  app.fallthrough();

  add_status_commands(app, context);
  add_change_commands(app, context);
  add_railgun_commands(app, context);
  add_probe_command(app, context);
  add_check_command(app, context);
  add_diagnose_command(app, context);
  add_decode_command(app, context);
  add_bundle_command(app, context);
  add_debug_commands(app, context);
  add_delta_commands(app, context);
  add_savings_command(app, context);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    // CLI11 numbers its errors from 100; --help and --version end with 0.
    return code >= 100 ? static_cast<int>(ExitCode::kUsage) : code;
  }
  std::cout.flush();
  return std::cout.good() ? static_cast<int>(context.exit_code) : static_cast<int>(ExitCode::kFailed);
}

}  // namespace

int main(int argc, char** argv) try { return run(argc, argv); } catch (const std::exception& error) {
  std::fprintf(stderr, "railgunctl: %s\n", error.what());
  return static_cast<int>(ExitCode::kFailed);
}
