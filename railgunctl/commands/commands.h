// The commands of railgunctl, in families. Each adds itself to the command line and sets `context.exit_code` when run;
// `context` outlives the App.
#pragma once

#include "railgunctl/context.h"

namespace CLI {
class App;
}

namespace railgun::ctl {

void add_status_commands(CLI::App& app, Context& context);   // status, top, links, sites, stats
void add_change_commands(CLI::App& app, Context& context);   // reload, config, purge, log-level, drain
void add_railgun_commands(CLI::App& app, Context& context);  // railgun create …, activate
void add_probe_command(CLI::App& app, Context& context);
void add_check_command(CLI::App& app, Context& context);
void add_diagnose_command(CLI::App& app, Context& context);
void add_decode_command(CLI::App& app, Context& context);
void add_bundle_command(CLI::App& app, Context& context);  // support-bundle
void add_delta_commands(CLI::App& app, Context& context);  // delta encode, delta apply
void add_savings_command(CLI::App& app, Context& context);
void add_debug_commands(CLI::App& app, Context& context);  // debug crash

}  // namespace railgun::ctl
