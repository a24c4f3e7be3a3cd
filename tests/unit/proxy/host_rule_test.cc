#include "railgund/proxy/host_rule.h"

#include <gtest/gtest.h>

namespace railgun::proxy {
namespace {

config::OriginMap map_of(std::string_view text) {
  auto map = config::parse_origin_map(text, "nat");
  EXPECT_TRUE(map) << text;
  return map ? *map : config::OriginMap{};
}

// At the listener, with that map.
bool is_served(std::string_view map, std::string_view host, bool secure = false) {
  return judge_host(map_of(map).find(host, secure), host).has_value();
}

// At a sender that listens on 8080 and has these sites.
bool is_taken(std::string_view site_host, std::string_view host, std::vector<std::string> ports = {}) {
  config::Config config;
  config.listen = {{"0.0.0.0", 8080}};
  config.host_ports = std::move(ports);
  const config::Site site{.host = std::string(site_host), .listeners = {}, .origin = {}};
  return judge_host(config, site, host).has_value();
}

TEST(HostRule, ReadsThePortOfAHost) {
  EXPECT_EQ(port_of_host("a:8080"), 8080);
  EXPECT_EQ(port_of_host("[::1]:80"), 80);
  EXPECT_EQ(port_of_host("a"), std::nullopt);
  EXPECT_EQ(port_of_host("[::1]"), std::nullopt);
  EXPECT_EQ(port_of_host(""), std::nullopt);
}

TEST(HostRule, TakesAtTheSenderThePortsThatItServes) {
  for (const char* host : {"site.test", "site.test:80", "site.test:443", "site.test:8080"})
    EXPECT_TRUE(is_taken("site.test", host)) << host;
  for (const char* host : {"site.test:9200", "site.test:22", "site.test:1", "site.test:65535", "site.test:8081"})
    EXPECT_FALSE(is_taken("site.test", host)) << host;
  EXPECT_TRUE(is_taken("site.test", "site.test:8443", {"8443"}));
}

TEST(HostRule, TakesAtTheSenderThePortsOfItsMap) {
  config::Config config;
  config.origins = map_of("panel.test:2083 = 127.0.0.1\n");
  const config::Site site{.host = "default", .listeners = {}, .origin = {}};
  EXPECT_TRUE(judge_host(config, site, "panel.test:2083"));
  EXPECT_FALSE(judge_host(config, site, "other.test:2083"));
}

TEST(HostRule, RefusesAtTheSenderAddressesThatNoVisitorMeans) {
  for (const char* host :
       {"2130706433", "0x7f.1", "127.1", "0177.0.0.1", "127.0.0.1.", "169.254.169.254", "0.0.0.0", "224.0.0.1",
        "[fe80::1]", "[::]", "[ff02::1]", "2130706433:8080", "169.254.169.254:80", "[::ffff:169.254.169.254]"}) {
    EXPECT_FALSE(is_taken("default", host)) << host;
    EXPECT_FALSE(is_taken("*.test", host)) << host;
  }
  // A balancer that asks for the sender's own address; the listener judges where that leads.
  for (const char* host : {"10.0.0.3", "127.0.0.1:8080", "[2001:db8::1]:8080"})
    EXPECT_TRUE(is_taken("default", host)) << host;
  EXPECT_TRUE(is_taken("169.254.1.1", "169.254.1.1"));
}

TEST(HostRule, RefusesAtTheListenerPortsThatTheMapDoesNotName) {
  constexpr std::string_view kNoPort = "site.test = 127.0.0.1\n";
  for (const char* host : {"site.test", "site.test:80", "site.test:443"}) EXPECT_TRUE(is_served(kNoPort, host)) << host;
  for (const char* host : {"site.test:9200", "site.test:6379", "site.test:22"}) {
    EXPECT_FALSE(is_served(kNoPort, host)) << host;
    EXPECT_FALSE(is_served(kNoPort, host, true)) << host;
    EXPECT_FALSE(is_served("*.test = 127.0.0.1\n", host)) << host;
    EXPECT_FALSE(is_served("default = 127.0.0.1\n", host)) << host;
    EXPECT_FALSE(is_served("", host)) << host;
    // One of several targets is enough.
    EXPECT_FALSE(is_served("site.test = 127.0.0.1:80 127.0.0.2\n", host)) << host;
  }
  EXPECT_TRUE(is_served("site.test:9200 = 127.0.0.1\n", "site.test:9200"));
  EXPECT_TRUE(is_served("*.test:9200 = 127.0.0.1\n", "site.test:9200"));
  // The map says where the request goes, whatever port it names.
  EXPECT_TRUE(is_served("site.test = 127.0.0.1:8080\n", "site.test:9200"));
  EXPECT_TRUE(is_served("default = 127.0.0.1:8080\n", "other.test:9200"));
  // The scheme changes, and with it the port.
  EXPECT_TRUE(is_served("site.test = https://127.0.0.1\n", "site.test:9200"));
}

TEST(HostRule, RefusesAtTheListenerAddressesThatTheMapDoesNotName) {
  for (const char* host : {"127.0.0.1", "[::1]", "2130706433", "0x7f.1", "0", "127.1", "[::ffff:127.0.0.1]",
                           "169.254.169.254", "8.8.8.8", "[2606:4700::1111]:80", "10.0.0.1:443", "127.0.0.1."}) {
    EXPECT_FALSE(is_served("", host)) << host;
    EXPECT_FALSE(is_served("site.test = 10.0.0.1\n", host)) << host;
  }
  EXPECT_FALSE(is_served("", ""));
  EXPECT_TRUE(is_served("10.0.0.1 = 10.0.0.1\n", "10.0.0.1"));
  EXPECT_TRUE(is_served("[::1] = [::1]:8080\n", "[::1]"));
  // A health check by address: the default says all that is dialled.
  EXPECT_TRUE(is_served("default = 127.0.0.1:8080\n", "10.0.0.3"));
  EXPECT_TRUE(is_served("default = 127.0.0.1\n", "10.0.0.3"));
  EXPECT_TRUE(is_served("default = 127.0.0.1\n", "10.0.0.3:80"));
  EXPECT_FALSE(is_served("default = 127.0.0.1\n", "2130706433:6379"));
  EXPECT_FALSE(is_served("default = 127.0.0.1\n", "[::ffff:127.0.0.1]:6379"));
  EXPECT_TRUE(is_served("default = 127.0.0.1:8080\n", ""));
}

TEST(HostRule, LeavesNamesToTheCheckOfTheirAddresses) {
  EXPECT_TRUE(is_served("", "localhost"));
  EXPECT_TRUE(map_of("").find("localhost", false).address_from_host);
  EXPECT_FALSE(map_of("localhost = localhost\n").find("localhost", false).address_from_host);
  EXPECT_FALSE(map_of("default = localhost\n").find("x.test", false).address_from_host);
}

}  // namespace
}  // namespace railgun::proxy
