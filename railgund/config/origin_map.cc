#include "railgund/config/origin_map.h"

#include <algorithm>
#include <iterator>
#include <optional>

#include "railgund/base/field.h"
#include "railgund/base/text.h"
#include "railgund/config/value.h"

namespace railgun::config {
namespace {

constexpr std::size_t kTargetsMost = 64;  // of one host

std::uint16_t port_of(bool secure) { return secure ? 443 : 80; }

// Host and port as written; port 0 where none is.
struct HostPort {
  std::string host;
  std::uint16_t port = 0;
};
std::optional<HostPort> split_host(std::string_view text) {
  // Any default will do that no text can name: read twice, the port is its own if both agree.
  const Result<Endpoint> one = parse_endpoint(text, 1);
  const Result<Endpoint> two = parse_endpoint(text, 2);
  if (!one || !two) return std::nullopt;
  return HostPort{lower_ascii(one->host), one->port == two->port ? one->port : std::uint16_t{0}};
}

// The key of an entry: to_string() of an endpoint with a port, the bare host without.
std::string entry_key(const std::string& host, std::uint16_t port) {
  return port == 0 ? host : to_string(Endpoint{host, port});
}

struct WrittenTarget {
  HostPort place;
  int secure = -1;
  bool http2 = false;
};

struct Scheme {
  std::string_view text;
  bool secure;
  bool http2;
};
constexpr Scheme kSchemes[] = {
    {"https://", true, false}, {"http://", false, false}, {"h2c://", false, true}, {"h2://", true, true}};

Result<WrittenTarget> read_target(std::string_view text) {
  WrittenTarget target;
  std::string_view rest = text;
  const std::string lower = lower_ascii(text.substr(0, 8));
  for (const Scheme& scheme : kSchemes) {
    if (!lower.starts_with(scheme.text)) continue;
    target.secure = scheme.secure ? 1 : 0;
    target.http2 = scheme.http2;
    rest.remove_prefix(scheme.text.size());
    break;
  }
  if (rest.starts_with("unix:")) {
    if (target.secure == 1)
      return fail(Errc::kInvalid, "'" + std::string(text) + "': a Unix socket has no TLS: use http:// or h2c://");
    auto place = parse_endpoint_or_path(rest, 0);
    if (!place) return std::unexpected(place.error());
    target.place = {std::move(place->host), 0};
    target.secure = 0;
    return target;
  }
  if (target.secure != -1 && rest.ends_with('/')) rest.remove_suffix(1);
  const Result<Endpoint> checked = parse_endpoint(rest, 1);
  if (!checked) return std::unexpected(checked.error());
  target.place = *split_host(rest);
  return target;
}

bool is_map_host(std::string_view host) {
  if (host.starts_with("*.")) host.remove_prefix(2);
  return !host.empty() && host.find('*') == std::string_view::npos;
}

}  // namespace

Result<OriginTarget> parse_origin_target(std::string_view text) {
  Result<WrittenTarget> written = read_target(text);
  if (!written) return std::unexpected(written.error());
  OriginTarget target{.secure = written->secure == 1,
                      .endpoint = {std::move(written->place.host), written->place.port},
                      .http2 = written->http2};
  if (target.endpoint.port == 0 && !is_unix_socket(target.endpoint)) target.endpoint.port = port_of(target.secure);
  return target;
}

std::string to_string(const OriginTarget& target) {
  const auto scheme = std::find_if(std::begin(kSchemes), std::end(kSchemes), [&](const Scheme& one) {
    return one.secure == target.secure && one.http2 == target.http2;
  });
  return std::string(scheme->text) + to_string(target.endpoint);
}

MappedOrigin OriginMap::find(std::string_view host, bool secure) const {
  HostPort asked;
  if (std::optional<HostPort> split = split_host(host)) {
    asked = std::move(*split);
  } else {
    asked.host = host;
  }
  const std::uint16_t port = asked.port == 0 ? port_of(secure) : asked.port;

  MappedOrigin mapped;
  bool is_port_named = asked.port == 0;
  const auto look_up = [&](const std::string& name) -> const std::vector<Target>* {
    for (const std::uint16_t tried : {port, std::uint16_t{0}}) {
      const auto entry = entries_.find(entry_key(name, tried));
      if (entry == entries_.end()) continue;
      is_port_named = is_port_named || tried != 0;
      return &entry->second;
    }
    return nullptr;
  };
  const std::vector<Target>* found = look_up(asked.host);
  // "*.b.c", then "*.c" for "a.b.c".
  for (std::size_t dot = asked.host.find('.'); found == nullptr && dot != std::string::npos;
       dot = asked.host.find('.', dot + 1)) {
    if (dot > 0) found = look_up("*" + asked.host.substr(dot));
  }
  mapped.from_map = found != nullptr;
  if (found == nullptr && !default_.empty()) {
    found = &default_;
    mapped.from_map = mapped.from_default = true;
  }
  if (found == nullptr) {
    mapped.targets.push_back({.secure = secure, .endpoint = {asked.host, port}});
    mapped.address_from_host = true;
    mapped.port_from_host = asked.port != 0;
    return mapped;
  }
  for (const Target& target : *found) {
    const bool target_secure = target.secure == -1 ? secure : target.secure == 1;
    std::uint16_t target_port = target.endpoint.port;
    if (target_port == 0 && !is_unix_socket(target.endpoint)) {
      target_port = target_secure == secure ? port : port_of(target_secure);
      mapped.port_from_host = mapped.port_from_host || (target_secure == secure && !is_port_named);
    }
    mapped.targets.push_back({target_secure, {target.endpoint.host, target_port}, target.http2});
  }
  return mapped;
}

std::vector<std::string> OriginMap::hosts() const {
  std::vector<std::string> hosts;
  for (const auto& [host, targets] : entries_) hosts.push_back(host);
  return hosts;
}

Result<OriginMap> parse_origin_map(std::string_view text, std::string_view file_name) {
  OriginMap map;
  std::string faults;
  std::size_t number = 0;
  const auto report = [&](std::string_view what) {
    faults +=
        (faults.empty() ? "" : "\n") + std::string(file_name) + ":" + std::to_string(number) + ": " + std::string(what);
  };
  while (!text.empty()) {
    ++number;
    const std::size_t end = text.find('\n');
    const std::string_view line = trim(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.empty() || line.starts_with('#')) continue;

    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos || line.find('=', equals + 1) != std::string_view::npos) {
      report("expected one '=', as in: HOST = TARGET");
      continue;
    }
    const std::string_view host = trim(line.substr(0, equals));
    const std::optional<HostPort> key = split_host(host);
    if (!key || !is_map_host(key->host)) {
      report("'" + std::string(host) + "': expected a host, a host and a port, *.DOMAIN or default before '='");
      continue;
    }
    std::vector<OriginMap::Target> targets;
    bool good = true;
    for (const std::string_view word : split(line.substr(equals + 1), kBetweenWords)) {
      Result<WrittenTarget> target = read_target(word);
      if (!target) {
        report(
            "expected an address such as 10.0.0.1, 10.0.0.1:8080, [2001:db8::1]:443, https://10.0.0.1 or "
            "unix:/run/app.sock; " +
            target.error().text);
        good = false;
        continue;
      }
      targets.push_back({{std::move(target->place.host), target->place.port}, target->secure, target->http2});
    }
    if (!good) continue;
    if (targets.empty() || targets.size() > kTargetsMost) {
      report("'" + std::string(host) + "': expected 1 to " + std::to_string(kTargetsMost) + " addresses after '='");
      continue;
    }
    const bool is_default = key->host == "default" && key->port == 0;
    std::vector<OriginMap::Target>& place = is_default ? map.default_ : map.entries_[entry_key(key->host, key->port)];
    if (!place.empty()) {
      report("'" + std::string(host) + "' appears a second time; name all its targets on one line, between spaces");
      continue;
    }
    place = std::move(targets);
  }
  if (!faults.empty()) return fail(Errc::kInvalid, std::move(faults));
  return map;
}

}  // namespace railgun::config
