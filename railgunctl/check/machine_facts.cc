#include "railgunctl/check/machine_facts.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <sstream>

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>

#include "railgunctl/settings_file.h"
#include "railgund/base/file.h"
#include "railgund/config/settings_table.h"
#include "railgund/config/state_files.h"
#include "railgund/net/clock.h"

namespace railgun::ctl {
namespace {

constexpr std::size_t kMostOfAFile = 64 * 1024, kMostOfSettings = 4 << 20;

std::string first_line(const std::string& path) {
  const auto text = read_start_of_file(path, kMostOfAFile);
  return text ? text->substr(0, text->find('\n')) : std::string{};
}

// The first number after `label`, as /proc has it.
std::optional<std::uint64_t> number_after(const std::string& path, std::string_view label) {
  const auto text = read_start_of_file(path, kMostOfAFile);
  const std::size_t at = text ? text->find(label) : std::string::npos;
  if (at == std::string::npos) return std::nullopt;
  std::istringstream rest(text->substr(at + label.size()));
  std::uint64_t number = 0;
  if (!(rest >> number)) return std::nullopt;
  return number;
}

bool holds_secret(const std::string& path) {
  const auto text = read_file(path, kMostOfSettings);
  if (!text) return false;
  for (const auto& [key, value] : parse_settings(*text)) {
    const config::Setting* const setting = config::find_setting(key);
    if (setting != nullptr && setting->secret && !value.empty()) return true;
  }
  return false;
}

void add_file(std::vector<FileFacts>& files, FileFacts::Kind kind, const std::string& path) {
  struct stat status{};
  if (path.empty() || ::stat(path.c_str(), &status) != 0) return;
  // A file that a folder keeps from others is safe, whatever its own mode; the folder's is judged where it is ours.
  files.push_back({.kind = kind,
                   .path = path,
                   .mode = status.st_mode & 0777U,
                   .has_secret = kind == FileFacts::Kind::kSettings && holds_secret(path)});
}

DiskFacts disk(const std::string& purpose, const std::string& path) {
  DiskFacts facts{.path = path, .purpose = purpose};
  struct statvfs status{};
  if (::statvfs(path.c_str(), &status) != 0) {
    const Errc code = errno == EACCES ? Errc::kDenied : Errc::kNotFound;
    facts.error = Error{code, path + ": " + std::strerror(errno)};
    return facts;
  }
  facts.free_bytes = std::uint64_t{status.f_bavail} * status.f_frsize;
  facts.total_bytes = std::uint64_t{status.f_blocks} * status.f_frsize;
  facts.free_files = status.f_favail;
  facts.total_files = status.f_files;
  facts.is_read_only = (status.f_flag & ST_RDONLY) != 0;
  return facts;
}

}  // namespace

ClockFacts clock_facts() {
  ClockFacts facts{.now = net::wall_now()};
  timex clock{};
  // Reading it is allowed to everybody, but for some containers.
  if (::adjtimex(&clock) >= 0) {
    facts.is_synchronized = (clock.status & STA_UNSYNC) == 0;
    facts.max_error = std::chrono::microseconds(clock.maxerror);
  }
  return facts;
}

KernelFacts kernel_facts(const config::Config& config) {
  return {.slow_start_after_idle = first_line("/proc/sys/net/ipv4/tcp_slow_start_after_idle"),
          .congestion = first_line("/proc/sys/net/ipv4/tcp_congestion_control"),
          .allowed_congestion = first_line("/proc/sys/net/ipv4/tcp_allowed_congestion_control"),
          .queue_discipline = first_line("/proc/sys/net/core/default_qdisc"),
          .wan_congestion = config.wan_congestion};
}

LimitFacts limit_facts(const config::Config& config, long daemon_pid) {
  LimitFacts facts{.daemon_runs = daemon_pid > 0,
                   .role = config.role,
                   .clients = config.clients_limit,
                   .streams = config.link_streams,
                   .memory_limit_bytes = config.memory_limit_bytes};
  if (daemon_pid > 0) facts.files = number_after("/proc/" + std::to_string(daemon_pid) + "/limits", "Max open files");
  facts.machine_memory_bytes = number_after("/proc/meminfo", "MemTotal:").value_or(0) * 1024;
  return facts;
}

std::vector<FileFacts> file_facts(const config::Config& config, const std::string& config_path) {
  using Kind = FileFacts::Kind;
  std::vector<FileFacts> files;
  add_file(files, Kind::kSettings, config_path);
  add_file(files, Kind::kSettings, config.map_file);
  add_file(files, Kind::kPrivateKey, config::identity_files(config).key);
  if (!config.state_directory.empty()) {
    add_file(files, Kind::kStateFolder, config.state_directory);
    add_file(files, Kind::kPrivateKey, config::state_file(config, "authority.key"));
    add_file(files, Kind::kRegistry, config::state_file(config, "registry.json"));
  }
  add_file(files, Kind::kPrivateKey, config.reference_secret_file);
  return files;
}

std::vector<DiskFacts> disk_facts(const config::Config& config) {
  std::vector<DiskFacts> disks;
  if (!config.state_directory.empty()) disks.push_back(disk("state", config.state_directory));
  const std::string logs = std::filesystem::path(config.stderr_file).parent_path();
  if (!logs.empty()) disks.push_back(disk("log", logs));
  return disks;
}

}  // namespace railgun::ctl
