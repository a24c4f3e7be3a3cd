#include "railgund/log/line.h"

#include <algorithm>
#include <array>
#include <ctime>

namespace railgun::log {

int severity_of(LogLevel level) {
  switch (level) {
    case LogLevel::kError:
      return 3;
    case LogLevel::kNotice:
      return 5;
    case LogLevel::kInformation:
      return 6;
    case LogLevel::kDebug:
      break;
  }
  return 7;
}

std::string clean_line(std::string_view text) {
  static constexpr char kDigits[] = "0123456789abcdef";
  const bool is_cut = text.size() > kLineLimit;
  std::string line;
  line.reserve(std::min(text.size(), kLineLimit) + 4);
  for (const char c : text.substr(0, kLineLimit)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7f) {
      line += c;
    } else {
      line += "\\x";
      line += kDigits[byte >> 4];
      line += kDigits[byte & 15];
    }
  }
  if (is_cut) line += "…";
  return line;
}

std::string syslog_datagram(LogLevel level, std::string_view text, long long seconds, int process) {
  static constexpr std::array<const char*, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  constexpr int kDaemon = 3;
  const auto time = static_cast<std::time_t>(seconds);
  std::tm parts{};
  localtime_r(&time, &parts);
  const auto two = [](int number, char fill) {
    return std::string{number < 10 ? fill : static_cast<char>('0' + number / 10), static_cast<char>('0' + number % 10)};
  };
  return "<" + std::to_string(kDaemon * 8 + severity_of(level)) + ">" +
         kMonths[static_cast<std::size_t>(parts.tm_mon)] + " " + two(parts.tm_mday, ' ') + " " +
         two(parts.tm_hour, '0') + ":" + two(parts.tm_min, '0') + ":" + two(parts.tm_sec, '0') + " railgund[" +
         std::to_string(process) + "]: " + std::string(text);
}

std::string dated_line(LogLevel level, std::string_view text, long long milliseconds) {
  constexpr std::string_view kLetters = "ENID";  // in the order of LogLevel
  const auto time = static_cast<std::time_t>(milliseconds / 1000);
  std::tm parts{};
  localtime_r(&time, &parts);
  std::array<char, 32> buffer{};
  const std::size_t size = std::strftime(buffer.data(), buffer.size(), "%Y-%m-%dT%H:%M:%S%z", &parts);
  std::string date(buffer.data(), size);  // ends in "+hhmm"
  date.insert(size - 2, ":");
  const std::string fraction = std::to_string(1000 + milliseconds % 1000);
  date.insert(size - 5, "." + fraction.substr(1));
  return date + " " + kLetters[static_cast<std::size_t>(level)] + " " + std::string(text);
}

}  // namespace railgun::log
