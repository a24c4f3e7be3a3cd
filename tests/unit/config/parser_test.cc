#include "railgund/config/parser.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "railgund/config/settings_table.h"

namespace railgun::config {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

// The error text of a file that must not parse.
std::string fault_of(std::string_view text) {
  const Result<ParsedConfig> parsed = parse_config(text, "t");
  if (parsed) return "parsed";
  EXPECT_EQ(parsed.error().code, Errc::kInvalid);
  return parsed.error().text;
}

constexpr std::string_view kSender =
    "role = sender\n"
    "listen = 127.0.0.1:8080 [::1]:8080\n"
    "site.www.example.com.listeners = 10.0.0.1 10.0.0.2:2409\n"
    "site.www.example.com.origin = https://10.0.0.3\n"
    "site.*.example.com.listeners = b.example\n"
    "site.default.origin = 10.0.0.4:8080\n";

TEST(Parser, TakesAnEmptyFileAsAListenerWithTheDefaults) {
  const Result<ParsedConfig> parsed = parse_config("", "t");
  ASSERT_TRUE(parsed.has_value());
  EXPECT_TRUE(parsed->warnings.empty());
  EXPECT_EQ(parsed->config.role, Role::kListener);
  EXPECT_EQ(parsed->config.wan_port, 2408);
}

TEST(Parser, ReadsTheOriginalsFile) {
  const Result<ParsedConfig> parsed = parse_config(
      "# a comment = with a sign\n"
      "\n"
      "  wan.port=2409 \r\n"
      "lan.timeout = 100\n"
      "memcached.servers = 127.0.0.1:11211 10.0.0.2:11212\n"
      "memcached.timeout = 50\n"
      "memcached.expiration = 0\n"
      "memcached.limit = 1000000\n"
      "stats.interval = 5\n"
      "validate.cert = 1\n"
      "insecure.origin = 1\n"
      "syslog.addr = /dev/log\n"
      "activation.token = abc\n"
      "log.level = 5",
      "t");
  ASSERT_TRUE(parsed.has_value()) << parsed.error().text;
  const Config& config = parsed->config;
  EXPECT_TRUE(parsed->warnings.empty()) << parsed->warnings[0];
  EXPECT_EQ(config.wan_port, 2409);
  EXPECT_EQ(config.lan_timeout, seconds(100));
  EXPECT_EQ(config.memcached_servers, (std::vector<Endpoint>{{"127.0.0.1", 11211}, {"10.0.0.2", 11212}}));
  EXPECT_EQ(config.memcached_timeout, milliseconds(50));
  EXPECT_EQ(config.memcached_expiration, seconds(0));
  EXPECT_EQ(config.memcached_limit_bytes, 1000000u);
  EXPECT_EQ(config.stats_interval, minutes(5));
  EXPECT_TRUE(config.insecure_origin);
  EXPECT_EQ(config.syslog_addr, "/dev/log");
  EXPECT_EQ(config.activation_token, "abc");
  EXPECT_EQ(config.log_level, 5);
}

TEST(Parser, ReadsASendersSites) {
  const Result<ParsedConfig> parsed = parse_config(kSender, "t");
  ASSERT_TRUE(parsed.has_value()) << parsed.error().text;
  const Config& config = parsed->config;
  EXPECT_EQ(config.listen, (std::vector<Endpoint>{{"127.0.0.1", 8080}, {"::1", 8080}}));
  ASSERT_EQ(config.sites.size(), 3u);
  EXPECT_EQ(config.sites[0],
            (Site{"www.example.com", {{"10.0.0.1", 2408}, {"10.0.0.2", 2409}}, OriginTarget{true, {"10.0.0.3", 443}}}));
  EXPECT_EQ(config.sites[1], (Site{"*.example.com", {{"b.example", 2408}}, std::nullopt}));
  EXPECT_EQ(config.sites[2], (Site{"default", {}, OriginTarget{false, {"10.0.0.4", 8080}}}));
}

TEST(Parser, TakesOneUnixSocketForMemcached) {
  const Result<ParsedConfig> parsed = parse_config("memcached.servers = /run/memcached.sock", "t");
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->config.memcached_socket, "/run/memcached.sock");
  EXPECT_EQ(fault_of("memcached.servers = /a.sock 10.0.0.1:1"),
            "t:1: memcached.servers: expected one Unix socket, or HOST:PORT entries alone, not '/a.sock 10.0.0.1:1'");
}

