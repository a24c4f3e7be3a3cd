#include "railgund/app/memory.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <sstream>

#include <malloc.h>
#include <unistd.h>

#include "railgund/base/file.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define RAILGUN_SANITIZED
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define RAILGUN_SANITIZED
#endif

namespace railgun::app {
namespace {

constexpr std::size_t kMostFileBytes = 64 * 1024;

// The first number of a text; nothing for "max", as cgroups say for "no limit".
std::uint64_t number_in(const std::string& text) {
  std::uint64_t number = 0;
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string::npos) return 0;
  const auto result = std::from_chars(text.data() + begin, text.data() + text.size(), number);
  return result.ec == std::errc{} ? number : 0;
}

std::string read(const std::string& path) { return read_start_of_file(path, kMostFileBytes).value_or(""); }

std::uint64_t machine_bytes(const std::string& root) {
  const std::string text = read(root + "/proc/meminfo");
  constexpr std::string_view kName = "MemTotal:";
  const std::size_t at = text.find(kName);
  return at == std::string::npos ? 0 : number_in(text.substr(at + kName.size())) * 1024;
}

// The least limit of a cgroup and of those above it.
std::uint64_t least_limit(const std::string& mount, std::string path, const char* file) {
  std::uint64_t least = std::numeric_limits<std::uint64_t>::max();
  for (;;) {
    if (const std::uint64_t limit = number_in(read(mount + path + "/" + file)); limit > 0)
      least = std::min(least, limit);
    const std::size_t slash = path.rfind('/');
    if (slash == std::string::npos) return least;
    path.resize(slash);
  }
}

// Lines of /proc/self/cgroup are "0::/path" in version 2 and "4:memory:/path" in version 1. In a container the path may
// not be there, and the limit is at the mount itself.
std::uint64_t cgroup_bytes(const std::string& root) {
  std::uint64_t least = std::numeric_limits<std::uint64_t>::max();
  std::istringstream lines(read(root + "/proc/self/cgroup"));
  for (std::string line; std::getline(lines, line);) {
    const std::size_t names = line.find(':');
    const std::size_t path = names == std::string::npos ? names : line.find(':', names + 1);
    if (path == std::string::npos) continue;
    const std::string controllers = "," + line.substr(names + 1, path - names - 1) + ",";
    std::string below = line.substr(path + 1);
    if (below == "/") below.clear();
    if (controllers == ",,") {
      least = std::min(least, least_limit(root + "/sys/fs/cgroup", below, "memory.max"));
    } else if (controllers.find(",memory,") != std::string::npos) {
      least = std::min(least, least_limit(root + "/sys/fs/cgroup/memory", below, "memory.limit_in_bytes"));
    }
  }
  return least;
}

}  // namespace

void tune_allocator() {
#ifdef __GLIBC__
  // By default these thresholds grow with the first big block that is freed. From then on big tables come from arenas,
  // which fragment: 613 to 654 MB resident where 254 were in use (3,000 pages of 92 KB), and 271 with this threshold.
  mallopt(M_MMAP_THRESHOLD, 128 * 1024);
  // The memory for the pages of one turn is freed at its end and needed again in the next. The listener returned it to the
  // system each time (by default, and with 1 MB here): 25 page faults a request of 92 KB, and half of its CPU.
  mallopt(M_TRIM_THRESHOLD, 8 * 1024 * 1024);
#endif
}

void return_free_memory() {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

std::uint64_t resident_bytes() {
  const std::string text = read("/proc/self/statm");
  const std::size_t space = text.find(' ');
  if (space == std::string::npos) return 0;
  return number_in(text.substr(space)) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

std::uint64_t usable_bytes(const std::string& root) {
  const std::uint64_t machine = machine_bytes(root);
  const std::uint64_t cgroup = cgroup_bytes(root);
  if (machine == 0) return cgroup == std::numeric_limits<std::uint64_t>::max() ? 0 : cgroup;
  return std::min(machine, cgroup);
}

std::uint64_t usable_bytes() { return usable_bytes(""); }

std::uint64_t applied_limit(std::uint64_t limit_bytes, std::uint64_t usable) {
  return usable == 0 ? limit_bytes : std::min(limit_bytes, usable / 2);
}

bool is_resident_memory_meaningful() {
#ifdef RAILGUN_SANITIZED
  return false;
#else
  return true;
#endif
}

}  // namespace railgun::app
