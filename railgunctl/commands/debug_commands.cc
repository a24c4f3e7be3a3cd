// debug: what is for developers alone, and in no help.
#include <ostream>

#include <CLI/CLI.hpp>

#include "railgunctl/client.h"
#include "railgunctl/commands/commands.h"

namespace railgun::ctl {
namespace {

// A daemon that crashes answers nothing.
ExitCode run_crash(Context& context, const control::Request& request) {
  const auto json = ask(socket_path(context), request, std::chrono::seconds(30));
  if (json) return report(context, Error{Errc::kInvalid, "the daemon answered instead of crashing"});
  const std::string& text = json.error().error.text;
  if (text.find("it closed the connection") == std::string::npos && text.find("reset by peer") == std::string::npos) {
    return report(context, json.error());
  }
  context.out << "The daemon crashed, as requested.\n";
  return ExitCode::kOk;
}

}  // namespace

void add_debug_commands(CLI::App& app, Context& context) {
  CLI::App* debug = app.add_subcommand("debug", "Commands for developers");
  debug->group("");
  debug->require_subcommand(1);
  debug->fallthrough();
  CLI::App* crash = debug->add_subcommand("crash", "Crash the daemon (needs debug.commands = 1, and root)");
  auto request = std::make_shared<control::Request>(
      control::Request{.command = control::Command::kCrash, .arguments = {.name = "segfault"}});
  crash->add_option("how", request->arguments.name, "check, exception, segfault or overflow")->capture_default_str();
  crash->callback([&context, request] { context.exit_code = run_crash(context, *request); });
}

}  // namespace railgun::ctl