TEST(Parser, SaysFileLineKeyAndWhatWasExpected) {
  EXPECT_EQ(fault_of("\nwan.port 2408"), "t:2: expected key = value");
  EXPECT_EQ(fault_of("= 1"), "t:1: no key before '='");
  EXPECT_EQ(fault_of("wan.port == 1"), "t:1: wan.port: expected one '=' between key and value");
  EXPECT_EQ(fault_of("pid.file = = /x"), "t:1: pid.file: expected one '=' between key and value");
  EXPECT_EQ(fault_of("wan.port = 1 = 2"), "t:1: wan.port: expected a number from 1 to 65535, not '1 = 2'");
  EXPECT_EQ(fault_of("=x=y"), "t:1: no key before '='");
  EXPECT_EQ(fault_of("wan.port = 1\nwan.port = 2"), "t:2: wan.port: a second time, after line 1");
  EXPECT_EQ(fault_of("wan.prot = 1"), "t:1: wan.prot: there is no such setting; did you mean wan.port?");
  EXPECT_EQ(fault_of("something.else = 1"), "t:1: something.else: there is no such setting");
  EXPECT_EQ(fault_of("wan.port = ten"), "t:1: wan.port: expected a number from 1 to 65535, not 'ten'");
  EXPECT_EQ(fault_of("wan.port = 0"), "t:1: wan.port: expected a number from 1 to 65535, not '0'");
  EXPECT_EQ(fault_of("wan.port = 65536"), "t:1: wan.port: expected a number from 1 to 65535, not '65536'");
  EXPECT_EQ(fault_of("wan.port = 99999999999999999999"),
            "t:1: wan.port: expected a number from 1 to 65535, not '99999999999999999999'");
  EXPECT_EQ(fault_of("wan.port ="), "t:1: wan.port: expected a number from 1 to 65535, not nothing");
  EXPECT_EQ(fault_of("wan.port = 1 # here"),
            "t:1: wan.port: expected a number from 1 to 65535, not '1 # here' (a comment needs a line of its own)");
  EXPECT_EQ(fault_of("validate.cert = 2"),
            "t:1: validate.cert: expected 0 or 1 (or no, yes, off, on, false, true), not '2'");
  EXPECT_EQ(fault_of("role = edge"), "t:1: role: expected listener | sender, not 'edge'");
  EXPECT_EQ(fault_of("wan.ip = example.com"), "t:1: wan.ip: expected an IPv4 or IPv6 address, not 'example.com'");
  EXPECT_EQ(fault_of("memory.limit = 100"),
            "t:1: memory.limit: expected a number of bytes, such as 65536, 64K, 8M or 1G, at least 1M, not '100'");
  EXPECT_EQ(fault_of(std::string_view("a\0b = 1", 7)), "t:1: a byte of value 0: this is no text file");
}

// Addresses with a query, and tokens in base64.
TEST(Parser, TakesValuesThatHoldAnEqualsSign) {
  const auto parsed = parse_config(
      "stats.enabled = 1\nstats.url = https://stats.example.com/in?key=abc&x=y\nactivation.token=dG9rZW4=\n"
      "stats.token = a==\npid.file = /run/a=b.pid\n",
      "t");
  ASSERT_TRUE(parsed.has_value()) << parsed.error().text;
  EXPECT_EQ(parsed->config.stats_url, "https://stats.example.com/in?key=abc&x=y");
  EXPECT_EQ(parsed->config.activation_token, "dG9rZW4=");
  EXPECT_EQ(parsed->config.stats_token, "a==");
  EXPECT_EQ(parsed->config.pid_file, "/run/a=b.pid");
}

TEST(Parser, NamesAllFaultsAtOnceUpToTwenty) {
  EXPECT_EQ(fault_of("a = 1\nrole = x\n"),
            "t:1: a: there is no such setting\nt:2: role: expected listener | sender, not 'x'");
  std::string many;
  for (int i = 0; i < 30; ++i) many += "nonsense\n";
  EXPECT_TRUE(fault_of(many).ends_with("t:20: expected key = value\n… and 10 more")) << fault_of(many);
}

