// Reading and writing one setting: what its type in the table means (settings_table.h, set_value and value_text).
#include <algorithm>
#include <array>
#include <utility>

#include "railgund/base/field.h"
#include "railgund/base/text.h"
#include "railgund/config/settings_table.h"

namespace railgun::config {
namespace {

template <typename Enum>
struct Choice {
  std::string_view name;
  Enum value;
};
constexpr std::array kRoles{Choice<Role>{"listener", Role::kListener}, Choice<Role>{"sender", Role::kSender}};
constexpr std::array kNoStores{Choice<NoStore>{"memory", NoStore::kMemory}, Choice<NoStore>{"never", NoStore::kNever},
                               Choice<NoStore>{"all", NoStore::kAll}};
constexpr std::array kHalfCloses{Choice<HalfClose>{"answer", HalfClose::kAnswer},
                                 Choice<HalfClose>{"cancel", HalfClose::kCancel}};
constexpr std::array kEfforts{Choice<Effort>{"auto", Effort::kAuto}, Choice<Effort>{"fast", Effort::kFast},
                              Choice<Effort>{"strong", Effort::kStrong}, Choice<Effort>{"zstd", Effort::kZstd}};
constexpr std::array kBrowserDictionaries{Choice<BrowserDictionary>{"off", BrowserDictionary::kOff},
                                          Choice<BrowserDictionary>{"site", BrowserDictionary::kSite},
                                          Choice<BrowserDictionary>{"page", BrowserDictionary::kPage}};
constexpr std::array kAccessFormats{Choice<AccessFormat>{"combined", AccessFormat::kCombined},
                                    Choice<AccessFormat>{"json", AccessFormat::kJson}};
constexpr std::array kLogQueries{Choice<LogQuery>{"all", LogQuery::kAll}, Choice<LogQuery>{"names", LogQuery::kNames},
                                 Choice<LogQuery>{"none", LogQuery::kNone}};
constexpr const auto& choices(LogQuery) { return kLogQueries; }
constexpr const auto& choices(AccessFormat) { return kAccessFormats; }
constexpr const auto& choices(Role) { return kRoles; }
constexpr const auto& choices(NoStore) { return kNoStores; }
constexpr const auto& choices(Effort) { return kEfforts; }
constexpr const auto& choices(HalfClose) { return kHalfCloses; }
constexpr const auto& choices(BrowserDictionary) { return kBrowserDictionaries; }

template <typename Enum>
concept IsChoice = requires(Enum value) { choices(value); };

template <typename Enum>
std::string choice_list() {
  return join(choices(Enum{}), " | ", [](const auto& choice) { return choice.name; });
}

// Words of the setting "compress".
constexpr std::array<std::string_view, 4> kCodings = {"zstd", "br", "gzip", "off"};

bool is_visible(char c) { return c > ' ' && c < 0x7f; }

Result<void> check_network(std::string_view text) {
  if (const std::size_t zone = text.find('%'); zone != std::string_view::npos && is_address(text.substr(0, zone))) {
    return fail(Errc::kInvalid, "expected an address without a zone, '" + std::string(text.substr(0, zone)) +
                                    "', not '" + std::string(text) + "': it counts on every interface");
  }
  const std::size_t slash = text.find('/');
  const std::string_view address = text.substr(0, slash);
  bool good = is_address(address);
  if (good && slash != std::string_view::npos) {
    const std::uint64_t most = address.find(':') == std::string_view::npos ? 32 : 128;
    good = parse_number(text.substr(slash + 1), 0, most).has_value();
  }
  if (!good) return std::unexpected(unexpected_value("an address, or a network such as 10.0.0.0/8", text));
  return {};
}

Result<void> check_text(const Setting& setting, std::string_view text) {
  if (text.empty()) return {};
  switch (setting.form) {
    case Form::kWord:
      if (!std::ranges::all_of(text, is_visible)) return std::unexpected(unexpected_value("one word of ASCII", text));
      break;
    case Form::kAddress:
      if (!is_address(text)) return std::unexpected(unexpected_value("an IPv4 or IPv6 address", text));
      break;
    case Form::kUrl:
      if (!text.starts_with("http://") && !text.starts_with("https://")) {
        return std::unexpected(unexpected_value("a URL that begins with http:// or https://", text));
      }
      break;
    case Form::kSyslogAddress:
      if (!text.starts_with('/') && !parse_endpoint(text, setting.default_port)) {
        return std::unexpected(unexpected_value("HOST:PORT or the full path of a Unix socket", text));
      }
      break;
    case Form::kHostPort:
      if (!parse_endpoint(text, setting.default_port)) return std::unexpected(unexpected_value("HOST:PORT", text));
      break;
    case Form::kCoding:
      if (std::ranges::none_of(kCodings, [&](std::string_view coding) { return same_name(coding, text); })) {
        return std::unexpected(unexpected_value("zstd, br, gzip or off", text));
      }
      break;
    case Form::kMediaType:
      if (!std::ranges::all_of(text, is_visible) || std::ranges::count(text, '/') != 1) {
        return std::unexpected(unexpected_value("a media type such as text/html or text/*", text));
      }
      break;
    case Form::kPath:
    case Form::kPlain:
    case Form::kByteCount:
    case Form::kHostPortOrPath:
      break;
  }
  return {};
}

Result<Endpoint> read_endpoint(const Setting& setting, std::string_view text) {
  const bool may_be_path = setting.form == Form::kHostPortOrPath;
  Result<Endpoint> endpoint =
      may_be_path ? parse_endpoint_or_path(text, setting.default_port) : parse_endpoint(text, setting.default_port);
  if (!endpoint)
    return fail(Errc::kInvalid,
                std::string(may_be_path ? "expected HOST:PORT or unix:PATH; " : "expected HOST:PORT; ") +
                    endpoint.error().text);
  return endpoint;
}

Result<std::vector<Endpoint>> read_endpoints(const Setting& setting, std::string_view text) {
  std::vector<Endpoint> endpoints;
  for (const std::string_view word : split(text, kBetweenWords)) {
    Result<Endpoint> endpoint = read_endpoint(setting, word);
    if (!endpoint) return std::unexpected(endpoint.error());
    endpoints.push_back(std::move(*endpoint));
  }
  return endpoints;
}

bool is_field_name(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

// Fields that say how the message is sent, which is not for a setting to say.
constexpr std::array<std::string_view, 7> kFramingFields = {
    "connection", "content-length", "transfer-encoding", "content-encoding", "trailer", "upgrade", "keep-alive"};

// Between the fields of a list: no character of their values in practice.
constexpr std::string_view kBetweenFields = "|";

Result<std::vector<Field>> read_fields(std::string_view text) {
  std::vector<Field> fields;
  for (const std::string_view part : split(text, kBetweenFields)) {
    const std::size_t colon = part.find(':');
    const std::string_view name = trim(part.substr(0, colon));
    const std::string_view value = colon == std::string_view::npos ? std::string_view{} : trim(part.substr(colon + 1));
    const bool is_printable = std::ranges::all_of(value, [](char c) { return c >= ' ' && c < 0x7f; });
    if (!is_field_name(name) || value.empty() || !is_printable)
      return std::unexpected(unexpected_value("NAME: VALUE, several separated by |", part));
    if (std::ranges::any_of(kFramingFields, [&](std::string_view framing) { return same_name(framing, name); }))
      return fail(Errc::kInvalid, "the sender itself sets " + std::string(name));
    fields.push_back({std::string(name), std::string(value)});
  }
  return fields;
}

std::string endpoints_text(const std::vector<Endpoint>& endpoints) {
  return join(endpoints, " ", [](const Endpoint& endpoint) { return to_string(endpoint); });
}

template <typename T>
Result<void> keep(T& place, Result<T> value) {
  if (!value) return std::unexpected(value.error());
  place = std::move(*value);
  return {};
}

// One overload a type of member.
struct Read {
  const Setting& setting;
  std::string_view text;

  Result<void> into(bool& place) const { return keep(place, parse_boolean(text)); }
  template <std::integral Number>
  Result<void> into(Number& place) const {
    const Result<std::uint64_t> number = setting.form == Form::kByteCount
                                             ? parse_bytes(text, setting.least, setting.most)
                                             : parse_number(text, setting.least, setting.most);
    if (!number) return std::unexpected(number.error());
    place = static_cast<Number>(*number);
    return {};
  }
  Result<void> into(Duration& place) const {
    return keep(place, parse_duration(text, setting.unit, setting.least, setting.most));
  }
  Result<void> into(std::string& place) const {
    const Result<void> good = check_text(setting, text);
    if (!good) return good;
    // An empty value means the same; "none" reads better in a file.
    place = setting.key == "header.name" && same_name(text, "none") ? "" : text;
    return {};
  }
  Result<void> into(std::vector<std::string>& place) const {
    std::vector<std::string> words;
    for (const std::string_view word : split(text, kBetweenWords)) {
      const Result<void> good = setting.form == Form::kAddress ? check_network(word) : check_text(setting, word);
      if (!good) return good;
      words.emplace_back(word);
    }
    place = std::move(words);
    return {};
  }
  Result<void> into(std::vector<unsigned>& place) const {
    std::vector<unsigned> numbers;
    for (const std::string_view word : split(text, kBetweenWords)) {
      const auto number = parse_number(word, setting.least, setting.most);
      if (!number) return std::unexpected(number.error());
      numbers.push_back(static_cast<unsigned>(*number));
    }
    place = std::move(numbers);
    return {};
  }
  Result<void> into(std::vector<Endpoint>& place) const { return keep(place, read_endpoints(setting, text)); }
  Result<void> into(std::vector<Field>& place) const { return keep(place, read_fields(text)); }
  Result<void> into(std::optional<Endpoint>& place) const {
    place.reset();
    if (text.empty()) return {};
    const Result<Endpoint> endpoint = read_endpoint(setting, text);
    if (!endpoint) return std::unexpected(endpoint.error());
    place = *endpoint;
    return {};
  }
  Result<void> into(std::optional<OriginTarget>& place) const {
    place.reset();
    if (text.empty()) return {};
    const Result<OriginTarget> target = parse_origin_target(text);
    if (!target)
      return fail(Errc::kInvalid, "expected http://HOST[:PORT] or https://HOST[:PORT]; " + target.error().text);
    place = *target;
    return {};
  }
  template <IsChoice Enum>
  Result<void> into(std::optional<Enum>& place) const {
    place.reset();
    if (text.empty()) return {};
    Enum value{};
    if (const Result<void> read = into(value); !read) return read;
    place = value;
    return {};
  }
  template <IsChoice Enum>
  Result<void> into(Enum& place) const {
    for (const auto& choice : choices(Enum{})) {
      if (!same_name(choice.name, text)) continue;
      place = choice.value;
      return {};
    }
    return std::unexpected(unexpected_value(choice_list<Enum>(), text));
  }
};

Result<void> read_memcached(Config& config, const Setting& setting, std::string_view text) {
  if (text.starts_with('/')) {
    if (split(text, kBetweenWords).size() != 1) {
      return std::unexpected(unexpected_value("one Unix socket, or HOST:PORT entries alone", text));
    }
    config.memcached_socket = text;
    config.memcached_servers.clear();
    return {};
  }
  config.memcached_socket.clear();
  return keep(config.memcached_servers, read_endpoints(setting, text));
}

// The counterpart of Read.
struct Write {
  const Setting& setting;

  std::string from(bool value) const { return value ? "1" : "0"; }
  template <std::integral Number>
  std::string from(Number value) const {
    return setting.form == Form::kByteCount ? bytes_text(static_cast<std::uint64_t>(value)) : std::to_string(value);
  }
  std::string from(Duration value) const { return duration_text(value, setting.unit); }
  std::string from(const std::string& value) const {
    return setting.key == "header.name" && value.empty() ? "none" : value;
  }
  std::string from(const std::vector<std::string>& value) const { return join(value, " "); }
  std::string from(const std::vector<unsigned>& value) const {
    return join(value, " ", [](unsigned number) { return std::to_string(number); });
  }
  std::string from(const std::vector<Endpoint>& value) const { return endpoints_text(value); }
  std::string from(const std::vector<Field>& value) const {
    return join(value, " | ", [](const Field& field) { return field.name + ": " + field.value; });
  }
  std::string from(const std::optional<Endpoint>& value) const { return value ? to_string(*value) : ""; }
  std::string from(const std::optional<OriginTarget>& value) const { return value ? to_string(*value) : ""; }
  template <IsChoice Enum>
  std::string from(const std::optional<Enum>& value) const {
    return value ? from(*value) : "";
  }
  template <IsChoice Enum>
  std::string from(Enum value) const {
    for (const auto& choice : choices(Enum{})) {
      if (choice.value == value) return std::string(choice.name);
    }
    return {};
  }
};

// What a type is called.
struct Name {
  const Setting& setting;

  std::string range() const {
    if (setting.most == kNoMost) return "";
    return ", " + std::to_string(setting.least) + " to " + std::to_string(setting.most);
  }
  std::string of(bool) const { return "0 or 1"; }
  template <std::integral Number>
  std::string of(Number) const {
    return setting.form == Form::kByteCount ? "bytes, or with K, M or G" : "number" + range();
  }
  std::string of(Duration) const { return std::string(unit_name(setting.unit)) + ", or with us, ms, s, m or h"; }
  std::string of(const std::string&) const {
    switch (setting.form) {
      case Form::kPath:
        return "path";
      case Form::kAddress:
        return "address";
      case Form::kUrl:
        return "URL";
      case Form::kSyslogAddress:
        return "HOST:PORT or path";
      case Form::kHostPort:
        return "HOST:PORT";
      case Form::kWord:
      case Form::kPlain:
      case Form::kByteCount:
      case Form::kCoding:
      case Form::kMediaType:
      case Form::kHostPortOrPath:
        break;
    }
    return "word";
  }
  std::string of(const std::vector<std::string>&) const {
    return setting.form == Form::kCoding ? "list of zstd, br, gzip; or off" : "list";
  }
  std::string of(const std::vector<unsigned>&) const { return "list of numbers" + range(); }
  std::string of(const std::vector<Endpoint>&) const {
    return setting.form == Form::kHostPortOrPath ? "list of HOST:PORT or unix:PATH" : "list of HOST:PORT";
  }
  std::string of(const std::vector<Field>&) const { return "list of NAME: VALUE"; }
  std::string of(const std::optional<Endpoint>&) const { return "ADDRESS:PORT"; }
  std::string of(const std::optional<OriginTarget>&) const { return "http://HOST[:PORT] or https://HOST[:PORT]"; }
  template <IsChoice Enum>
  std::string of(const std::optional<Enum>&) const {
    return choice_list<Enum>();
  }
  template <IsChoice Enum>
  std::string of(Enum) const {
    return choice_list<Enum>();
  }
};

template <typename T>
constexpr bool kOfConfig = false;
template <typename T>
constexpr bool kOfConfig<T Config::*> = true;

}  // namespace

Result<void> set_value(Config& config, Site* site, const Setting& setting, std::string_view text) {
  return std::visit(
      [&](auto place) -> Result<void> {
        using P = decltype(place);
        if constexpr (std::is_same_v<P, MemcachedServers>) {
          return read_memcached(config, setting, text);
        } else if constexpr (kOfConfig<P>) {
          return Read{setting, text}.into(config.*place);
        } else {
          return Read{setting, text}.into(site->*place);
        }
      },
      setting.place);
}

std::string value_text(const Config& config, const Site* site, const Setting& setting) {
  return std::visit(
      [&](auto place) -> std::string {
        using P = decltype(place);
        if constexpr (std::is_same_v<P, MemcachedServers>) {
          return config.memcached_socket.empty() ? endpoints_text(config.memcached_servers) : config.memcached_socket;
        } else if constexpr (kOfConfig<P>) {
          return Write{setting}.from(config.*place);
        } else {
          const Site defaults;
          return Write{setting}.from((site == nullptr ? defaults : *site).*place);
        }
      },
      setting.place);
}

std::string type_text(const Setting& setting) {
  return std::visit(
      [&](auto place) -> std::string {
        using P = decltype(place);
        if constexpr (std::is_same_v<P, MemcachedServers>) {
          return "list of HOST:PORT, or path";
        } else if constexpr (kOfConfig<P>) {
          const Config defaults;  // a variable: g++ 12 cannot compile Config{}.*place
          return Name{setting}.of(defaults.*place);
        } else {
          return Name{setting}.of(Site{}.*place);
        }
      },
      setting.place);
}

}  // namespace railgun::config
