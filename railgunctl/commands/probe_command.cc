// probe: does Railgun answer there? Needs no daemon and no secret.
#include <ostream>

#include <CLI/CLI.hpp>

#include "railgunctl/commands/commands.h"
#include "railgunctl/probe/prober.h"
#include "railgund/config/parser.h"
#include "railgund/net/clock.h"

namespace railgun::ctl {
namespace {

constexpr std::uint16_t kLinkPort = 2408;

struct Options {
  std::string target{};
  double timeout_seconds = 5;
};

// A machine without Railgun has none, and is as good a place to look from as any.
OwnIdentity identity_here(const Context& context) {
  const auto loaded = config::load_config(context.config);
  if (loaded) return own_identity(loaded->config);
  OwnIdentity none;
  if (loaded.error().code != Errc::kNotFound) none.error = loaded.error();
  return none;
}

ExitCode run_probe(Context& context, const Options& options) {
  const auto target = parse_endpoint(options.target, kLinkPort);
  if (!target) throw CLI::ValidationError("HOST[:PORT]", target.error().text);
  const auto timeout = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(options.timeout_seconds));
  const ProbeFacts facts = probe(*target, identity_here(context), net::steady_now() + timeout);
  const auto now = net::wall_now();
  const ProbeVerdict verdict = judge(facts, now);
  context.out << (context.json ? probe_json(facts, verdict) : probe_text(facts, verdict, now));
  return verdict.exit_code;
}

}  // namespace

void add_probe_command(CLI::App& app, Context& context) {
  CLI::App* command =
      app.add_subcommand("probe", "Test whether Railgun answers at an address, and measure the round trip");
  auto options = std::make_shared<Options>();
  command->add_option("HOST[:PORT]", options->target, "The address to test; the default port is 2408")->required();
  command->add_option("--timeout", options->timeout_seconds, "Timeout for the whole test, in seconds")
      ->check(CLI::Range(0.1, 600.0))
      ->capture_default_str();
  command->footer(
      "Needs no daemon on this machine. If this machine has a Railgun certificate, the\n"
      "test also opens a link. Exit codes: 0 Railgun answers; 1 something else answers,\n"
      "or the link or its certificate is faulty; 3 no answer; 4 Railgun does not trust\n"
      "this machine.\n"
      "Example: railgunctl probe listener.example.com\n"
      "         railgunctl probe --json 192.0.2.7:2408 --timeout 2");
  command->callback([&context, options] { context.exit_code = run_probe(context, *options); });
}

}  // namespace railgun::ctl
