#include "railgund/base/endpoint.h"

#include <gtest/gtest.h>

namespace railgun {
namespace {

TEST(Endpoint, ReadsNamesAddressesAndPorts) {
  EXPECT_EQ(parse_endpoint("example.com:8080", 80).value(), (Endpoint{"example.com", 8080}));
  EXPECT_EQ(parse_endpoint("10.0.0.1", 2408).value(), (Endpoint{"10.0.0.1", 2408}));
  EXPECT_EQ(parse_endpoint("[2001:db8::1]:443", 80).value(), (Endpoint{"2001:db8::1", 443}));
  EXPECT_EQ(parse_endpoint("2001:db8::1", 80).value(), (Endpoint{"2001:db8::1", 80}));
  EXPECT_EQ(parse_endpoint("[::1]", 80).value(), (Endpoint{"::1", 80}));
}

TEST(Endpoint, RefusesWhatIsNoEndpoint) {
  for (const char* text :
       {"", ":80", "host:", "host:0", "host:65536", "host:8x", "[::1", "[::1]80", "[::1]:", "a b:1", "http://a"}) {
    EXPECT_FALSE(parse_endpoint(text, 80).has_value()) << text;
  }
  EXPECT_FALSE(parse_endpoint("host", 0).has_value());
}

TEST(Endpoint, PrintsWhatItReads) {
  EXPECT_EQ(to_string(Endpoint{"::1", 80}), "[::1]:80");
  EXPECT_EQ(to_string(Endpoint{"a.example", 2408}), "a.example:2408");
  EXPECT_EQ(to_string(Endpoint{"/run/web.sock", 0}), "unix:/run/web.sock");
}

TEST(Endpoint, ReadsPathsWhereTheyMayBe) {
  EXPECT_EQ(parse_endpoint_or_path("unix:/run/web.sock", 80).value(), (Endpoint{"/run/web.sock", 0}));
  EXPECT_EQ(parse_endpoint_or_path("10.0.0.1", 80).value(), (Endpoint{"10.0.0.1", 80}));
  EXPECT_TRUE(parse_endpoint_or_path("unix:/" + std::string(106, 'a'), 80).has_value());
  for (const std::string& text : {std::string("unix:"), std::string("unix:web.sock"), "unix:/" + std::string(107, 'a')})
    EXPECT_FALSE(parse_endpoint_or_path(text, 80).has_value()) << text;
  EXPECT_FALSE(parse_endpoint("unix:/run/web.sock", 80).has_value());
}

}  // namespace
}  // namespace railgun
