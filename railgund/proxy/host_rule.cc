#include "railgund/proxy/host_rule.h"

#include <algorithm>
#include <array>

#include "railgund/config/address_class.h"
#include "railgund/config/value.h"
#include "railgund/proxy/forwarding.h"

namespace railgun::proxy {
namespace {

bool is_web_port(std::uint16_t port) { return port == 80 || port == 443; }

bool is_port_served(const config::Config& config, std::string_view host, std::uint16_t port) {
  if (is_web_port(port)) return true;
  const auto listens = [&](const Endpoint& endpoint) { return endpoint.port == port; };
  if (std::any_of(config.listen.begin(), config.listen.end(), listens) ||
      std::any_of(config.listen_tls.begin(), config.listen_tls.end(), listens)) {
    return true;
  }
  const auto is_same = [&](const std::string& text) { return text == std::to_string(port); };
  if (std::any_of(config.host_ports.begin(), config.host_ports.end(), is_same)) return true;
  const std::vector<std::string> mapped = config.origins.hosts();
  return std::find(mapped.begin(), mapped.end(), host) != mapped.end();
}

// Where no visitor's browser can have come from.
constexpr std::array<std::string_view, 6> kNobodys = {"0.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3",
                                                      "::/128",    "fe80::/10",      "ff00::/8"};

bool is_nobodys_address(std::string_view address) {
  return std::any_of(kNobodys.begin(), kNobodys.end(),
                     [&](std::string_view network) { return config::is_in_network(address, network); });
}

}  // namespace

std::optional<std::uint16_t> port_of_host(std::string_view host) {
  const std::size_t bracket = host.rfind(']');
  const std::size_t colon = host.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (colon == std::string_view::npos) return std::nullopt;
  const auto port = config::parse_number(host.substr(colon + 1), 1, 65535);
  return port ? std::optional(static_cast<std::uint16_t>(*port)) : std::nullopt;
}

Result<void> judge_host(const config::Config& config, const config::Site& site, std::string_view host) {
  const auto port = port_of_host(host);
  if (port && !is_port_served(config, host, *port)) {
    return fail(Errc::kInvalid, "the request's Host is '" + std::string(host) +
                                    "', and this sender does not listen on that port: if visitors reach it there "
                                    "through another machine, set host.ports = " +
                                    std::to_string(*port));
  }
  const std::string_view name = host_name(host);
  if (config::is_named(site, name)) return {};
  const config::HostForm form = config::form_of_host(name);
  if (form == config::HostForm::kOtherSpelling || (form == config::HostForm::kAddress && is_nobodys_address(name))) {
    return fail(Errc::kInvalid,
                "the request's Host is '" + std::string(host) + "', an address that no site of railgun.conf names");
  }
  return {};
}

Result<void> judge_host(const config::MappedOrigin& origin, std::string_view host) {
  const std::string quoted = "'" + std::string(host) + "'";
  const auto port = port_of_host(host);
  if (origin.port_from_host && port && !is_web_port(*port)) {
    return fail(Errc::kInvalid, "the request's Host is " + quoted +
                                    ", and the map file names no port for it: if that port is served, add the line " +
                                    std::string(host) + " = ADDRESS:" + std::to_string(*port));
  }
  const std::string_view name = host_name(host);
  if (origin.address_from_host && (name.empty() || config::form_of_host(name) != config::HostForm::kName)) {
    return fail(Errc::kInvalid, "the request's Host is " + quoted +
                                    ", an address that the map file does not name: if it is served, add the line " +
                                    (name.empty() ? "default" : std::string(host)) + " = ADDRESS:PORT");
  }
  return {};
}

}  // namespace railgun::proxy
