#include "railgund/config/address_class.h"

#include <gtest/gtest.h>

namespace railgun::config {
namespace {

TEST(AddressClass, TakesPublicAddresses) {
  for (const char* address :
       {"1.1.1.1", "11.0.0.1", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.1", "169.253.0.1",
        "169.255.0.1", "172.15.0.1", "172.32.0.1", "192.167.0.1", "192.169.0.1", "198.17.0.1", "198.20.0.1",
        "223.255.255.255", "2606:4700::1111", "2a00::1", "::ffff:1.1.1.1"}) {
    EXPECT_TRUE(is_public_address(address)) << address;
  }
}

TEST(AddressClass, RefusesTheInsideOfANetworkInEveryForm) {
  for (const char* address : {"0.0.0.0",
                              "0.1.2.3",
                              "10.0.0.1",
                              "10.255.255.255",
                              "100.64.0.1",
                              "100.127.255.255",
                              "127.0.0.1",
                              "127.9.9.9",
                              "169.254.169.254",
                              "172.16.0.1",
                              "172.31.255.255",
                              "192.0.0.8",
                              "192.168.1.1",
                              "198.18.0.1",
                              "198.19.0.1",
                              "224.0.0.1",
                              "239.1.1.1",
                              "240.0.0.1",
                              "255.255.255.255",
                              "::",
                              "::1",
                              "::127.0.0.1",
                              "::ffff:127.0.0.1",
                              "::ffff:10.0.0.1",
                              "::ffff:7f00:1",
                              "::ffff:0:7f00:1",
                              "64:ff9b::7f00:1",
                              "64:ff9b:1::1",
                              "2002:7f00:1::",
                              "2001::1",
                              "100::1",
                              "fc00::1",
                              "fdff::1",
                              "fe80::1",
                              "fe80::1%eth0",
                              "febf::1",
                              "fec0::1",
                              "ff02::1",
                              "FE80::1"}) {
    EXPECT_FALSE(is_public_address(address)) << address;
  }
}

TEST(AddressClass, RefusesWhatIsNoAddress) {
  for (const char* text : {"", "example.com", "1.1.1", "2130706433", "[::1]"})
    EXPECT_FALSE(is_public_address(text)) << text;
}

TEST(AddressClass, TellsNamesFromAddresses) {
  for (const char* name : {"example.com", "a", "localhost", "1.example", "0x7f.example", "xn--0", "a-1",
                           "127.0.0.1.nip.io", "example.com.", ""})
    EXPECT_EQ(form_of_host(name), HostForm::kName) << name;
  for (const char* address : {"127.0.0.1", "192.0.2.1", "::1", "2001:db8::1", "::ffff:127.0.0.1"})
    EXPECT_EQ(form_of_host(address), HostForm::kAddress) << address;
  for (const char* other : {"2130706433", "0", "0x7f000001", "0X7F000001", "017700000001", "127.1", "127.0.1", "0x7f.1",
                            "0177.0.0.1", "127.0.0.1.", "0x", "a.0x7f", "1.2.3.4.5", "999.1.1.1", "fe80::1%1:"})
    EXPECT_EQ(form_of_host(other), HostForm::kOtherSpelling) << other;
}

}  // namespace
}  // namespace railgun::config
