#include "railgund/control/message.h"

#include <algorithm>
#include <array>
#include <initializer_list>

#include "railgund/control/json_fields.h"

namespace railgun::control {
namespace {

constexpr std::size_t kMaxNameBytes = 64;
constexpr std::size_t kMaxHosts = 256;
constexpr std::size_t kMaxHostBytes = 253;  // RFC 1035 2.3.4
constexpr std::size_t kMaxTextBytes = 8 * 1024;
constexpr std::uint32_t kMaxUses = 10'000;
constexpr std::uint32_t kMinExpiry = 60, kMaxExpiry = 366 * 24 * 3600;

// One bit for each argument.
enum : unsigned {
  kName = 1 << 0,
  kHosts = 1 << 1,
  kUses = 1 << 2,
  kExpires = 1 << 3,
  kToken = 1 << 4,
  kHost = 1 << 5,
  kUrl = 1 << 6,
  kAll = 1 << 7,
  kLevel = 1 << 8,
};
constexpr std::array<const char*, 9> kArgumentNames = {"name", "hosts", "uses", "expires_seconds", "token", "host",
                                                       "url",  "all",   "level"};

struct Row {
  Command command;
  const char* name;
  Access access;
  unsigned required;
  unsigned optional;
};
constexpr std::array<Row, 15> kRows = {{
    {Command::kStatus, "status", Access::kRead, 0, 0},
    {Command::kStats, "stats", Access::kRead, 0, 0},
    {Command::kConfig, "config", Access::kRead, 0, 0},
    {Command::kReload, "reload", Access::kChange, 0, 0},
    {Command::kLogLevel, "log-level", Access::kChange, kLevel, 0},
    {Command::kDrain, "drain", Access::kChange, 0, 0},
    {Command::kPurge, "purge", Access::kChange, 0, kUrl | kAll},
    {Command::kActivate, "activate", Access::kChange, kToken, kHost},
    {Command::kRailgunCreate, "railgun-create", Access::kChange, kName | kHosts, kUses | kExpires},
    {Command::kRailgunList, "railgun-list", Access::kRead, 0, 0},
    {Command::kRailgunShow, "railgun-show", Access::kRead, kName, 0},
    {Command::kRailgunEnable, "railgun-enable", Access::kChange, kName, 0},
    {Command::kRailgunDisable, "railgun-disable", Access::kChange, kName, 0},
    {Command::kRailgunDelete, "railgun-delete", Access::kChange, kName, 0},
    {Command::kCrash, "crash", Access::kRoot, kName, 0},
}};

const Row& row_of(Command command) { return kRows[static_cast<std::size_t>(command)]; }

constexpr bool rows_are_in_order() {
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    if (kRows[i].command != static_cast<Command>(i)) return false;
  }
  return true;
}
static_assert(rows_are_in_order());

// Visits the arguments of `wanted` only.
struct ChosenArguments {
  unsigned wanted;
  Arguments& arguments;
};
void fields(auto& visit, ChosenArguments& chosen) {
  Arguments& a = chosen.arguments;
  if (chosen.wanted & kName) visit("name", a.name);
  if (chosen.wanted & kHosts) visit("hosts", a.hosts);
  if (chosen.wanted & kUses) visit("uses", a.uses);
  if (chosen.wanted & kExpires) visit("expires_seconds", a.expires_seconds);
  if (chosen.wanted & kToken) visit("token", a.token);
  if (chosen.wanted & kHost) visit("host", a.host);
  if (chosen.wanted & kUrl) visit("url", a.url);
  if (chosen.wanted & kAll) visit("all", a.all);
  if (chosen.wanted & kLevel) visit("level", a.level);
}

bool is_name(std::string_view text) {
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  return !text.empty() && text.size() <= kMaxNameBytes && text.find_first_not_of(kAllowed) == std::string_view::npos;
}

bool is_host(std::string_view text) {
  if (text.starts_with("*.")) text.remove_prefix(2);
  return text.size() <= kMaxHostBytes && !text.empty() && text.front() != '.' && text.front() != '-' &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") ==
             std::string_view::npos;
}

bool is_line(std::string_view text) {
  return text.size() <= kMaxTextBytes &&
         std::none_of(text.begin(), text.end(), [](char c) { return c >= 0 && c < 0x20; });
}

// Errors: kInvalid, naming the argument and its bounds.
Result<void> check_bounds(const Row& row, const Arguments& a) {
  const unsigned takes = row.required | row.optional;
  if (takes & kName && !is_name(a.name)) return fail(Errc::kInvalid, "name: 1 to 64 letters, digits, '.', '_' or '-'");
  if (takes & kHosts &&
      (a.hosts.empty() || a.hosts.size() > kMaxHosts || !std::all_of(a.hosts.begin(), a.hosts.end(), is_host))) {
    return fail(Errc::kInvalid, "hosts: 1 to 256 host names, as www.example.com or *.example.com");
  }
  if (takes & kUses && (a.uses == 0 || a.uses > kMaxUses)) return fail(Errc::kInvalid, "uses: 1 to 10000");
  if (takes & kExpires && (a.expires_seconds < kMinExpiry || a.expires_seconds > kMaxExpiry)) {
    return fail(Errc::kInvalid, "expires_seconds: a minute to a year");
  }
  if (takes & kToken && (a.token.empty() || !is_line(a.token)))
    return fail(Errc::kInvalid, "token: missing, too long or not one line");
  if (takes & kHost && !is_line(a.host)) return fail(Errc::kInvalid, "host: too long or not one line");
  if (takes & (kUrl | kAll)) {
    if (a.url.empty() != a.all) return fail(Errc::kInvalid, "purge: give either url or all");
    if (!is_line(a.url)) return fail(Errc::kInvalid, "purge: not a URL");
  }
  if (takes & kLevel && (a.level < 0 || a.level > 5)) return fail(Errc::kInvalid, "level: 0 to 5");
  return {};
}

// Errors: kMalformed for a missing or unknown argument.
Result<void> check_presence(const Row& row, const nlohmann::json& arguments) {
  for (std::size_t i = 0; i < kArgumentNames.size(); ++i) {
    if (row.required & (1U << i) && !arguments.contains(kArgumentNames[i])) {
      return fail(Errc::kMalformed, std::string(row.name) + ": argument '" + kArgumentNames[i] + "' is missing");
    }
  }
  for (const auto& item : arguments.items()) {
    const auto known = std::find(kArgumentNames.begin(), kArgumentNames.end(), item.key());
    const auto bit = 1U << (known - kArgumentNames.begin());
    if (known == kArgumentNames.end() || !((row.required | row.optional) & bit)) {
      return fail(Errc::kMalformed, std::string(row.name) + ": takes no such argument");
    }
  }
  return {};
}

struct ErrorValue {
  std::string code;
  std::string text;
};
void fields(auto& visit, ErrorValue& error) {
  visit("code", error.code);
  visit("text", error.text);
}

Errc errc_from(std::string_view name) {
  for (const Errc code : {Errc::kMalformed, Errc::kTooLarge, Errc::kUnsupported, Errc::kNotFound, Errc::kDenied,
                          Errc::kUnavailable, Errc::kTimeout}) {
    if (name == name_of(code)) return code;
  }
  return Errc::kInvalid;
}

}  // namespace

