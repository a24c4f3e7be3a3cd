#include "railgund/config/config.h"

#include <gtest/gtest.h>

namespace railgun::config {
namespace {

TEST(FindSite, PrefersTheExactHostThenTheLongestWildcardThenTheDefault) {
  Config config;
  for (const char* host : {"default", "*.com", "*.example.com", "www.example.com"})
    config.sites.push_back({host, {}, {}});
  EXPECT_EQ(find_site(config, "www.example.com")->host, "www.example.com");
  EXPECT_EQ(find_site(config, "a.b.example.com")->host, "*.example.com");
  EXPECT_EQ(find_site(config, "example.com")->host, "*.com");
  EXPECT_EQ(find_site(config, "example.org")->host, "default");
  EXPECT_EQ(find_site(config, "com")->host, "default");
}

TEST(FindSite, ComparesIpv6AddressesHoweverTheyAreWritten) {
  Config config;
  for (const char* host : {"2001:db8::1", "default"}) config.sites.push_back({host, {}, {}});
  EXPECT_EQ(find_site(config, "2001:db8::1")->host, "2001:db8::1");
  EXPECT_EQ(find_site(config, "2001:db8:0:0::1")->host, "2001:db8::1");
  EXPECT_EQ(find_site(config, "2001:db8::2")->host, "default");
  EXPECT_EQ(find_site(config, "2001:db8::1.")->host, "default");
}

TEST(FindSite, FindsNothingForAHostThatNoSiteServes) {
  Config config;
  config.sites.push_back({"*.example.com", {}, {}});
  EXPECT_EQ(find_site(config, "example.com"), nullptr);
  EXPECT_EQ(find_site(config, "badexample.com"), nullptr);
  EXPECT_EQ(find_site(config, ""), nullptr);
}

}  // namespace
}  // namespace railgun::config
