// What railgunctl asks of railgund and what it gets: one line of JSON each way (doc/CONTROL.md). Values only; whoever
// moves the lines bounds them by the limits below and checks who asks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "railgund/base/result.h"

namespace railgun::control {

inline constexpr int kVersion = 1;
// A line, without its end.
inline constexpr std::size_t kMaxRequestBytes = 64 * 1024;
inline constexpr std::size_t kMaxAnswerBytes = 4 * 1024 * 1024;

enum class Command : std::uint8_t {
  kStatus,
  kStats,
  kConfig,
  kReload,
  kLogLevel,
  kDrain,
  kPurge,
  kActivate,
  kRailgunCreate,
  kRailgunList,
  kRailgunShow,
  kRailgunEnable,
  kRailgunDisable,
  kRailgunDelete,
  kCrash,
};
// As on the line: "status", "railgun-create".
const char* name_of(Command command);

// Who may: reading is for the group, changing for root and the daemon's own user, and crashing for root alone.
enum class Access : std::uint8_t { kRead, kChange, kRoot };
Access access_of(Command command);

// Each command takes some of these (doc/CONTROL.md); the rest keep their defaults.
struct Arguments {
  std::string name{};                // railgun-*: 1-64 of a-z A-Z 0-9 . _ -; crash: how
  std::vector<std::string> hosts{};  // railgun-create: at most 256 host names
  std::uint32_t uses = 1;            // railgun-create: how many listeners may use the token
  std::uint32_t expires_seconds = 24 * 3600;
  std::string token{};  // activate
  std::string host{};   // activate: under which name the listener can be reached
  std::string url{};    // purge
  bool all = false;     // purge
  int level = 0;        // log-level: 0-5
  bool operator==(const Arguments&) const = default;
};

struct Request {
  Command command = Command::kStatus;
  Arguments arguments{};
  bool operator==(const Request&) const = default;
};

// One line, without its end.
std::string format_request(const Request& request);
// Errors: kMalformed (no JSON, a wrong type, an unknown or missing argument), kTooLarge, kUnsupported (another version,
// an unknown command), kInvalid (an argument out of its bounds).
Result<Request> parse_request(std::string_view line);

// One line, without its end. `result`: JSON of a value (control/status.h and others make it), or empty for {}.
std::string format_answer(std::string_view result);
std::string format_error(const Error& error);
// The JSON of the result, or the error that the daemon sent.
Result<std::string> parse_answer(std::string_view line);

}  // namespace railgun::control
