#include "railgund/proxy/address_rule.h"

#include <gtest/gtest.h>

namespace railgun::proxy {
namespace {

Dial dial_to(const std::string& host, bool public_only) {
  return {.connection = ConnectionId{1},
          .kind = ConnectionKind::kOrigin,
          .endpoint = {host, 80},
          .server_name = {},
          .public_only = public_only,
          .deadline = {}};
}

TEST(AddressRule, WhatTheOperatorNamedMayBeAnywhere) {
  EXPECT_TRUE(may_connect(dial_to("intranet", false), "127.0.0.1", {}));
  EXPECT_TRUE(may_connect(dial_to("intranet", false), "fd00::1", {}));
}

TEST(AddressRule, WhatAVisitorNamedIsAtPublicAddresses) {
  const Dial dial = dial_to("www.example", true);
  EXPECT_TRUE(may_connect(dial, "93.184.215.14", {}));
  for (const char* inner : {"127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "fd00::1", "::ffff:10.0.0.1"})
    EXPECT_FALSE(may_connect(dial, inner, {})) << inner;
}

TEST(AddressRule, HostsOfOurOwnCertificateMayBeInside) {
  EXPECT_TRUE(may_connect(dial_to("www.example", true), "127.0.0.1", {"www.example"}));
  EXPECT_FALSE(may_connect(dial_to("other.example", true), "127.0.0.1", {"www.example"}));
}

TEST(AddressRule, TheErrorSaysWhatToDo) {
  const Error error = inner_address_error(dial_to("www.example", true), "127.0.0.1");
  EXPECT_EQ(error.code, Errc::kInvalid);
  EXPECT_EQ(error.text,
            "www.example is at the inner address 127.0.0.1, which only the map file may choose: add the line "
            "www.example = 127.0.0.1");
}

}  // namespace
}  // namespace railgun::proxy
