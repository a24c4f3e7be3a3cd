#include "railgund/config/value.h"

#include <gtest/gtest.h>

namespace railgun::config {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

TEST(Value, ReadsBytesWithSuffixes) {
  EXPECT_EQ(parse_bytes("0", 0, kNoMost).value(), 0u);
  EXPECT_EQ(parse_bytes("64K", 0, kNoMost).value(), 65536u);
  EXPECT_EQ(parse_bytes("8 mb", 0, kNoMost).value(), 8388608u);
  EXPECT_EQ(parse_bytes("1GiB", 0, kNoMost).value(), 1073741824u);
  for (const char* text : {"", "K", "1.5M", "-1", "1T", "99999999999G", "1K1"}) {
    EXPECT_FALSE(parse_bytes(text, 0, kNoMost).has_value()) << text;
  }
  EXPECT_FALSE(parse_bytes("1K", 1025, 4096).has_value());
  EXPECT_FALSE(parse_bytes("5K", 1024, 4096).has_value());
  EXPECT_TRUE(parse_bytes("4K", 1024, 4096).has_value());
}

TEST(Value, WritesBytesInTheLargestUnitThatLosesNothing) {
  EXPECT_EQ(bytes_text(0), "0");
  EXPECT_EQ(bytes_text(1000000), "1000000");
  EXPECT_EQ(bytes_text(1536 * 1024), "1536K");
  EXPECT_EQ(bytes_text(std::uint64_t{3} << 30), "3G");
}

TEST(Value, ReadsDurationsInTheirUnitOrTheirOwn) {
  EXPECT_EQ(parse_duration("30", seconds(1), 0, 100).value(), seconds(30));
  EXPECT_EQ(parse_duration("30", milliseconds(1), 0, 100).value(), milliseconds(30));
  EXPECT_EQ(parse_duration("1500ms", seconds(1), 1, 100).value(), milliseconds(1500));
  EXPECT_EQ(parse_duration("1m", seconds(1), 0, 100).value(), minutes(1));
  EXPECT_EQ(parse_duration("2 h", seconds(1), 0, 10000).value(), hours(2));
  for (const char* text : {"", "s", "1d", "-1", "101", "2m", "100001ms", "99999999999999999999", "9999999999999999h"}) {
    EXPECT_FALSE(parse_duration(text, seconds(1), 0, 100).has_value()) << text;
  }
  EXPECT_FALSE(parse_duration("999ms", seconds(1), 1, 100).has_value());
}

TEST(Value, WritesDurationsSoThatTheyReadBack) {
  EXPECT_EQ(duration_text(seconds(30), seconds(1)), "30");
  EXPECT_EQ(duration_text(milliseconds(1500), seconds(1)), "1500ms");
  EXPECT_EQ(duration_text(seconds(90), minutes(1)), "90s");
  EXPECT_EQ(duration_text(seconds(0), seconds(1)), "0");
}

TEST(Value, KnowsAnAddressWhenItSeesOne) {
  for (const char* text : {"0.0.0.0", "255.255.255.255", "::", "::1", "1::", "2001:db8::1", "1:2:3:4:5:6:7:8",
                           "::ffff:10.0.0.1", "1:2:3:4:5:6:1.2.3.4"}) {
    EXPECT_TRUE(is_address(text)) << text;
  }
  for (const char* text :
       {"",      "1.2.3",    "1.2.3.4.5", "1.2.3.256",         "1.2.3.0004",         "a.b.c.d", ":",  ":::",
        "1:2",   "1::2::3",  "12345::",   "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7::8:9", "::1.2.3", "1:", "localhost",
        "[::1]", "1.2.3.04", " ::1",      "::1%eth0"}) {
    EXPECT_FALSE(is_address(text)) << text;
  }
  EXPECT_FALSE(is_address(std::string_view("1.2.3.4\0x", 9)));
}

TEST(Value, KnowsWhichAddressesANetworkHolds) {
  const std::pair<const char*, const char*> inside[] = {
      {"10.0.0.1", "10.0.0.1"},
      {"10.255.0.1", "10.0.0.0/8"},
      {"172.31.0.1", "172.16.0.0/12"},
      {"1.2.3.4", "0.0.0.0/0"},
      {"2001:db8::1", "2001:db8:0::0:1"},
      {"2001:db8:ffff::1", "2001:db8::/32"},
      {"::ffff:10.0.0.1", "10.0.0.0/8"},
      {"10.0.0.1", "::ffff:10.0.0.0/104"},
      {"::1", "::/0"},
      {"192.0.2.129", "192.0.2.128/25"},
      {"fe80::1%2", "fe80::1"},
      {"fe80::1%eth0", "fe80::/10"},
  };
  for (const auto& [address, network] : inside) EXPECT_TRUE(is_in_network(address, network)) << address << network;
  const std::pair<const char*, const char*> outside[] = {
      {"10.0.0.2", "10.0.0.1"},
      {"11.0.0.1", "10.0.0.0/8"},
      {"172.32.0.1", "172.16.0.0/12"},
      {"::1", "0.0.0.0/0"},
      {"2001:db9::1", "2001:db8::/32"},
      {"192.0.2.127", "192.0.2.128/25"},
      {"localhost", "10.0.0.0/8"},
      {"fe80::2%2", "fe80::1"},
      {"%2", "::/0"},
      {"10.0.0.1", "10.0.0.0/33"},
      {"10.0.0.1", "all"},
      {"10.0.0.1", "10.0.0.0/"},
      {"", ""},
  };
  for (const auto& [address, network] : outside) EXPECT_FALSE(is_in_network(address, network)) << address << network;
}

TEST(NetworkOf, IsTheAddressOrTheFirstHalfOfIt) {
  EXPECT_EQ(network_of("192.0.2.1"), network_of("::ffff:192.0.2.1"));
  EXPECT_NE(network_of("192.0.2.1"), network_of("192.0.2.2"));
  EXPECT_EQ(network_of("2001:db8:0:1::1"), network_of("2001:db8:0:1:ffff::2"));
  EXPECT_NE(network_of("2001:db8:0:1::1"), network_of("2001:db8:0:2::1"));
  EXPECT_NE(network_of("192.0.2.1"), network_of("::1"));
  EXPECT_EQ(network_of("unknown"), "unknown");
}

}  // namespace
}  // namespace railgun::config
