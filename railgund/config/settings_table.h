// The one table of settings. From it come the parser, the sample file, the list of what a reload changes and what
// `config show` prints. Defaults are those of Config's members.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "railgund/config/config.h"
#include "railgund/config/value.h"

namespace railgun::config {

enum class Concerns : std::uint8_t { kBoth, kListener, kSender };
// Whether a reload (SIGHUP) takes the new value, or only a restart.
enum class Takes : std::uint8_t { kReload, kRestart };
// What a text, or a number of std::size_t, stands for.
enum class Form : std::uint8_t {
  kPlain,
  kByteCount,
  kPath,
  kWord,
  kAddress,
  kUrl,
  kSyslogAddress,
  kHostPort,
  kHostPortOrPath,
  kCoding,
  kMediaType
};

// memcached.servers: a list of HOST:PORT, or the full path of one Unix socket.
struct MemcachedServers {};

// Where the value lives: its type is that of the member. Members of Site are those of the keys site.HOST.….
using Place =
    std::variant<bool Config::*, int Config::*, unsigned Config::*, std::uint16_t Config::*, std::size_t Config::*,
                 Duration Config::*, std::string Config::*, std::vector<std::string> Config::*,
                 std::vector<Endpoint> Config::*, std::vector<Field> Config::*, std::optional<Endpoint> Config::*,
                 Role Config::*, NoStore Config::*, Effort Config::*, AccessFormat Config::*, LogQuery Config::*,
                 HalfClose Config::*, BrowserDictionary Config::*, std::vector<Endpoint> Site::*,
                 std::vector<unsigned> Site::*, std::optional<OriginTarget> Site::*,
                 std::optional<BrowserDictionary> Site::*, std::string Site::*, bool Site::*, MemcachedServers>;

struct Setting {
  std::string_view key;  // "site.HOST.listeners" stands for every host
  Place place;
  Takes takes = Takes::kReload;
  Concerns concerns = Concerns::kBoth;
  std::string_view help;  // whole sentences
  Form form = Form::kPlain;
  std::uint64_t least = 0, most = kNoMost;  // of numbers; durations count in `unit`
  Duration unit = std::chrono::seconds(1);
  std::uint16_t default_port = 0;  // of endpoints; 0: the port must be named
  bool secret = false;
  std::string_view shipped = {};  // what the packaged file sets, where that is not the default
  std::string_view example = {};  // what the sample shows for a key that has no default
  std::string_view section = {};  // heading above this key in the sample; empty: still the last one's
};

std::span<const Setting> settings();
const Setting* find_setting(std::string_view key);
// What the packaged railgun.conf sets for a key of the table; empty if nothing.
std::string shipped_value(std::string_view key);
bool is_site_setting(const Setting& setting);

// "number", "path", "list of HOST:PORT", …: for people.
std::string type_text(const Setting& setting);

// A key of the original that is accepted and does nothing any more, or does it under another name.
struct RetiredSetting {
  std::string_view key;
  std::string_view now;  // the key that takes the value; empty: nothing does
  std::string_view advice;
};
std::span<const RetiredSetting> retired_settings();

// Reads a value into its place. `site`: for the keys of a site, otherwise null. Errors: kInvalid, "expected …".
Result<void> set_value(Config& config, Site* site, const Setting& setting, std::string_view text);
// The counterpart: what the file would say. Empty where nothing is set.
std::string value_text(const Config& config, const Site* site, const Setting& setting);

}  // namespace railgun::config
