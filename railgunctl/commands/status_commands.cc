// status, top, links, sites, stats: looking at the daemon.
#include <chrono>
#include <ostream>
#include <thread>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "railgunctl/client.h"
#include "railgunctl/commands/commands.h"
#include "railgunctl/render.h"

namespace railgun::ctl {
namespace {

using control::Command;
using control::Status;

// The one list of `json` whose name is `key`, for `links --json` and `sites --json`.
std::string part_of(const std::string& json, const char* key) {
  const auto whole = nlohmann::json::parse(json, nullptr, false);
  return whole.is_object() && whole.contains(key) ? whole[key].dump(2) : "[]";
}

std::string indented(const std::string& json) { return nlohmann::json::parse(json, nullptr, false).dump(2); }

bool is_healthy(const Status& status) {
  for (const control::Problem& problem : status.problems) {
    if (problem.severity == control::Severity::kError) return false;
  }
  return true;
}

ExitCode run_status(Context& context) {
  const auto status = ask_status(context);
  if (!status) return report(context, status.error());
  context.out << (context.json ? indented(control::to_json(*status)) + '\n' : render(*status));
  return is_healthy(*status) ? ExitCode::kOk : ExitCode::kFailed;
}

ExitCode run_links(Context& context) {
  const auto status = ask_status(context);
  if (!status) return report(context, status.error());
  context.out << (context.json ? part_of(control::to_json(*status), "links") + '\n' : render_links(*status));
  return ExitCode::kOk;
}

ExitCode run_sites(Context& context) {
  const auto status = ask_status(context);
  if (!status) return report(context, status.error());
  context.out << (context.json ? part_of(control::to_json(*status), "sites") + '\n' : render_sites(*status));
  return ExitCode::kOk;
}

// "a.b.c: value" a line.
void print_flat(std::ostream& out, const nlohmann::json& json, const std::string& prefix) {
  for (const auto& item : json.items()) {
    const std::string name = prefix.empty() ? item.key() : prefix + '.' + item.key();
    if (item.value().is_structured()) {
      print_flat(out, item.value(), name);
    } else {
      out << name << ": " << item.value().dump() << '\n';
    }
  }
}

ExitCode run_stats(Context& context) {
  const auto json = ask(socket_path(context), {.command = Command::kStats, .arguments = {}});
  if (!json) return report(context, json.error());
  if (context.json) {
    context.out << indented(*json) << '\n';
  } else {
    print_flat(context.out, nlohmann::json::parse(*json, nullptr, false), "");
  }
  return ExitCode::kOk;
}

struct TopOptions {
  double seconds = 1;
  int count = 0;
};

// What happened since the last look, a line.
std::string rates(const Status& before, const Status& now) {
  const double seconds = std::max(now.uptime_seconds - before.uptime_seconds, 0.001);
  const auto rate = [&](std::uint64_t was, std::uint64_t is) {
    return static_cast<std::uint64_t>(static_cast<double>(is > was ? is - was : 0) / seconds);
  };
  return labelled("now", count_text(rate(before.traffic.requests, now.traffic.requests)) + " requests/s, pages " +
                             bytes_text(rate(before.traffic.page_bytes, now.traffic.page_bytes)) + "/s, link " +
                             bytes_text(rate(before.traffic.link_bytes, now.traffic.link_bytes)) + "/s");
}

ExitCode run_top(Context& context, const TopOptions& options) {
  constexpr const char* kClearScreen = "\033[H\033[2J";
  std::optional<Status> before;
  for (int shown = 0; options.count == 0 || shown < options.count; ++shown) {
    if (shown > 0) std::this_thread::sleep_for(std::chrono::duration<double>(options.seconds));
    auto status = ask_status(context);
    if (!status) return report(context, status.error());
    if (context.json) {
      context.out << control::to_json(*status) << '\n';
    } else {
      if (options.count == 0) context.out << kClearScreen;
      context.out << render(*status) << '\n' << rates(before.value_or(*status), *status);
    }
    context.out.flush();
    if (!context.out) return ExitCode::kFailed;
    before = *std::move(status);
  }
  return ExitCode::kOk;
}

}  // namespace

void add_status_commands(CLI::App& app, Context& context) {
  const auto add = [&](const char* name, const char* help, const char* example, ExitCode (*run)(Context&)) {
    CLI::App* command = app.add_subcommand(name, help);
    command->footer(std::string("Example: ") + example);
    command->callback([&context, run] { context.exit_code = run(context); });
  };
  add("status", "Show the daemon's state, savings and problems (exit code 1 if there is an error)", "railgunctl status",
      run_status);
  add("links", "List the links to the other end, with age, round-trip time and streams", "railgunctl links", run_links);
  add("sites", "List the sites that a sender serves, with the savings of each", "railgunctl sites --json", run_sites);
  add("stats", "Print all statistics, under the names that Cloudflare Railgun used",
      "railgunctl stats | grep wan_bytes_sent", run_stats);

  CLI::App* top = app.add_subcommand("top", "Refresh the status periodically");
  auto options = std::make_shared<TopOptions>();
  top->add_option("--every", options->seconds, "Seconds between refreshes")
      ->check(CLI::Range(0.1, 3600.0))
      ->capture_default_str();
  top->add_option("--count", options->count, "Number of refreshes; 0: until Ctrl-C")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  top->footer("Example: railgunctl top --every 5");
  top->callback([&context, options] { context.exit_code = run_top(context, *options); });
}

}  // namespace railgun::ctl