const char* name_of(Command command) { return row_of(command).name; }

Access access_of(Command command) { return row_of(command).access; }

std::string format_request(const Request& request) {
  const Row& row = row_of(request.command);
  Arguments arguments = request.arguments;
  ChosenArguments chosen{.wanted = row.required | row.optional, .arguments = arguments};
  Writer writer;
  fields(writer, chosen);
  return dump({{"version", kVersion}, {"command", row.name}, {"arguments", writer.take()}});
}

Result<Request> parse_request(std::string_view line) {
  const auto json = parse_versioned(line, kMaxRequestBytes, kVersion, "control: ");
  if (!json) return std::unexpected(json.error());
  const auto command = json->find("command");
  if (command == json->end() || !command->is_string()) return fail(Errc::kMalformed, "'command' is missing");
  const auto row = std::find_if(kRows.begin(), kRows.end(), [&](const Row& r) { return *command == r.name; });
  if (row == kRows.end()) return fail(Errc::kUnsupported, "this daemon does not know that command");

  Request request{.command = row->command, .arguments = {}};
  const auto given = json->find("arguments");
  const nlohmann::json arguments = given == json->end() ? nlohmann::json::object() : *given;
  if (!arguments.is_object()) return fail(Errc::kMalformed, "'arguments' is not an object");
  if (auto present = check_presence(*row, arguments); !present) return std::unexpected(present.error());
  ChosenArguments chosen{.wanted = row->required | row->optional, .arguments = request.arguments};
  if (auto read = read_fields(arguments, chosen, "argument "); !read) return std::unexpected(read.error());
  if (auto bounds = check_bounds(*row, request.arguments); !bounds) return std::unexpected(bounds.error());
  return request;
}

std::string format_answer(std::string_view result) {
  return R"({"ok":true,"version":)" + std::to_string(kVersion) + R"(,"result":)" +
         (result.empty() ? "{}" : std::string(result)) + "}";
}

std::string format_error(const Error& error) {
  ErrorValue value{.code = name_of(error.code), .text = error.text};
  Writer writer;
  fields(writer, value);
  return dump({{"ok", false}, {"version", kVersion}, {"error", writer.take()}});
}

Result<std::string> parse_answer(std::string_view line) {
  if (line.size() > kMaxAnswerBytes) return fail(Errc::kTooLarge, "the daemon's answer is too long");
  const auto json = parse_object(line);
  if (!json) return fail(Errc::kMalformed, "the daemon's answer is not understood: " + json.error().text);
  const auto ok = json->find("ok");
  if (ok == json->end() || !ok->is_boolean()) return fail(Errc::kMalformed, "the daemon's answer has no 'ok'");
  if (ok->get<bool>()) {
    const auto result = json->find("result");
    if (result == json->end() || !result->is_object())
      return fail(Errc::kMalformed, "the daemon's answer has no 'result'");
    return dump(*result);
  }
  const auto error = json->find("error");
  if (error == json->end() || !error->is_object()) return fail(Errc::kMalformed, "the daemon's answer has no 'error'");
  ErrorValue value;
  if (auto read = read_fields(*error, value, "the daemon's error: "); !read) return std::unexpected(read.error());
  return fail(errc_from(value.code), value.text);
}

}  // namespace railgun::control
