#include "railgunctl/check/network_facts.h"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <map>
#include <sstream>
#include <thread>

#include <ifaddrs.h>
#include <net/if.h>

#include "railgunctl/check/daemon_access.h"
#include "railgund/base/field.h"

namespace railgun::ctl {
namespace {

constexpr std::size_t kThreads = 16;
constexpr std::size_t kMaxOwnAddresses = 8;
constexpr std::size_t kMaxStatsBytes = 64 * 1024;

// `look` at each, side by side; the results are in the order of `of`.
template <typename Out, typename In, typename Look>
std::vector<Out> side_by_side(const std::vector<In>& of, Look look) {
  std::vector<Out> results(std::min(of.size(), kMaxLookedAt));
  std::atomic<std::size_t> next = 0;
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < std::min(results.size(), kThreads); ++i) {
    threads.emplace_back([&] {
      for (std::size_t at = next++; at < results.size(); at = next++) results[at] = look(of[at]);
    });
  }
  threads.clear();
  return results;
}

bool is_link_local(const net::SocketAddress& address) {
  return address.host().starts_with("169.254.") || address.host().starts_with("fe80:");
}

std::vector<Endpoint> own_addresses(std::uint16_t port) {
  std::vector<Endpoint> endpoints;
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return endpoints;
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owned(list, &::freeifaddrs);
  for (const ifaddrs* entry = list; entry != nullptr && endpoints.size() < kMaxOwnAddresses; entry = entry->ifa_next) {
    if (entry->ifa_addr == nullptr || (entry->ifa_flags & IFF_LOOPBACK) || !(entry->ifa_flags & IFF_UP)) continue;
    const auto address = net::SocketAddress::from(
        entry->ifa_addr, entry->ifa_addr->sa_family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in));
    if (address && !is_link_local(*address)) endpoints.push_back({address->host(), port});
  }
  return endpoints;
}

std::string host_alone(const std::string& host) {
  const auto split = parse_endpoint(host, 80);
  const std::string name = split ? split->host : host;
  return name.starts_with("*.") ? name.substr(2) : name;
}

// The best of a few connects: how far it is, and not how busy this machine was just then.
Duration nearest(const Fetched& answer, std::uint16_t port, Instant deadline) {
  constexpr int kMoreConnects = 3;
  Duration least = answer.phases.connect;
  const auto address = net::SocketAddress::parse(answer.address, port);
  for (int i = 0; address && i < kMoreConnects; ++i) {
    const Wire::Attempt attempt = Wire::connect(*address, deadline);
    if (attempt.wire) least = std::min(least, attempt.time);
  }
  return least;
}

Fetched ask_origin(const OriginFacts& origin, const Result<tls::ContextPtr>& context, Instant deadline) {
  const std::string host = origin.host == "default" ? origin.target.endpoint.host : host_alone(origin.host);
  FetchOptions options{.endpoint = origin.target.endpoint,
                       .server_name = host,
                       .http2 = origin.target.http2,
                       .request = {.method = "HEAD",
                                   .target = "/",
                                   .host = host,
                                   .secure = origin.target.secure,
                                   .fields = {{"User-Agent", "railgunctl-check"}, {"Accept", "*/*"}},
                                   .keep_alive = false}};
  if (origin.target.secure) {
    if (!context) return {.error = context.error()};
    options.context = *context;
  }
  Fetched answer = fetch(options, deadline);
  if (answer.reach == Reach::kOpen && !is_unix_socket(origin.target.endpoint))
    answer.phases.connect = nearest(answer, origin.target.endpoint.port, deadline);
  return answer;
}

void add_mapped(std::vector<OriginFacts>& origins, const config::Config& config, const std::string& host, bool secure) {
  const config::MappedOrigin found = config.origins.find(host, secure);
  for (const config::OriginTarget& target : found.targets) {
    const bool known = std::any_of(origins.begin(), origins.end(),
                                   [&](const OriginFacts& o) { return o.target == target && found.from_default; });
    if (!known) origins.push_back({.host = host, .target = target, .from_map = found.from_map});
  }
}

std::vector<OriginFacts> origins_of(const config::Config& config, const std::vector<std::string>& names) {
  std::vector<OriginFacts> origins;
  if (config.role == config::Role::kSender) {
    for (const config::Site& site : config.sites) {
      if (site.origin) origins.push_back({.host = site.host, .target = *site.origin, .is_fallback = true});
    }
    return origins;
  }
  std::vector<std::string> hosts = config.origins.hosts();
  for (const std::string& name : names) {
    if (!name.starts_with('*') && std::find(hosts.begin(), hosts.end(), name) == hosts.end()) hosts.push_back(name);
  }
  for (const std::string& host : hosts) add_mapped(origins, config, host, host.ends_with(":443"));
  if (config.origins.has_default()) add_mapped(origins, config, "default", false);
  return origins;
}

// What "stats" and its kin answer: lines of "STAT NAME VALUE" up to "END".
Result<std::map<std::string, std::string>> ask_memcached(Wire& wire, const std::string& command, Instant deadline) {
  if (auto written = wire.write(as_bytes(command + "\r\n"), deadline); !written)
    return std::unexpected(written.error());
  std::string text;
  while (!text.ends_with("END\r\n")) {
    const auto bytes = wire.read(deadline);
    if (!bytes) return std::unexpected(bytes.error());
    text += as_text(*bytes);
    if (bytes->empty() || text.size() > kMaxStatsBytes ||
        !text.starts_with(std::string("STAT ").substr(0, text.size())))
      return fail(Errc::kMalformed, "the server there is not memcached, or does not speak its text protocol");
  }
  std::map<std::string, std::string> stats;
  std::istringstream lines(text);
  for (std::string stat, name, value; lines >> stat >> name && std::getline(lines, value);) {
    const std::size_t start = std::min(value.find_first_not_of(' '), value.size());
    stats[name] = value.substr(start, value.find_last_not_of('\r') + 1 - start);
  }
  return stats;
}

