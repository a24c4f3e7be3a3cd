#include "railgund/activation/issuer.h"

#include <gtest/gtest.h>

#include "railgund/base/text.h"
#include "railgund/tls/certificate.h"
#include "railgund/tls/lifetime.h"

namespace railgun::activation {
namespace {

using control::ActivationRequest;
using control::RailgunStatus;

const WallTime kNow{std::chrono::seconds(1'700'000'000)};
constexpr std::chrono::seconds kLifetime = std::chrono::hours(24 * 90);

std::array<std::uint8_t, 16> serial(std::uint8_t last) {
  std::array<std::uint8_t, 16> bytes{};
  bytes.back() = last;
  return bytes;
}

tls::KeyAndCertificate make_authority() {
  return tls::create_authority("test authority", tls::validity_from(kNow, std::chrono::hours(24 * 3650)), serial(1))
      .value();
}

Circumstances at(WallTime now, std::uint8_t serial_byte) {
  return {.now = now, .peer = "192.0.2.7", .lifetime = kLifetime, .serial = serial(serial_byte)};
}

// A sender with one railgun that two listeners may use, and a listener with its key.
class IssuerTest : public testing::Test {
 protected:
  IssuerTest() {
    const auto created =
        registry_.create("paris", {"www.example.com"}, 2, kNow + std::chrono::hours(1), as_bytes("secret"), kNow);
    EXPECT_TRUE(created.has_value());
  }
  ActivationRequest redemption() const {
    return {.secret = to_hex(as_bytes("secret")), .request = listener_.request, .port = 2408};
  }
  // By the key that the listener has.
  ActivationRequest renewal(const std::string& certificate) const {
    return {.certificate = certificate, .request = tls::create_request("listener", listener_.key).value()};
  }
  std::string activate(std::uint8_t serial_byte = 2) {
    return issuer_.answer(registry_, redemption(), at(kNow, serial_byte)).value().answer.certificate;
  }

  Issuer issuer_{make_authority()};
  Registry registry_;
  tls::KeyAndRequest listener_ = tls::create_request("listener").value();
};

TEST_F(IssuerTest, RedeemsATokenForACertificateThatNamesTheHosts) {
  const auto outcome = issuer_.answer(registry_, redemption(), at(kNow, 2));
  ASSERT_TRUE(outcome.has_value()) << outcome.error().text;
  EXPECT_EQ(outcome->kind, Outcome::Kind::kActivated);
  EXPECT_EQ(outcome->answer.name, "paris");
  EXPECT_EQ(outcome->answer.time, 1'700'000'000);
  EXPECT_EQ(outcome->address, "192.0.2.7:2408");
  EXPECT_TRUE(outcome->clock_warning.empty());
  const auto facts = tls::certificate_facts(outcome->answer.certificate).value();
  EXPECT_EQ(facts.dns_names, std::vector<std::string>{"www.example.com"});
  EXPECT_EQ(facts.serial, "02");
  EXPECT_EQ(facts.not_after, kNow + kLifetime);
  EXPECT_EQ(registry_.show("paris")->status, RailgunStatus::kVerified);
  EXPECT_EQ(registry_.show("paris")->uses_left, 1U);
}

TEST_F(IssuerTest, KnowsNoAddressOfAListenerThatConnectsItself) {
  ActivationRequest request = redemption();
  request.port = 0;
  EXPECT_EQ(issuer_.answer(registry_, request, at(kNow, 2))->address, "");
  request = redemption();
  request.host = "listener.example.com";
  EXPECT_EQ(issuer_.answer(registry_, request, at(kNow, 3))->address, "listener.example.com:2408");
}

TEST_F(IssuerTest, RejectsATokenThatIsUnknownUsedUpOrExpired) {
  ActivationRequest other = redemption();
  other.secret = to_hex(as_bytes("guess!"));
  EXPECT_EQ(issuer_.answer(registry_, other, at(kNow, 2)).error().code, Errc::kDenied);
  EXPECT_EQ(issuer_.answer(registry_, redemption(), at(kNow + std::chrono::hours(1), 2)).error().code, Errc::kDenied);
  activate(2);
  activate(3);
  EXPECT_EQ(issuer_.answer(registry_, redemption(), at(kNow, 4)).error().code, Errc::kDenied);
}

TEST_F(IssuerTest, WarnsOfClocksThatDifferAndRejectsThoseThatDifferTooMuch) {
  ActivationRequest request = redemption();
  request.time = 1'700'000'000 - 3600;
  EXPECT_NE(issuer_.answer(registry_, request, at(kNow, 2))->clock_warning, "");
  request.time = 1'700'000'000 - 2 * 24 * 3600;
  EXPECT_EQ(issuer_.answer(registry_, request, at(kNow, 3)).error().code, Errc::kInvalid);
  EXPECT_EQ(registry_.show("paris")->uses_left, 1U) << "a use of the token was taken";
}

TEST_F(IssuerTest, RenewsForWhoHoldsTheKey) {
  const std::string certificate = activate();
  const auto renewed = issuer_.answer(registry_, renewal(certificate), at(kNow + kLifetime, 3));
  ASSERT_TRUE(renewed.has_value()) << renewed.error().text;
  EXPECT_EQ(renewed->kind, Outcome::Kind::kRenewed);
  EXPECT_EQ(tls::certificate_facts(renewed->answer.certificate)->not_after, kNow + 2 * kLifetime);
  ActivationRequest stolen = renewal(certificate);
  stolen.request = tls::create_request("listener").value().request;
  EXPECT_EQ(issuer_.answer(registry_, stolen, at(kNow, 4)).error().code, Errc::kDenied);
}

TEST_F(IssuerTest, DoesNotRenewWhatEndedLongAgoOrIsRevoked) {
  const std::string certificate = activate();
  const WallTime last = kNow + kLifetime + tls::kRenewableAfterEnd;
  EXPECT_TRUE(issuer_.answer(registry_, renewal(certificate), at(last, 3)).has_value());
  EXPECT_EQ(issuer_.answer(registry_, renewal(certificate), at(last + std::chrono::seconds(1), 4)).error().code,
            Errc::kDenied);
  ASSERT_TRUE(registry_.remove("paris").has_value());
  EXPECT_EQ(issuer_.answer(registry_, renewal(certificate), at(kNow, 5)).error().code, Errc::kDenied);
}

TEST_F(IssuerTest, DeactivatesForWhoHoldsTheKey) {
  const std::string certificate = activate();
  ActivationRequest request = renewal(certificate);
  request.deactivate = true;
  ActivationRequest stolen = request;
  stolen.request = tls::create_request("listener").value().request;
  EXPECT_EQ(issuer_.answer(registry_, stolen, at(kNow, 3)).error().code, Errc::kDenied);
  EXPECT_TRUE(registry_.revoked_serials().empty());
  const auto outcome = issuer_.answer(registry_, request, at(kNow, 3));
  ASSERT_TRUE(outcome.has_value()) << outcome.error().text;
  EXPECT_EQ(outcome->kind, Outcome::Kind::kDeactivated);
  EXPECT_TRUE(outcome->answer.deactivated);
  EXPECT_EQ(outcome->railgun.status, RailgunStatus::kWaiting) << "the token has a use left";
  EXPECT_EQ(registry_.revoked_serials(), std::set<std::string>{"02"});
}

}  // namespace
}  // namespace railgun::activation
