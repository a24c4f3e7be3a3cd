#include "railgund/activation/registry.h"

#include <gtest/gtest.h>

namespace railgun::activation {
namespace {

using control::RailgunStatus;

const WallTime kNow{std::chrono::seconds(1'000'000)};
const WallTime kExpires = kNow + std::chrono::hours(1);
const WallTime kUntil = kNow + std::chrono::hours(2);  // of certificates

ByteView secret(const char* text) { return as_bytes(text); }

// Why a token is rejected.
std::string why(const Registry& registry, const char* text, WallTime now = kNow) {
  return registry.check_token(secret(text), now).error().text;
}

// As it would be read after a restart.
Registry reread(const Registry& registry) { return Registry::parse(registry.format()).value(); }

TEST(Registry, RemembersAcrossRestarts) {
  Registry registry;
  ASSERT_TRUE(registry.create("paris", {"WWW.example.com"}, 2, kExpires, secret("s1"), kNow).has_value());
  ASSERT_TRUE(registry.activated("paris", "192.0.2.1:2408", "0a", kUntil, kNow).has_value());
  const Registry again = reread(registry);
  const auto paris = again.show("paris").value();
  EXPECT_EQ(paris.status, RailgunStatus::kVerified);
  EXPECT_EQ(paris.uses_left, 1U);
  EXPECT_EQ(paris.serials, std::vector<std::string>{"0a"});
  EXPECT_EQ(again.check_token(secret("s1"), kNow)->name, "paris");
  const auto sites = again.sites();
  ASSERT_EQ(sites.size(), 1U);
  EXPECT_EQ(sites[0].host, "www.example.com");
  EXPECT_EQ(sites[0].listeners, (std::vector<Endpoint>{{"192.0.2.1", 2408}}));
  // A second railgun for the same host behind the same address is asked once.
  ASSERT_TRUE(registry.create("rome", {"www.example.com"}, 1, kExpires, secret("s2"), kNow).has_value());
  ASSERT_TRUE(registry.activated("rome", "192.0.2.1:2408", "0b", kUntil, kNow).has_value());
  EXPECT_EQ(registry.sites().at(0).listeners.size(), 1U);
}

TEST(Registry, KeepsNoSecret) {
  Registry registry;
  ASSERT_TRUE(registry.create("paris", {"a"}, 1, kExpires, secret("CANARY"), kNow).has_value());
  EXPECT_EQ(registry.format().find("CANARY"), std::string::npos);
  EXPECT_EQ(registry.format().find("43414e415259"), std::string::npos);
}

TEST(Registry, NamesTheReasonForARejection) {
  Registry registry;
  ASSERT_TRUE(registry.create("paris", {"a"}, 1, kExpires, secret("s1"), kNow).has_value());
  EXPECT_NE(why(registry, "s2").find("no such token"), std::string::npos);
  EXPECT_NE(why(registry, "s1", kExpires).find("expired"), std::string::npos);
  ASSERT_TRUE(registry.set_enabled("paris", false).has_value());
  EXPECT_NE(why(registry, "s1").find("disabled"), std::string::npos);
  ASSERT_TRUE(registry.set_enabled("paris", true).has_value());
  ASSERT_TRUE(registry.activated("paris", "", "0a", kUntil, kNow).has_value());
  EXPECT_NE(why(registry, "s1").find("used already"), std::string::npos);
  ASSERT_TRUE(registry.remove("paris").has_value());
  EXPECT_NE(why(registry, "s1").find("deleted"), std::string::npos);
  EXPECT_NE(why(registry, "s1").find("Activation Failed: Invalid or missing railgun token or tag"), std::string::npos);
}

TEST(Registry, RevokesCertificatesOfDeletedAndDisabledRailguns) {
  Registry registry;
  ASSERT_TRUE(registry.create("paris", {"a"}, 1, kExpires, secret("s1"), kNow).has_value());
  ASSERT_TRUE(registry.activated("paris", "192.0.2.1:2408", "0a", kUntil, kNow).has_value());
  EXPECT_TRUE(registry.revoked_serials().empty());
  EXPECT_TRUE(registry.check_certificate("0a").has_value());
  EXPECT_FALSE(registry.check_certificate("0b").has_value());
  ASSERT_TRUE(registry.set_enabled("paris", false).has_value());
  EXPECT_EQ(registry.revoked_serials(), std::set<std::string>{"0a"});
  EXPECT_TRUE(registry.sites().empty());
  ASSERT_TRUE(registry.remove("paris").has_value());
  EXPECT_FALSE(registry.check_certificate("0a").has_value());
  // The name is free again; the old certificate stays revoked.
  ASSERT_TRUE(registry.create("paris", {"a"}, 1, kExpires, secret("s2"), kNow).has_value());
  EXPECT_EQ(reread(registry).revoked_serials(), std::set<std::string>{"0a"});
}

TEST(Registry, DeactivatesAListenerWithItsRenewalsAndItsAddressAndNoOther) {
  Registry registry;
  ASSERT_TRUE(registry.create("paris", {"a"}, 2, kExpires, secret("s1"), kNow).has_value());
  ASSERT_TRUE(registry.activated("paris", "192.0.2.1:2408", "0a", kUntil, kNow).has_value());
  ASSERT_TRUE(registry.activated("paris", "192.0.2.2:2408", "0b", kUntil, kNow).has_value());
  ASSERT_TRUE(registry.renewed("paris", "0a", "1a", kUntil, kNow).has_value());
  ASSERT_TRUE(registry.renewed("paris", "1a", "2a", kUntil, kNow).has_value());
  const auto left = registry.deactivated("1a", kNow);
  ASSERT_TRUE(left.has_value()) << left.error().text;
  EXPECT_EQ(left->status, RailgunStatus::kVerified);
  EXPECT_EQ(left->addresses, std::vector<std::string>{"192.0.2.2:2408"});
  EXPECT_EQ(left->serials, std::vector<std::string>{"0b"});
  EXPECT_EQ(reread(registry).revoked_serials(), (std::set<std::string>{"0a", "1a", "2a"}));
  EXPECT_NE(reread(registry).check_certificate("2a").error().text.find("its listener has deactivated it"),
            std::string::npos);
  EXPECT_TRUE(registry.check_certificate("0b").has_value());
  EXPECT_FALSE(registry.deactivated("2a", kNow).has_value()) << "twice";
  // The last one closes the door behind itself: its token has no use left.
  EXPECT_EQ(registry.deactivated("0b", kNow)->status, RailgunStatus::kDeleted);
  EXPECT_TRUE(registry.sites().empty());
  EXPECT_NE(why(registry, "s1").find("deactivated by its listener"), std::string::npos);
  EXPECT_EQ(registry.show("paris")->status, RailgunStatus::kDeleted);
  EXPECT_EQ(reread(registry).revoked_serials().size(), 4U);
  EXPECT_TRUE(registry.create("paris", {"a"}, 1, kExpires, secret("s2"), kNow).has_value()) << "the name is free";
}

TEST(Registry, ActivatesAgainWithUsesLeftAfterADeactivation) {
  Registry registry;
  ASSERT_TRUE(registry.create("paris", {"a"}, 2, kExpires, secret("s1"), kNow).has_value());
  ASSERT_TRUE(registry.activated("paris", "", "0a", kUntil, kNow).has_value());
  EXPECT_EQ(registry.deactivated("0a", kNow)->status, RailgunStatus::kWaiting);
  EXPECT_TRUE(registry.check_token(secret("s1"), kNow).has_value());
  ASSERT_TRUE(registry.activated("paris", "", "0b", kUntil, kNow).has_value());
  EXPECT_EQ(registry.show("paris")->status, RailgunStatus::kVerified);
  EXPECT_EQ(registry.show("paris")->deactivated, 0);
  EXPECT_EQ(registry.revoked_serials(), std::set<std::string>{"0a"});
}

TEST(Registry, ForgetsRenewedAndExpiredCertificatesButTheLastOfEachListener) {
  Registry registry;
  ASSERT_TRUE(registry.create("paris", {"a"}, 10'000, kExpires, secret("s1"), kNow).has_value());
  ASSERT_TRUE(registry.activated("paris", "192.0.2.1:2408", "0a", kUntil, kNow).has_value());
  ASSERT_TRUE(registry.renewed("paris", "0a", "1a", kUntil + std::chrono::hours(5), kUntil + std::chrono::hours(1))
                  .has_value());
  EXPECT_EQ(registry.show("paris")->serials, std::vector<std::string>{"1a"});
  // That of another listener, which ended while its machine was off, is still known.
  ASSERT_TRUE(registry.activated("paris", "192.0.2.2:2408", "0b", kUntil, kNow).has_value());
  ASSERT_TRUE(registry.renewed("paris", "1a", "2a", kUntil + std::chrono::hours(9), kUntil + std::chrono::hours(6))
                  .has_value());
  EXPECT_EQ(registry.show("paris")->serials, (std::vector<std::string>{"0b", "2a"}));
  EXPECT_TRUE(registry.check_certificate("0b").has_value());
  EXPECT_EQ(registry.show("paris")->addresses, (std::vector<std::string>{"192.0.2.2:2408", "192.0.2.1:2408"}));
}

TEST(Registry, ReadsFilesOfTheFirstVersion) {
  Registry registry = Registry::parse(R"({"version":1,"entries":[{"secret_hash":"x","railgun":{"name":"paris",
    "status":"V","enabled":true,"hosts":["a"],"addresses":["192.0.2.1:2408"],"serials":["0a","0b"]}}]})")
                          .value();
  EXPECT_TRUE(registry.check_certificate("0b").has_value());
  EXPECT_EQ(registry.sites().at(0).listeners.size(), 1U);
  ASSERT_TRUE(registry.renewed("paris", "0a", "0c", kUntil, kNow).has_value());
  EXPECT_EQ(reread(registry).show("paris")->addresses, std::vector<std::string>{"192.0.2.1:2408"});
  ASSERT_TRUE(registry.set_enabled("paris", false).has_value());
  EXPECT_EQ(registry.revoked_serials(), (std::set<std::string>{"0a", "0b", "0c"}));
}

TEST(Registry, KnowsNamesThatAreTakenAndThatAreNot) {
  Registry registry;
  ASSERT_TRUE(registry.create("paris", {"a"}, 1, kExpires, secret("s1"), kNow).has_value());
  EXPECT_EQ(registry.create("paris", {"a"}, 1, kExpires, secret("s2"), kNow).error().code, Errc::kInvalid);
  EXPECT_EQ(registry.show("rome").error().code, Errc::kNotFound);
  EXPECT_EQ(registry.remove("rome").error().code, Errc::kNotFound);
  EXPECT_EQ(registry.show("paris")->status, RailgunStatus::kWaiting);
}

TEST(Registry, RejectsADamagedFile) {
  for (const char* text : {"", "[]", "{}", R"({"entries":[{}]})", R"({"entries":[{"secret_hash":"a","railgun":7}]})",
                           R"({"entries":[{"secret_hash":"a","railgun":{"name":"a","status":"?"}}]})"}) {
    EXPECT_EQ(Registry::parse(text).error().code, Errc::kMalformed) << text;
  }
}

}  // namespace
}  // namespace railgun::activation
