// railgun create|list|show|enable|disable|delete on a sender, activate on a listener.
#include <ostream>

#include <CLI/CLI.hpp>

#include "railgunctl/client.h"
#include "railgunctl/commands/commands.h"
#include "railgunctl/render.h"
#include "railgund/base/text.h"

namespace railgun::ctl {
namespace {

using control::Command;
using control::Railgun;
using control::Request;

// Activation crosses the network: two ends, a key, a signature.
constexpr Duration kTimeout = std::chrono::seconds(60);

std::string list_text(const std::vector<std::string>& items) { return items.empty() ? "-" : join(items); }

const char* status_words(const Railgun& railgun) {
  if (railgun.status == control::RailgunStatus::kDeleted) return railgun.deactivated > 0 ? "deactivated" : "deleted";
  if (!railgun.enabled) return "disabled";
  return railgun.status == control::RailgunStatus::kVerified ? "verified" : "waiting for its listener";
}

std::string words(const Railgun& railgun) {
  return "name        " + railgun.name + "\nstatus      " + control::name_of(railgun.status) + " (" +
         status_words(railgun) + ")\nhosts       " + list_text(railgun.hosts) + "\nlisteners   " +
         list_text(railgun.addresses) + "\nuses left   " + std::to_string(railgun.uses_left) + "\ncreated     " +
         date_text(railgun.created) + "\ntoken until " + date_text(railgun.expires) + "\nactivated   " +
         date_text(railgun.activated) + "\ncertificates " + list_text(railgun.serials) + '\n';
}

std::string words(const control::Railguns& all) {
  if (all.railguns.empty())
    return "No railguns yet. Create one: railgunctl railgun create NAME --host www.example.com\n";
  std::vector<std::vector<std::string>> rows;
  rows.reserve(all.railguns.size());
  for (const Railgun& railgun : all.railguns) {
    rows.push_back({railgun.name, control::name_of(railgun.status), status_words(railgun), list_text(railgun.hosts),
                    list_text(railgun.addresses), date_text(railgun.activated)});
  }
  return table({"NAME", "STATUS", "", "HOSTS", "LISTENERS", "ACTIVATED"}, rows);
}

std::string words(const control::CreatedRailgun& created) {
  return "Created railgun " + created.railgun.name + " for " + list_text(created.railgun.hosts) +
         ". Run this on the listener (the token is shown only once):\n\n  railgunctl activate " + created.token +
         "\n\nThe token is valid for " + std::to_string(created.railgun.uses_left) + " use(s) until " +
         date_text(created.railgun.expires) + ".\n";
}

std::string words(const control::Activated& activated) {
  return "Activated as " + activated.name + " by " + activated.sender + ". The certificate is valid until " +
         date_text(activated.certificate_expires) + " and is renewed automatically.\n";
}

template <typename T>
ExitCode run(Context& context, const Request& request) {
  const auto json = ask(socket_path(context), request, kTimeout);
  if (!json) return report(context, json.error());
  const auto value = control::from_json<T>(*json);
  if (!value) return report(context, value.error());
  context.out << (context.json ? *json + '\n' : words(*value));
  return ExitCode::kOk;
}

void add_create(CLI::App& family, Context& context) {
  CLI::App* create =
      family.add_subcommand("create", "Create a railgun and print the token that activates its listener");
  auto request = std::make_shared<Request>(Request{.command = Command::kRailgunCreate, .arguments = {}});
  create->add_option("name", request->arguments.name, "Name of the railgun")->required();
  create->add_option("--host", request->arguments.hosts, "Host name that its listener may serve (repeatable)")
      ->required()
      ->allow_extra_args(false);
  create->add_option("--uses", request->arguments.uses, "Number of listeners that may use the token")
      ->capture_default_str();
  create
      ->add_option("--expires", request->arguments.expires_seconds,
                   "Lifetime of the token, such as 90m, 24h or 7d (default 24h)")
      ->transform(
          CLI::AsNumberWithUnit(std::map<std::string, std::uint32_t>{{"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}}));
  create->footer("Example: railgunctl railgun create paris --host www.example.com --expires 24h");
  create->callback([&context, request] { context.exit_code = run<control::CreatedRailgun>(context, *request); });
}

void add_named(CLI::App& family, Context& context, const char* name, const char* help, Command which) {
  CLI::App* command = family.add_subcommand(name, help);
  auto request = std::make_shared<Request>(Request{.command = which, .arguments = {}});
  command->add_option("name", request->arguments.name, "Name of the railgun")->required();
  command->footer(std::string("Example: railgunctl railgun ") + name + " paris");
  command->callback([&context, request] { context.exit_code = run<Railgun>(context, *request); });
}

}  // namespace

void add_railgun_commands(CLI::App& app, Context& context) {
  CLI::App* family = app.add_subcommand("railgun", "Manage the listeners that are registered with this sender");
  family->require_subcommand(1);
  family->fallthrough();
  add_create(*family, context);
  CLI::App* list = family->add_subcommand("list", "List all railguns");
  list->footer("Example: railgunctl railgun list");
  list->callback([&context] {
    context.exit_code = run<control::Railguns>(context, {.command = Command::kRailgunList, .arguments = {}});
  });
  add_named(*family, context, "show", "Show one railgun", Command::kRailgunShow);
  add_named(*family, context, "enable", "Let a disabled railgun serve again", Command::kRailgunEnable);
  add_named(*family, context, "disable", "Close a railgun's links and reject its listeners until it is enabled",
            Command::kRailgunDisable);
  add_named(*family, context, "delete", "Close a railgun's links and revoke its certificates permanently",
            Command::kRailgunDelete);

  CLI::App* activate = app.add_subcommand("activate", "Register this listener with the sender that created the token");
  auto request = std::make_shared<Request>(Request{.command = Command::kActivate, .arguments = {}});
  activate->add_option("token", request->arguments.token, "The token that 'railgunctl railgun create' printed")
      ->required();
  activate->add_option("--host", request->arguments.host,
                       "Host name or address at which the sender reaches this listener");
  activate->footer("Example: railgunctl activate rg1-… --host listener.example.com");
  activate->callback([&context, request] { context.exit_code = run<control::Activated>(context, *request); });
}

}  // namespace railgun::ctl
