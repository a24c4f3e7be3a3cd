#include "railgund/tls/certificate.h"

#include <gtest/gtest.h>

namespace railgun::tls {
namespace {

CertificateFacts facts(const std::string& issuer, std::vector<std::string> names) {
  CertificateFacts made;
  made.issuer = issuer;
  made.dns_names = std::move(names);
  return made;
}

TEST(LinkRoles, OfActivatedCertificatesAreInTheirNames) {
  const CertificateFacts sender = facts("railgun authority", {"sender.railgun"});
  const CertificateFacts listener = facts("railgun authority", {"www.example.com"});
  EXPECT_TRUE(may_be(LinkRole::kSender, sender));
  EXPECT_FALSE(may_be(LinkRole::kListener, sender));
  EXPECT_FALSE(may_be(LinkRole::kSender, listener));
  EXPECT_TRUE(may_be(LinkRole::kListener, listener));
  EXPECT_FALSE(may_be(LinkRole::kSender, facts("railgun authority", {})));
}

TEST(LinkRoles, OfCertificatesMadeByHandAreBoth) {
  for (const auto& names : {std::vector<std::string>{}, std::vector<std::string>{"www.example.com"}}) {
    EXPECT_TRUE(may_be(LinkRole::kSender, facts("our authority", names)));
    EXPECT_TRUE(may_be(LinkRole::kListener, facts("our authority", names)));
  }
  EXPECT_FALSE(may_be(LinkRole::kListener, facts("our authority", {"sender.railgun"})));
}

TEST(LinkHosts, AreTheNamesButForThatOfTheRole) {
  EXPECT_EQ(hosts_of(facts("a", {"sender.railgun"})), std::vector<std::string>{});
  EXPECT_EQ(hosts_of(facts("a", {"WWW.Example.com", "*.example.net"})),
            (std::vector<std::string>{"www.example.com", "*.example.net"}));
  EXPECT_EQ(hosts_of(facts("a", {"sender.railgun", "www.example.com"})), std::vector<std::string>{"www.example.com"});
}

}  // namespace
}  // namespace railgun::tls
