// The level of a log line, for the cores that report lines and for the shell that writes them.
#pragma once

#include <cstdint>

namespace railgun {

// From the most severe to the least.
enum class LogLevel : std::uint8_t {
  kError,        // something failed and an operator may have to act
  kNotice,       // normal but significant: the life of the daemon (start, stop, activation, links)
  kInformation,  // a line for each request, and other routine work
  kDebug,        // for debugging railgund itself
};

// The setting log.level: 0 shows errors and notices, 1 information as well, 5 everything. 2 to 4 show as much as 5.
inline constexpr int kShowsInformation = 1;
inline constexpr int kShowsDebug = 2;

constexpr bool is_shown(LogLevel level, int setting) {
  switch (level) {
    case LogLevel::kError:
    case LogLevel::kNotice:
      return true;
    case LogLevel::kInformation:
      return setting >= kShowsInformation;
    case LogLevel::kDebug:
      return setting >= kShowsDebug;
  }
  return true;
}

}  // namespace railgun
