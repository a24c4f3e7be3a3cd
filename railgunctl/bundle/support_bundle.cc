// support-bundle: everything that support asks for in one file, and no secret in it.
#include <ctime>
#include <filesystem>
#include <ostream>

#include <CLI/CLI.hpp>
#include <unistd.h>

#include "railgunctl/bundle/archive.h"
#include "railgunctl/bundle/log_lines.h"
#include "railgunctl/bundle/redact.h"
#include "railgunctl/bundle/system_report.h"
#include "railgunctl/check/doctor.h"
#include "railgunctl/client.h"
#include "railgunctl/commands/commands.h"
#include "railgunctl/render.h"
#include "railgunctl/settings_file.h"
#include "railgund/base/file.h"
#include "railgund/config/settings_table.h"
#include "railgund/control/json_fields.h"
#include "railgund/net/clock.h"

namespace railgun::ctl {
namespace {

constexpr std::size_t kMaxLogBytes = 10 << 20, kMaxPanicBytes = 1 << 20, kMaxConfigBytes = 4 << 20;
constexpr std::size_t kMaxCertificateFiles = 100, kMaxCertificateBytes = 1 << 20;
constexpr Duration kTimeout = std::chrono::seconds(1);

struct Options {
  std::string output{};
  std::string root{};
};

struct Entry {
  std::string name, content;
};

// Collects entries, and notes what could not be had.
class Collector {
 public:
  Collector(Context& context, const Options& options) : context_(context), root_(options.root) {}

  // The configuration goes first: what is secret in it is then looked for in everything else.
  std::vector<Entry> collect() {
    configuration();
    daemon();
    check();
    panic_log();
    logs();
    certificates();
    add("system.txt", redactor_.text(system_report(root_, daemon_pid_), "system.txt"));
    entries_.insert(entries_.begin(), {"MANIFEST.txt", manifest()});
    return std::move(entries_);
  }
  const std::vector<std::string>& missing() const { return missing_; }

 private:
  void add(const std::string& name, std::string content) { entries_.push_back({name, std::move(content)}); }
  void miss(const std::string& name, const std::string& why) { missing_.push_back(name + ": " + why); }
  // What the file sets, else what the packaged file does.
  std::string setting(std::string_view key) const {
    const std::string* value = find_setting(settings_, key);
    return value != nullptr && !value->empty() ? *value : config::shipped_value(key);
  }

  void configuration() {
    const auto config = read_file(root_ + context_.config, kMaxConfigBytes);
    if (config) {
      settings_ = parse_settings(*config);
      add("railgun.conf", redactor_.settings(*config, "railgun.conf"));
    } else {
      miss("railgun.conf", config.error().text);
    }
    const std::string path = root_ + setting("map.file");
    const auto map = read_file(path, kMaxConfigBytes);
    if (map) {
      add("railgun-nat.conf", redactor_.settings(*map, "railgun-nat.conf"));
    } else {
      miss("railgun-nat.conf", map.error().text);
    }
  }

  void daemon() {
    const std::string socket = root_.empty() ? socket_path(context_) : root_ + setting("control.socket");
    const auto ask_for = [&](control::Command command, const std::string& name) {
      auto json = ask(socket, {.command = command, .arguments = {}}, kTimeout);
      if (json) {
        add(name, redactor_.text(*json, name));
      } else {
        miss(name, json.error().error.text);
      }
      return json;
    };
    const auto status = ask_for(control::Command::kStatus, "status.json");
    if (status) {
      if (const auto value = control::from_json<control::Status>(*status)) {
        daemon_pid_ = static_cast<long>(value->pid);
        add("status.txt", redactor_.text(render(*value), "status.txt"));
      }
      (void)ask_for(control::Command::kStats, "stats.json");  // what is missing is noted
    } else {
      miss("stats.json", "for the same reason as status.json");
    }
  }

  void check() {
    if (!root_.empty()) return miss("check.txt", "only the running system can be checked (not with --root)");
    add("check.txt",
        redactor_.text(findings_text(check_all(context_, {.hosts = {}, .timeout = kTimeout})), "check.txt"));
  }

  void panic_log() {
    const std::string path = root_ + setting("stderr.file");
    const auto text = read_start_of_file(path, kMaxPanicBytes);
    if (!text) {
      miss("panic.log", text.error().text);
    } else if (text->empty()) {
      miss("panic.log", "empty: no crash was recorded");
    } else {
      add("panic.log", redactor_.text(*text, "panic.log"));
    }
  }

