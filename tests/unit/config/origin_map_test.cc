#include "railgund/config/origin_map.h"

#include <gtest/gtest.h>

namespace railgun::config {
namespace {

OriginMap map_of(std::string_view text) {
  Result<OriginMap> map = parse_origin_map(text, "nat");
  EXPECT_TRUE(map.has_value()) << map.error().text;
  return map ? *map : OriginMap{};
}

// The first target, as text.
std::string target(const OriginMap& map, std::string_view host, bool secure = false) {
  return to_string(map.find(host, secure).targets.at(0));
}

TEST(OriginMap, LeavesUnknownHostsAsTheyAre) {
  const OriginMap map = map_of("");
  EXPECT_TRUE(map.empty());
  EXPECT_EQ(target(map, "a.example"), "http://a.example:80");
  EXPECT_EQ(target(map, "a.example", true), "https://a.example:443");
  EXPECT_EQ(target(map, "a.example:8443", true), "https://a.example:8443");
  EXPECT_EQ(target(map, "[2001:db8::1]:81"), "http://[2001:db8::1]:81");
  EXPECT_FALSE(map.find("a.example", false).from_map);
}

TEST(OriginMap, ReplacesTheHostAndKeepsTheRequestsPort) {
  const OriginMap map = map_of("# nat\n www.example.com=10.0.0.1\n");
  EXPECT_EQ(target(map, "www.example.com"), "http://10.0.0.1:80");
  EXPECT_EQ(target(map, "www.example.com", true), "https://10.0.0.1:443");
  EXPECT_EQ(target(map, "www.example.com:8080"), "http://10.0.0.1:8080");
  EXPECT_TRUE(map.find("www.example.com", false).from_map);
  EXPECT_FALSE(map.find("www.example.com", false).from_default);
}

TEST(OriginMap, TakesPortsOnEitherSide) {
  const OriginMap map = map_of("example.com:2083 = 127.0.0.1:2084\nexample.com = localhost:8080\n");
  EXPECT_EQ(target(map, "example.com:2083"), "http://127.0.0.1:2084");
  EXPECT_EQ(target(map, "example.com"), "http://localhost:8080");
  EXPECT_EQ(target(map, "example.com:9999"), "http://localhost:8080");
}

TEST(OriginMap, KnowsThatADefaultPortNeedNotBeNamed) {
  const OriginMap map = map_of("example.com:443 = 10.0.0.1\n");
  EXPECT_EQ(target(map, "example.com", true), "https://10.0.0.1:443");
  EXPECT_EQ(target(map, "example.com", false), "http://example.com:80");
}

TEST(OriginMap, ChangesTheSchemeAndWithItThePort) {
  const OriginMap map = map_of("a = http://10.0.0.1\nb = https://10.0.0.1:8443/\n");
  EXPECT_EQ(target(map, "a", true), "http://10.0.0.1:80");
  EXPECT_EQ(target(map, "a:8443", true), "http://10.0.0.1:80");
  EXPECT_EQ(target(map, "a:8080"), "http://10.0.0.1:8080");
  EXPECT_EQ(target(map, "b"), "https://10.0.0.1:8443");
}

TEST(OriginMap, TakesIpv6InBracketsAndWithout) {
  const OriginMap map = map_of("a = [2001:db8::1]:443\nb = 2001:db8::2\n[2001:db8::3]:80 = 10.0.0.1\n");
  EXPECT_EQ(target(map, "a", true), "https://[2001:db8::1]:443");
  EXPECT_EQ(target(map, "b"), "http://[2001:db8::2]:80");
  EXPECT_EQ(target(map, "[2001:db8::3]"), "http://10.0.0.1:80");
}

TEST(OriginMap, KeepsSeveralTargetsInOrder) {
  const MappedOrigin found = map_of("a = 10.0.0.1 10.0.0.2:81, https://10.0.0.3").find("a", false);
  ASSERT_EQ(found.targets.size(), 3u);
  EXPECT_EQ(to_string(found.targets[1]), "http://10.0.0.2:81");
  EXPECT_EQ(to_string(found.targets[2]), "https://10.0.0.3:443");
}

TEST(OriginMap, PrefersTheNearestEntry) {
  const OriginMap map =
      map_of("*.example.com = 1.1.1.1\n*.a.example.com = 2.2.2.2\nx.a.example.com = 3.3.3.3\ndefault = 4.4.4.4\n");
  EXPECT_EQ(target(map, "x.a.example.com"), "http://3.3.3.3:80");
  EXPECT_EQ(target(map, "y.a.example.com"), "http://2.2.2.2:80");
  EXPECT_EQ(target(map, "y.b.example.com"), "http://1.1.1.1:80");
  EXPECT_EQ(target(map, "example.com"), "http://4.4.4.4:80");
  EXPECT_TRUE(map.find("example.com", false).from_default);
  EXPECT_TRUE(map.find("example.com", false).from_map);
}

TEST(OriginMap, SaysWhatWasExpectedAndWhere) {
  const auto fault = [](std::string_view text) {
    const Result<OriginMap> map = parse_origin_map(text, "nat");
    return map ? std::string("parsed") : map.error().text;
  };
  EXPECT_EQ(fault("\na 10.0.0.1"), "nat:2: expected one '=', as in: HOST = TARGET");
  EXPECT_EQ(fault("a = b = c"), "nat:1: expected one '=', as in: HOST = TARGET");
  EXPECT_EQ(fault("a ="), "nat:1: 'a': expected 1 to 64 addresses after '='");
  EXPECT_EQ(fault("= 10.0.0.1"), "nat:1: '': expected a host, a host and a port, *.DOMAIN or default before '='");
  EXPECT_EQ(fault("a*b = 10.0.0.1"),
            "nat:1: 'a*b': expected a host, a host and a port, *.DOMAIN or default before '='");
  EXPECT_EQ(fault("A = 1.1.1.1\na = 2.2.2.2"),
            "nat:2: 'a' appears a second time; name all its targets on one line, between spaces");
  EXPECT_EQ(fault("default = 1.1.1.1\ndefault = 2.2.2.2"),
            "nat:2: 'default' appears a second time; name all its targets on one line, between spaces");
  EXPECT_TRUE(fault("a = 10.0.0.1:0").starts_with("nat:1: expected an address such as 10.0.0.1"));
  EXPECT_TRUE(fault("a = http://10.0.0.1/path").starts_with("nat:1: expected an address such as 10.0.0.1"));
}

TEST(OriginMap, SaysWhichHostsItHas) {
  const OriginMap map = parse_origin_map("B.example:8080 = 10.0.0.1\n*.a.example = 10.0.0.2\n", "nat").value();
  EXPECT_EQ(map.hosts(), (std::vector<std::string>{"*.a.example", "b.example:8080"}));
  EXPECT_FALSE(map.has_default());
  EXPECT_TRUE(parse_origin_map("default = 10.0.0.1", "nat").value().has_default());
}

TEST(OriginTarget, ReadsUrlsAndPlainAddresses) {
  EXPECT_EQ(parse_origin_target("https://a.example").value(), (OriginTarget{true, {"a.example", 443}}));
  EXPECT_EQ(parse_origin_target("HTTP://a.example:81/").value(), (OriginTarget{false, {"a.example", 81}}));
  EXPECT_EQ(parse_origin_target("[::1]:82").value(), (OriginTarget{false, {"::1", 82}}));
  EXPECT_FALSE(parse_origin_target("https://").has_value());
  EXPECT_FALSE(parse_origin_target("").has_value());
}

TEST(OriginMap, NamesProtocolsAndUnixSockets) {
  const auto map = parse_origin_map(
      "grpc.test = h2c://10.0.0.1:50051\nfast.test = h2://10.0.0.2\nunix.test = unix:/run/app.sock\n"
      "both.test = h2c://unix:/run/h2.sock http://unix:/run/app.sock\n",
      "nat");
  ASSERT_TRUE(map) << map.error().text;
  const auto found = [&](const char* host) {
    std::string text;
    for (const OriginTarget& target : map->find(host, false).targets) text += to_string(target) + " ";
    return text;
  };
  EXPECT_EQ(found("grpc.test"), "h2c://10.0.0.1:50051 ");
  EXPECT_EQ(found("fast.test"), "h2://10.0.0.2:443 ");
  EXPECT_EQ(found("unix.test"), "http://unix:/run/app.sock ");
  EXPECT_EQ(found("both.test"), "h2c://unix:/run/h2.sock http://unix:/run/app.sock ");
  EXPECT_EQ(parse_origin_target("unix:/run/a")->endpoint, (Endpoint{"/run/a", 0}));
  for (const char* bad : {"a = unix:relative\n", "a = unix:\n", "a = https://unix:/run/a\n", "a = h2://unix:/run/a\n"})
    EXPECT_FALSE(parse_origin_map(bad, "nat")) << bad;
  EXPECT_FALSE(parse_origin_map("a = unix:/" + std::string(107, 'x') + "\n", "nat"));
}

// A sender may say any host: none of them is a path.
TEST(OriginMap, MakesNoUnixSocketOfAHost) {
  for (const char* host : {"unix:/run/app.sock", "/run/app.sock"}) {
    const MappedOrigin found = OriginMap{}.find(host, false);
    ASSERT_EQ(found.targets.size(), 1U);
    EXPECT_FALSE(is_unix_socket(found.targets[0].endpoint));
  }
}

}  // namespace
}  // namespace railgun::config
