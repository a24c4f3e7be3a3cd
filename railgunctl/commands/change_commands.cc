// reload, config, purge, log-level, drain: steering the daemon.
#include <ostream>

#include <CLI/CLI.hpp>

#include "railgunctl/client.h"
#include "railgunctl/commands/commands.h"
#include "railgunctl/render.h"

namespace railgun::ctl {
namespace {

using control::Command;
using control::Request;

std::string list(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += "  " + name + '\n';
  return text;
}

// Asks, reads the result as a T, prints it as JSON or by `words`.
template <typename T>
ExitCode run(Context& context, const Request& request, std::string (*words)(const T&)) {
  const auto json = ask(socket_path(context), request, std::chrono::seconds(60));
  if (!json) return report(context, json.error());
  const auto value = control::from_json<T>(*json);
  if (!value) return report(context, value.error());
  context.out << (context.json ? *json + '\n' : words(*value));
  return ExitCode::kOk;
}

// For commands whose result is empty.
ExitCode run_plain(Context& context, const Request& request, const std::string& done) {
  const auto json = ask(socket_path(context), request, std::chrono::seconds(60));
  if (!json) return report(context, json.error());
  context.out << (context.json ? *json : done) << '\n';
  return ExitCode::kOk;
}

std::string reload_words(const control::Reloaded& reloaded) {
  std::string text;
  if (reloaded.changed.empty()) text += "Reloaded. No setting changed.\n";
  if (!reloaded.changed.empty()) text += "Reloaded. Changed settings now in effect:\n" + list(reloaded.changed);
  if (!reloaded.needs_restart.empty())
    text += "Changed in the file, but in effect only after a restart:\n" + list(reloaded.needs_restart);
  return text;
}

std::string config_words(const control::ConfigShown& config) {
  std::string text = "# " + config.file + "\n";
  for (const control::Setting& setting : config.settings) {
    text += setting.name + " = " + setting.value;
    if (setting.is_pending) {
      text += "   # after a restart: " + (setting.pending.empty() ? "not set" : setting.pending);
    } else if (!setting.reloadable) {
      text += "   # needs a restart";
    }
    text += '\n';
  }
  return text;
}

std::string purge_words(const control::Purged& purged) {
  return "Purged " + count_text(purged.pages) + " page versions.\n";
}

void add_purge(CLI::App& app, Context& context) {
  CLI::App* command =
      app.add_subcommand("purge", "Drop page versions from memory, so that the next answer for a page is sent whole");
  auto request = std::make_shared<Request>(Request{.command = Command::kPurge, .arguments = {}});
  auto* url = command->add_option("url", request->arguments.url, "The page's URL");
  auto* all = command->add_flag("--all", request->arguments.all, "Purge all pages of all hosts");
  url->excludes(all);
  command->footer("Example: railgunctl purge http://www.example.com/news\n         railgunctl purge --all");
  command->callback([&context, command, request] {
    const control::Arguments& given = request->arguments;
    if (given.url.empty() && !given.all) throw CLI::RequiredError(command->get_name() + ": URL or --all");
    context.exit_code = run<control::Purged>(context, *request, purge_words);
  });
}

}  // namespace

void add_change_commands(CLI::App& app, Context& context) {
  CLI::App* reload =
      app.add_subcommand("reload", "Read the configuration file again; if it has an error, nothing changes");
  reload->footer("Example: railgunctl reload");
  reload->callback([&context] {
    context.exit_code = run<control::Reloaded>(context, {.command = Command::kReload, .arguments = {}}, reload_words);
  });

  CLI::App* config = app.add_subcommand("config", "Show the configuration");
  config->require_subcommand(1);
  config->fallthrough();
  CLI::App* show = config->add_subcommand("show", "Show the settings in effect, without secrets");
  show->footer("Example: railgunctl config show | grep memcached");
  show->callback([&context] {
    context.exit_code =
        run<control::ConfigShown>(context, {.command = Command::kConfig, .arguments = {}}, config_words);
  });

  add_purge(app, context);

  CLI::App* level = app.add_subcommand("log-level", "Set the daemon's log level until its next reload or restart");
  auto request = std::make_shared<Request>(Request{.command = Command::kLogLevel, .arguments = {}});
  level->add_option("level", request->arguments.level, "0: errors and notices, 1: also information, 5: everything")
      ->required()
      ->check(CLI::Range(0, 5));
  level->footer("Example: railgunctl log-level 5");
  level->callback([&context, request] {
    context.exit_code =
        run_plain(context, *request, "Log level set to " + std::to_string(request->arguments.level) + ".");
  });

  CLI::App* drain = app.add_subcommand("drain", "Accept no new requests, finish the current ones, and stop the daemon");
  drain->footer("Example: railgunctl drain");
  drain->callback([&context] {
    context.exit_code = run_plain(context, {.command = Command::kDrain, .arguments = {}}, "Draining.");
  });
}

}  // namespace railgun::ctl
