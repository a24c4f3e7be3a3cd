// railgund: the listener beside the origin, or the sender near the visitors.
#include <chrono>
#include <filesystem>
#include <iostream>
#include <map>
#include <optional>
#include <sstream>

#include <CLI/CLI.hpp>
#include <libmemcached-1.0/memcached.h>

#include "railgund/app/entropy.h"
#include "railgund/app/lifecycle.h"
#include "railgund/app/memory.h"
#include "railgund/app/operations.h"
#include "railgund/app/server.h"
#include "railgund/config/parser.h"
#include "railgund/config/state_files.h"
#include "railgund/libraries/versions.h"
#include "railgund/log/log.h"
#include "railgund/log/panic.h"
#include "railgund/log/panic_report.h"

namespace {

using railgun::config::Role;

// 0 if the file is good; says what is odd about it all the same.
int check(const std::string& path, std::optional<Role> role) {
  const auto parsed = railgun::config::load_config(path, role);
  if (!parsed) {
    std::cerr << parsed.error().text << "\n";
    return 1;
  }
  for (const std::string& warning : parsed->warnings) std::cerr << warning << "\n";
  if (!railgun::app::has_entropy()) std::cerr << railgun::app::kWaitingForEntropy << "\n";
  const auto trust = railgun::app::load_trust(parsed->config);
  if (!trust) {
    std::cerr << path << ": " << trust.error().text << "\n";
    return 1;
  }
  for (const std::string& warning : (*trust)->warnings) std::cerr << warning << "\n";
  std::cout << path << ": good\n";
  return 0;
}

// Whoever starts the daemon by hand, or reads its unit's state, looks at standard error and not at the syslog.
void tell_failed_start(const std::string& text) {
  railgun::log::error(text);
  railgun::log::flush(std::chrono::milliseconds(500));
  if (!railgun::log::is_on_standard_error()) std::cerr << "railgund: " << text << "\n";
}

int serve(const std::string& path, std::optional<Role> role, bool to_standard_error,
          std::vector<std::string> arguments) {
  auto parsed = railgun::config::load_config(path, role);
  if (!parsed) {
    std::cerr << parsed.error().text << "\n";
    return 1;
  }
  railgun::app::tune_allocator();
  const auto config = std::make_shared<const railgun::config::Config>(std::move(parsed->config));
  const auto target = to_standard_error ? railgun::log::Target{} : railgun::log::target_of(config->syslog_addr);
  if (auto opened = railgun::log::open(target, config->log_level); !opened) {
    std::cerr << "syslog.addr: " << opened.error().text << "; logging to standard error\n";
    railgun::log::set_level(config->log_level);
  }
  railgun::log::PanicOptions panic{.file = config->stderr_file, .version = RAILGUN_VERSION};
  if (auto installed = railgun::log::install_panic_reporter(panic); !installed) {
    railgun::log::error("stderr.file: " + installed.error().text);
  }
  std::string last_panic;
  if (!config->stderr_file.empty()) {
    if (auto report = railgun::log::take_panic_report(config->stderr_file)) {
      last_panic = railgun::log::panic_summary(*report);
      railgun::log::error("the last railgund crashed: " + last_panic + "; the report (" + config->stderr_file + "):");
      std::istringstream lines(*report);
      for (std::string line; std::getline(lines, line);) {
        if (!line.empty()) railgun::log::error("| " + line);
      }
    }
  }
  for (const std::string& warning : parsed->warnings) railgun::log::information(warning);
  if (!railgun::app::has_entropy()) railgun::log::error(railgun::app::kWaitingForEntropy);
  auto server = railgun::app::Server::start(
      {.config_path = path, .role = role, .logs_to_standard_error = to_standard_error}, config);
  if (!server) {
    tell_failed_start(server.error().text);
    return 1;
  }
  railgun::app::Lifecycle lifecycle(**server, std::move(arguments));
  const railgun::app::Operations operations(**server, lifecycle, std::move(last_panic));
  lifecycle.run();
  return 0;
}

}  // namespace

// An exception that nobody expected leaves a crash report.
int main(int argc, char** argv) {  // NOLINT(bugprone-exception-escape)
  CLI::App app{"railgund " RAILGUN_VERSION ": a WAN accelerator for dynamic web pages (railgund(8))"};
  std::string path = railgun::config::kPackagedConfigFile;
  bool check_only = false;
  app.add_option("-c,--config", path, "path of the settings file")->capture_default_str();
  app.add_flag("-t,--check", check_only, "check the settings, print any errors, and exit");
  app.set_version_flag("-v,--version", [] {
    return std::string("railgund " RAILGUN_VERSION "\nlibmemcached ") + memcached_lib_version() + ", " +
           railgun::library_versions();
  });
  std::optional<Role> role;
  const std::map<std::string, Role> roles{{"listener", Role::kListener}, {"sender", Role::kSender}};
  app.add_option("--role", role,
                 "listener or sender, instead of the setting role; with --role sender the daemon listens on ports 80 "
                 "and 2409 unless the file sets listen and activation.listen")
      ->transform(CLI::CheckedTransformer(roles));
  bool to_standard_error = false;
  app.add_flag("--stderr", to_standard_error, "log to standard error instead of syslog");
  CLI11_PARSE(app, argc, argv);
  if (check_only) return check(path, role);
  std::vector<std::string> arguments(argv, argv + argc);
  std::error_code error;
  if (const auto program = std::filesystem::read_symlink("/proc/self/exe", error); !error) arguments[0] = program;
  return serve(path, role, to_standard_error, std::move(arguments));
}