TEST(Parser, WarnsOfKeysThatDoNothingAnyMore) {
  for (const char* key : {"stream.size", "compress.data", "cpu.oversubscribe", "memprofile.file", "cpuprofile.file",
                          "cpuprofile.intial", "memstats.file", "activation.heartbeat_interval", "activate.server"}) {
    const Result<ParsedConfig> parsed = parse_config(std::string(key) + " = 1", "t");
    ASSERT_TRUE(parsed.has_value()) << parsed.error().text;
    ASSERT_EQ(parsed->warnings.size(), 1u) << key;
    EXPECT_TRUE(parsed->warnings[0].starts_with("t:1: " + std::string(key) + ": has no effect")) << parsed->warnings[0];
  }
}

TEST(Parser, TakesOldNamesForTheirNewOnes) {
  const Result<ParsedConfig> parsed =
      parse_config("memcached.connect = 10.0.0.1:11211\nactivation.public_ip = 192.0.2.1", "t");
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->config.memcached_servers, (std::vector<Endpoint>{{"10.0.0.1", 11211}}));
  EXPECT_EQ(parsed->config.activation_railgun_host, "192.0.2.1");
  EXPECT_EQ(parsed->warnings.size(), 2u);
  EXPECT_EQ(fault_of("memcached.connect = 10.0.0.1\nmemcached.servers = 10.0.0.1"),
            "t:2: memcached.servers: a second time, after line 1");
}

TEST(Parser, WarnsOfKeysOfTheOtherRole) {
  const Result<ParsedConfig> parsed = parse_config("clients.limit = 7\n", "t");
  ASSERT_TRUE(parsed.has_value());
  ASSERT_EQ(parsed->warnings.size(), 1u);
  EXPECT_EQ(parsed->warnings[0], "t:1: clients.limit: concerns senders, and this is a listener");
}

TEST(Parser, RefusesSettingsThatMakeNoSenseTogether) {
  EXPECT_EQ(fault_of("role = sender\nsite.default.origin = a:1"),
            "t: listen: a sender needs it, or listen.tls: where web clients connect, as in listen = 0.0.0.0:80");
  EXPECT_TRUE(fault_of("role = sender\nlisten = 0.0.0.0:80")
                  .starts_with("t: site.HOST.listeners: a sender needs at least one site"));
  EXPECT_TRUE(parse_config("role = sender\nlisten = 0.0.0.0:80\nstate.directory = /var/lib/railgun", "t").has_value());
  EXPECT_EQ(fault_of("cert.file = /c"), "t:1: cert.file: cert.file and key.file are needed together");
  EXPECT_EQ(fault_of("link.window = 1M\nlink.stream_window = 2M"),
            "t:2: link.stream_window: is larger than link.window, of which it is a part");
  EXPECT_EQ(fault_of("memory.limit = 1M"),
            "t: reference.page_limit: is larger than memory.limit: no such page could be kept");
  EXPECT_TRUE(fault_of("stats.enabled = 1\nstats.listen = 0.0.0.0:24088").starts_with("t:2: stats.listen: "));
  EXPECT_TRUE(parse_config("stats.enabled = 1\nstats.listen = 127.0.0.1:24088", "t").has_value());
}

TEST(Parser, RefusesAHostThatIsNone) {
  for (const char* key :
       {"site..listeners", "site.listeners", "site.a*b.listeners", "site.a b.origin", "site.a.b", "site.*.listeners"}) {
    EXPECT_NE(fault_of(std::string(key) + " = 10.0.0.1").find("there is no such setting"), std::string::npos) << key;
  }
}

TEST(Parser, TakesAnIpv6AddressInBracketsAsASite) {
  const Result<ParsedConfig> parsed = parse_config(
      "role = sender\nlisten = [::1]:80\nsite.[2001:DB8::1].listeners = l.test\nsite.[2001:db8:0::1].origin = "
      "[::1]:81\n",
      "t");
  ASSERT_TRUE(parsed.has_value()) << parsed.error().text;
  ASSERT_EQ(parsed->config.sites.size(), 1U);
  EXPECT_EQ(parsed->config.sites[0].host, "2001:db8::1");
  EXPECT_EQ(parsed->config.sites[0].listeners.size(), 1U);
  EXPECT_TRUE(parsed->config.sites[0].origin.has_value());
  EXPECT_EQ(site_key("2001:db8::1", ".origin"), "site.[2001:db8::1].origin");
  EXPECT_EQ(site_key("a.test", ".origin"), "site.a.test.origin");
  for (const char* key : {"site.::1.listeners", "site.[].origin", "site.[a.test].origin", "site.[127.0.0.1].origin",
                          "site.[fe80::1%eth0].origin", "site.[::1.origin"}) {
    EXPECT_NE(fault_of(std::string(key) + " = 10.0.0.1").find("there is no such setting"), std::string::npos) << key;
  }
}

