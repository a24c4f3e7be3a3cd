#include "railgunctl/check/daemon_access.h"

#include <cerrno>
#include <fstream>
#include <optional>
#include <sstream>
#include <thread>
#include <vector>

#include <sys/fsuid.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "railgunctl/wire.h"

namespace railgun::ctl {
namespace {

struct Rights {
  uid_t user = 0;
  gid_t group = 0;
  std::vector<gid_t> groups{};
};

std::optional<Rights> rights_of(long pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  Rights rights;
  bool is_found = false;
  for (std::string line; std::getline(status, line);) {
    std::istringstream fields(line);
    std::string name;
    fields >> name;
    if (name == "Uid:")
      is_found = static_cast<bool>(fields >> rights.user >> rights.user);  // the second is the effective one
    if (name == "Gid:") fields >> rights.group >> rights.group;
    if (name == "Groups:") {
      for (gid_t group = 0; fields >> group;) rights.groups.push_back(group);
    }
  }
  return is_found ? std::optional(rights) : std::nullopt;
}

// Of the calling thread alone, for good: the C library's functions would change all threads.
bool take_rights(const Rights& rights) {
  if (::syscall(SYS_setgroups, rights.groups.size(), rights.groups.data()) != 0) return false;
  ::setfsgid(rights.group);
  ::setfsuid(rights.user);  // with root's go its capabilities for files
  return static_cast<uid_t>(::setfsuid(static_cast<uid_t>(-1))) == rights.user;
}

}  // namespace

Result<void> connect_as_daemon(long pid, const std::string& path, Instant deadline) {
  const auto rights = rights_of(pid);
  if (!rights || ::geteuid() != 0) return fail(Errc::kUnavailable, "run this as root while the daemon is running");
  struct stat file{};
  if (::stat(("/proc/" + std::to_string(pid) + "/root" + path).c_str(), &file) != 0 && errno == ENOENT)
    return fail(Errc::kNotFound, "the daemon does not see this path");
  Result<void> result;
  std::thread([&] {
    if (!take_rights(*rights)) {
      result = fail(Errc::kUnavailable, "the rights of the daemon's user cannot be taken");
    } else if (const Wire::Attempt attempt = Wire::connect_unix(path, deadline); attempt.error_number == EACCES) {
      result = fail(Errc::kDenied, "the daemon's user (id " + std::to_string(rights->user) + ") may not connect");
    }
  }).join();
  return result;
}

}  // namespace railgun::ctl
