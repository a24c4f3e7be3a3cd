#include "railgunctl/settings_file.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

namespace railgun::ctl {
namespace {

constexpr std::size_t kMaxConfigBytes = 4 << 20;

std::string_view trim(std::string_view text) {
  const std::size_t start = text.find_first_not_of(" \t\r");
  if (start == std::string_view::npos) return {};
  return text.substr(start, text.find_last_not_of(" \t\r") - start + 1);
}

}  // namespace

Result<std::string> read_file(const std::string& path, std::size_t most) {
  const auto failed = [&](int error) {
    const Errc code = error == ENOENT                     ? Errc::kNotFound
                      : error == EACCES || error == EPERM ? Errc::kDenied
                                                          : Errc::kUnavailable;
    return fail(code, path + ": " + std::strerror(error));
  };
  // Never waits: a pipe put in a file's place must not hang whoever reads it.
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) return failed(errno);
  std::string text;
  char buffer[64 * 1024];
  while (text.size() < most) {
    const ssize_t count = ::read(fd, buffer, std::min(sizeof buffer, most - text.size()));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      const int error = errno;
      ::close(fd);
      return failed(error);
    }
    if (count == 0) break;
    text.append(buffer, static_cast<std::size_t>(count));
  }
  ::close(fd);
  return text;
}

Settings parse_settings(std::string_view text) {
  Settings settings;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = trim(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t equals = line.find('=');
    if (line.starts_with('#') || equals == std::string_view::npos) continue;
    settings.emplace_back(trim(line.substr(0, equals)), trim(line.substr(equals + 1)));
  }
  return settings;
}

Result<Settings> read_settings(const std::string& path) {
  const auto text = read_file(path, kMaxConfigBytes);
  if (!text) return std::unexpected(text.error());
  return parse_settings(*text);
}

const std::string* find_setting(const Settings& settings, std::string_view key) {
  const auto found = std::find_if(settings.begin(), settings.end(), [&](const auto& s) { return s.first == key; });
  return found == settings.end() ? nullptr : &found->second;
}

}  // namespace railgun::ctl
