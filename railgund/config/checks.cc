#include "railgund/config/checks.h"

#include <algorithm>
#include <array>

#include "railgund/base/text.h"
#include "railgund/config/value.h"

namespace railgun::config {
namespace {

// Of letters and digits: out of reach for guessing over a network.
constexpr std::size_t kTokenLeast = 16;

bool is_loopback(std::string_view host) { return host.starts_with("127.") || host == "::1" || host == "localhost"; }

void check_sender(const Config& config, const Findings& findings) {
  if (config.listen.empty() && config.listen_tls.empty())
    findings.error("listen", "a sender needs it, or listen.tls: where web clients connect, as in listen = 0.0.0.0:80");
  if (!config.listen_tls.empty() && config.tls_directory.empty())
    findings.error("tls.directory", "listen.tls needs it: the folder with the certificates");
  for (const Endpoint& endpoint : config.listen_proxy_protocol) {
    const auto names = [&](const std::vector<Endpoint>& all) {
      return std::find(all.begin(), all.end(), endpoint) != all.end();
    };
    if (!names(config.listen) && !names(config.listen_tls))
      findings.error("listen.proxy_protocol", to_string(endpoint) + " is not in listen or listen.tls");
  }
  if (!config.listen_proxy_protocol.empty() && config.trusted_proxies.empty())
    findings.error("listen.proxy_protocol", "needs trusted.proxies: the addresses of the balancers");
  if (constexpr std::array kRedirects{0U, 301U, 302U, 307U, 308U};
      std::find(kRedirects.begin(), kRedirects.end(), config.redirect_https) == kRedirects.end()) {
    findings.error("redirect.https", "expected 308, 301, 302, 307 or 0");
  }
  if (config.redirect_https != 0 && config.listen_tls.empty() && config.trusted_proxies.empty())
    findings.error("redirect.https", "nothing here serves https: set listen.tls, or trusted.proxies");
  if (config.sites.empty() && config.state_directory.empty()) {
    findings.error("site.HOST.listeners",
                   "a sender needs at least one site, as in site.default.listeners = listener.example.com:2408 (or "
                   "state.directory, for listeners that are activated)");
  }
  for (const std::string& port : config.host_ports) {
    if (const auto number = parse_number(port, 1, 65535); !number) findings.error("host.ports", number.error().text);
  }
  for (const Site& site : config.sites) {
    if (site.listeners.empty() && !site.origin) {
      findings.error(site_key(site.host, ".listeners"), "the site has neither listeners nor an origin");
    }
    // More listeners may be activated later.
    if (config.state_directory.empty() && site.weights.size() > site.listeners.size())
      findings.error(site_key(site.host, ".weights"), "has more numbers than the site has listeners");
  }
}

void check_compression(const Config& config, const Findings& findings) {
  const bool is_off = std::any_of(config.compress.begin(), config.compress.end(),
                                  [](const std::string& word) { return same_name(word, "off"); });
  if (is_off && config.compress.size() > 1) findings.error("compress", "off stands alone, or there are codings");
}

void check_statistics(const Config& config, const Findings& findings) {
  if (config.stats_interval < std::chrono::seconds(1)) findings.error("stats.interval", "is less than a second");
  if (!config.stats_enabled) {
    constexpr std::string_view kOff = "has no effect while stats.enabled is 0";
    if (config.stats_listen) findings.warning("stats.listen", std::string(kOff));
    if (!config.stats_url.empty()) findings.warning("stats.url", std::string(kOff));
    if (config.stats_log) findings.warning("stats.log", std::string(kOff));
  } else if (config.stats_listen && !is_loopback(config.stats_listen->host) && config.stats_token.empty()) {
    findings.error("stats.listen",
                   "others than this machine may ask here, so stats.token must be set (or use 127.0.0.1)");
  } else if (!config.stats_token.empty() && config.stats_token.size() < kTokenLeast) {
    findings.warning("stats.token", "is short enough to be guessed: make one with openssl rand -hex 16");
  }
}

}  // namespace

void check_settings(const Config& config, const Findings& findings) {
  if (config.role == Role::kSender) check_sender(config, findings);
  check_compression(config, findings);
  check_statistics(config, findings);
  if (config.cert_file.empty() != config.key_file.empty()) {
    findings.error(config.cert_file.empty() ? "key.file" : "cert.file", "cert.file and key.file are needed together");
  }
  if (config.link_stream_window_bytes > config.link_window_bytes) {
    findings.error("link.stream_window", "is larger than link.window, of which it is a part");
  }
  if (config.reference_page_limit_bytes > config.memory_limit_bytes) {
    findings.error("reference.page_limit", "is larger than memory.limit: no such page could be kept");
  }
  if (config.origin_connect_timeout > config.lan_timeout) {
    findings.warning("timeout.origin_connect", "is longer than lan.timeout, which ends it first");
  }
  if (!config.wan_tls) findings.warning("wan.tls", "0: the link is neither secret nor safe; for tests only");
  if (!config.validate_cert)
    findings.warning("validate.cert", "0: anyone at an origin's address is taken for the origin");
}

}  // namespace railgun::config