TEST(Parser, SaysThatANetworkHasNoZone) {
  EXPECT_EQ(
      fault_of("trusted.proxies = fe80::1%eth0"),
      "t:1: trusted.proxies: expected an address without a zone, 'fe80::1', not 'fe80::1%eth0': it counts on every "
      "interface");
  EXPECT_NE(fault_of("trusted.proxies = x%eth0").find("expected an address, or a network"), std::string::npos);
}

class LoadConfig : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "railgun_config_XXXXXX").string();
    folder_ = mkdtemp(name.data());
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string write(const std::string& name, std::string_view text) {
    const std::string path = (folder_ / name).string();
    std::ofstream(path) << text;
    return path;
  }
  std::filesystem::path folder_;
};

TEST_F(LoadConfig, ReadsTheMapBesideTheFile) {
  write("nat.conf", "www.example.com = 10.0.0.1\n");
  const Result<ParsedConfig> parsed = load_config(write("railgun.conf", "map.file = nat.conf\n"));
  ASSERT_TRUE(parsed.has_value()) << parsed.error().text;
  EXPECT_EQ(parsed->config.origins.find("www.example.com", false).targets[0].endpoint, (Endpoint{"10.0.0.1", 80}));
}

TEST_F(LoadConfig, ReadsErrorPages) {
  write("sorry.html", "<h1>Back soon</h1>");
  const std::string text = "role = sender\nlisten = 127.0.0.1\nsite.a.test.listeners = b\nsite.a.test.error_page = ";
  const Result<ParsedConfig> parsed = load_config(write("railgun.conf", text + "sorry.html\n"));
  ASSERT_TRUE(parsed.has_value()) << parsed.error().text;
  EXPECT_EQ(parsed->config.sites.at(0).error_page_text, "<h1>Back soon</h1>");
  const std::string path = write("railgun.conf", text + "none.html\n");
  EXPECT_EQ(load_config(path).error().text,
            path + ":4: site.a.test.error_page: " + (folder_ / "none.html").string() + ": no such file");
  write("large.html", std::string((64 << 10) + 1, 'a'));
  EXPECT_EQ(load_config(write("railgun.conf", text + "large.html\n")).error().code, Errc::kTooLarge);
}

TEST_F(LoadConfig, SaysWhichFileIsMissingOrWrong) {
  const std::string path = write("railgun.conf", "map.file = nat.conf\n");
  Result<ParsedConfig> parsed = load_config(path);
  ASSERT_FALSE(parsed.has_value());
  EXPECT_EQ(parsed.error().code, Errc::kNotFound);
  EXPECT_EQ(parsed.error().text, path + ":1: map.file: " + (folder_ / "nat.conf").string() + ": no such file");
  write("nat.conf", "\nnonsense\n");
  parsed = load_config(path);
  ASSERT_FALSE(parsed.has_value());
  EXPECT_EQ(parsed.error().text, (folder_ / "nat.conf").string() + ":2: expected one '=', as in: HOST = TARGET");
  EXPECT_EQ(load_config((folder_ / "none").string()).error().code, Errc::kNotFound);
  EXPECT_EQ(load_config(folder_.string()).error().code, Errc::kInvalid);
  EXPECT_EQ(load_config(write("large", std::string((4 << 20) + 1, '#'))).error().code, Errc::kTooLarge);
}

TEST(Role, OfTheCommandLineBeatsTheFileAndNeedsNothingMore) {
  const std::string file = "role = listener\nstate.directory = /var/lib/railgun\n";
  const Result<ParsedConfig> sender = parse_config(file, "t", Role::kSender);
  ASSERT_TRUE(sender) << sender.error().text;
  EXPECT_EQ(sender->config.role, Role::kSender);
  EXPECT_EQ(sender->config.listen, (std::vector<Endpoint>{{"*", 80}}));
  EXPECT_EQ(sender->config.activation_listen, (Endpoint{"*", 2409}));
  const Result<ParsedConfig> own = parse_config(file + "listen = 127.0.0.1:8080\n", "t", Role::kSender);
  EXPECT_EQ(own->config.listen, (std::vector<Endpoint>{{"127.0.0.1", 8080}}));
  EXPECT_EQ(parse_config("role = sender\nlisten = 0.0.0.0:80\n", "t", Role::kListener)->config.role, Role::kListener);
}

}  // namespace
}  // namespace railgun::config