  void logs() {
    std::string reasons;
    for (const char* path : {"/var/log/syslog", "/var/log/messages"}) {
      const auto lines = log_lines_of_file(root_ + path, kMaxLogBytes);
      if (lines && !lines->empty()) return add("log.txt", redactor_.text(*lines, "log.txt"));
      reasons += lines ? std::string(path) + ": no lines from railgun; " : lines.error().text + "; ";
    }
    if (root_.empty()) {
      const auto lines = log_lines_of_journal(kMaxLogBytes);
      if (lines) return add("log.txt", redactor_.text(*lines, "log.txt"));
      reasons += lines.error().text;
    }
    miss("log.txt", reasons);
  }

  void certificates() {
    std::vector<std::string> paths;
    for (const char* key : {"cert.file", "link.ca_file"}) {
      if (find_setting(settings_, key) != nullptr) paths.push_back(root_ + setting(key));
    }
    std::error_code error;
    const std::string folder = root_ + setting("state.directory");
    for (auto file = std::filesystem::directory_iterator(folder, error);
         !error && file != std::filesystem::directory_iterator(); file.increment(error)) {
      if (file->is_regular_file(error) && paths.size() < kMaxCertificateFiles) paths.push_back(file->path());
    }
    if (error) miss("certificates of " + folder, error.message());
    std::string all;
    for (const std::string& path : paths) {
      const auto text = read_file(path, kMaxCertificateBytes);
      const std::string found = text ? Redactor::certificates(*text) : "";
      if (!found.empty()) all.append("# ").append(path).append("\n").append(found);
    }
    if (all.empty()) return miss("certificates.pem", "no certificate found");
    add("certificates.pem", std::move(all));
  }

  std::string manifest() const {
    std::string text = "Support bundle of railgun, made by railgunctl " RAILGUN_VERSION " on " +
                       date_text(net::wall_now().time_since_epoch().count()) + "\n\nWhat is in it:\n";
    for (const Entry& entry : entries_) text += "  " + entry.name + ", " + bytes_text(entry.content.size()) + '\n';
    text += "\nMissing:\n";
    for (const std::string& line : missing_) text += "  " + line + '\n';
    text += "\nSecrets removed (file:line):\n";
    for (const std::string& line : redactor_.removed()) text += "  " + line + '\n';
    return text;
  }

  Context& context_;
  std::string root_;
  Redactor redactor_;
  Settings settings_;
  long daemon_pid_ = 0;
  std::vector<Entry> entries_;
  std::vector<std::string> missing_;
};

std::string default_name() {
  char host[65] = "host";
  gethostname(host, sizeof host - 1);
  char time[32];
  const std::time_t now = net::wall_now().time_since_epoch().count();
  std::tm parts{};
  std::strftime(time, sizeof time, "%Y%m%d-%H%M%S", gmtime_r(&now, &parts));
  return std::string("railgun-support-") + host + '-' + time + ".tar.gz";
}

ExitCode run_bundle(Context& context, Options options) {
  if (options.output.empty()) options.output = default_name();
  auto archive = Archive::create(options.output);
  if (!archive) return report(context, archive.error());
  Collector collector(context, options);
  const std::string folder = "railgun-support/";
  for (const Entry& entry : collector.collect()) {
    if (auto added = archive->add(folder + entry.name, entry.content); !added) return report(context, added.error());
  }
  if (auto finished = archive->finish(); !finished) return report(context, finished.error());
  if (context.json) {
    context.out << control::dump({{"file", options.output}, {"missing", collector.missing()}}) << '\n';
    return ExitCode::kOk;
  }
  context.out << "Wrote " << options.output << ", " << bytes_text(std::filesystem::file_size(options.output)) << ".\n";
  if (!collector.missing().empty()) context.out << "Missing:\n";
  for (const std::string& line : collector.missing()) context.out << "  " << line << '\n';
  context.out << "Tokens, keys and cookies were removed; MANIFEST.txt in the bundle lists where.\n";
  return ExitCode::kOk;
}

}  // namespace

void add_bundle_command(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("support-bundle", "Collect what support needs in one file, without secrets");
  auto options = std::make_shared<Options>();
  command->add_option("-o,--output", options->output, "File to write (default: railgun-support-HOST-TIME.tar.gz)");
  command->add_option("--root", options->root, "Root directory of the system to examine, if it is not the running one");
  command->footer("Example: railgunctl support-bundle -o /tmp/railgun.tar.gz");
  command->callback([&context, options] { context.exit_code = run_bundle(context, *options); });
}

}  // namespace railgun::ctl
