#include "railgunctl/bundle/system_report.h"

#include <array>
#include <charconv>
#include <cstring>
#include <set>
#include <sstream>

#include <arpa/inet.h>
#include <sys/resource.h>
#include <sys/utsname.h>

#include "railgunctl/settings_file.h"
#include "railgund/base/file.h"

namespace railgun::ctl {
namespace {

constexpr std::size_t kMostOfAFile = 64 * 1024;

constexpr std::array kKernelSettings = {"net/ipv4/tcp_slow_start_after_idle",
                                        "net/ipv4/tcp_congestion_control",
                                        "net/ipv4/tcp_available_congestion_control",
                                        "net/ipv4/tcp_rmem",
                                        "net/ipv4/tcp_wmem",
                                        "net/core/somaxconn",
                                        "net/ipv4/tcp_keepalive_time",
                                        "net/ipv4/ip_local_port_range",
                                        "fs/file-max"};

// Files of /proc have no length, so what they hold ends where the read does.
std::string file_or_reason(const std::string& path) {
  auto text = read_start_of_file(path, kMostOfAFile);
  return text ? *std::move(text) : "(" + text.error().text + ")\n";
}

// "0100007F:0960" of /proc/net/tcp: the address in host order, the port in hex.
std::string address_text(std::string_view field) {
  const std::size_t colon = field.find(':');
  if (colon == std::string_view::npos || (colon != 8 && colon != 32)) return std::string(field);
  std::array<std::uint32_t, 4> words{};
  for (std::size_t i = 0; i < colon / 8; ++i)
    std::from_chars(field.data() + i * 8, field.data() + i * 8 + 8, words[i], 16);
  unsigned port = 0;
  std::from_chars(field.data() + colon + 1, field.data() + field.size(), port, 16);
  char text[INET6_ADDRSTRLEN] = "?";
  inet_ntop(colon == 8 ? AF_INET : AF_INET6, words.data(), text, sizeof text);
  return (colon == 8 ? std::string(text) : "[" + std::string(text) + "]") + ':' + std::to_string(port);
}

std::string listening_sockets(const std::string& root) {
  std::set<std::string> addresses;
  for (const char* file : {"/proc/net/tcp", "/proc/net/tcp6"}) {
    std::istringstream lines(read_start_of_file(root + file, 4 << 20).value_or(""));
    for (std::string line; std::getline(lines, line);) {
      std::istringstream fields(line);
      std::string number, local, remote, state;
      fields >> number >> local >> remote >> state;
      if (state == "0A") addresses.insert(address_text(local));
    }
  }
  std::string text;
  for (const std::string& address : addresses) text += address + '\n';
  return text.empty() ? "(none found)\n" : text;
}

std::string kernel() {
  utsname name{};
  uname(&name);
  return std::string(name.sysname) + ' ' + name.release + ' ' + name.version + ' ' + name.machine + '\n';
}

}  // namespace

std::string system_report(const std::string& root, long daemon_pid) {
  std::string text = "railgunctl " RAILGUN_VERSION "\n";
  text += "kernel " + kernel();
  text += "\n## /etc/os-release\n" + file_or_reason(root + "/etc/os-release");
  text += "\n## memory\n" + file_or_reason(root + "/proc/meminfo").substr(0, 512) + '\n';
  text += "\n## load\n" + file_or_reason(root + "/proc/loadavg");
  text += "\n## kernel settings\n";
  for (const char* setting : kKernelSettings)
    text += std::string(setting) + " = " + file_or_reason(root + "/proc/sys/" + setting);
  text += "\n## limits of the daemon\n";
  text += daemon_pid > 0 ? file_or_reason(root + "/proc/" + std::to_string(daemon_pid) + "/limits")
                         : "(it is not running)\n";
  text += "\n## listening TCP sockets\n" + listening_sockets(root);
  return text;
}

}  // namespace railgun::ctl