std::optional<std::uint64_t> number(const std::map<std::string, std::string>& stats, const char* name) {
  const auto found = stats.find(name);
  if (found == stats.end()) return std::nullopt;
  std::uint64_t value = 0;
  const char* end = found->second.data() + found->second.size();
  return std::from_chars(found->second.data(), end, value).ec == std::errc{} ? std::optional(value) : std::nullopt;
}

Result<void> look_at_memcached(MemcachedFacts& facts, Wire::Attempt attempt, Instant deadline) {
  if (!attempt.wire) return fail(Errc::kUnavailable, attempt.reason);
  const auto stats = ask_memcached(*attempt.wire, "stats", deadline);
  if (!stats) return std::unexpected(stats.error());
  if (const auto version = stats->find("version"); version != stats->end()) facts.version = version->second;
  facts.memory_bytes = number(*stats, "limit_maxbytes");
  facts.used_bytes = number(*stats, "bytes").value_or(0);
  facts.evictions = number(*stats, "evictions").value_or(0);
  facts.hits = number(*stats, "get_hits").value_or(0);
  facts.misses = number(*stats, "get_misses").value_or(0);
  // Very old ones do not know it.
  if (const auto settings = ask_memcached(*attempt.wire, "stats settings", deadline)) {
    facts.item_bytes = number(*settings, "item_size_max");
  }
  return {};
}

Wire::Attempt connect_first(const Endpoint& endpoint, Instant deadline) {
  const auto resolved = resolve(endpoint, deadline);
  if (!resolved) return {.reason = resolved.error().text};
  return Wire::connect(resolved->addresses.front(), deadline);
}

}  // namespace

OwnPortFacts own_port_facts(const config::Config& config, bool daemon_runs, Instant deadline) {
  OwnPortFacts facts{.port = config.wan_port, .daemon_runs = daemon_runs};
  const auto addresses =
      config.wan_ip.empty() ? own_addresses(config.wan_port) : std::vector<Endpoint>{{config.wan_ip, config.wan_port}};
  facts.addresses = peer_facts(addresses, {}, deadline);
  if (!config.activation_railgun_host.empty()) {
    if (const auto outside = parse_endpoint(config.activation_railgun_host, config.wan_port))
      facts.outside = probe(*outside, {}, deadline);
  }
  return facts;
}

std::vector<LocalPortFacts> local_port_facts(const config::Config& config, Instant deadline) {
  std::vector<LocalPortFacts> ports;
  if (config.role == config::Role::kSender) {
    for (const Endpoint& endpoint : config.listen) ports.push_back({.name = "clients", .endpoint = endpoint});
    for (const Endpoint& endpoint : config.listen_tls)
      ports.push_back({.name = "clients over TLS", .endpoint = endpoint});
    if (config.activation_listen) ports.push_back({.name = "activation", .endpoint = *config.activation_listen});
  }
  if (config.stats_listen) ports.push_back({.name = "statistics", .endpoint = *config.stats_listen});
  return side_by_side<LocalPortFacts>(ports, [&](LocalPortFacts port) {
    Endpoint endpoint = port.endpoint;
    if (endpoint.host == "0.0.0.0") endpoint.host = "127.0.0.1";
    if (endpoint.host == "::") endpoint.host = "::1";
    const Wire::Attempt attempt = connect_first(endpoint, deadline);
    port.reach = attempt.reach;
    port.reason = attempt.reason;
    return port;
  });
}

std::vector<ProbeFacts> peer_facts(const std::vector<Endpoint>& peers, const OwnIdentity& identity, Instant deadline) {
  return side_by_side<ProbeFacts>(peers, [&](const Endpoint& peer) { return probe(peer, identity, deadline); });
}

std::vector<OriginFacts> origin_facts(const config::Config& config, const std::vector<std::string>& names,
                                      long daemon_pid, Instant deadline) {
  const auto context = tls::make_origin_context({.verify = config.validate_cert, .bundle_file = config.ca_bundle});
  return side_by_side<OriginFacts>(origins_of(config, names), [&](OriginFacts origin) {
    origin.answer = ask_origin(origin, context, deadline);
    if (daemon_pid != 0 && is_unix_socket(origin.target.endpoint) && origin.answer.reach == Reach::kOpen) {
      const auto tried = connect_as_daemon(daemon_pid, origin.target.endpoint.host, deadline);
      if (!tried && tried.error().code != Errc::kUnavailable) origin.daemon_error = tried.error();
    }
    return origin;
  });
}

std::vector<MemcachedFacts> memcached_facts(const config::Config& config, Instant deadline) {
  const auto look = [&](const std::string& server, Wire::Attempt attempt) {
    MemcachedFacts facts{.server = server, .wanted_item_bytes = config.memcached_limit_bytes};
    if (auto looked = look_at_memcached(facts, std::move(attempt), deadline); !looked) facts.error = looked.error();
    return facts;
  };
  if (!config.memcached_socket.empty())
    return {look(config.memcached_socket, Wire::connect_unix(config.memcached_socket, deadline))};
  return side_by_side<MemcachedFacts>(config.memcached_servers, [&](const Endpoint& server) {
    return look(to_string(server), connect_first(server, deadline));
  });
}

}  // namespace railgun::ctl
