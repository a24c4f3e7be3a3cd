#include "railgund/tls/certificate_choice.h"

#include <gtest/gtest.h>

namespace railgun::tls {
namespace {

using Set = CertificateChoice::Set;
using std::chrono::hours;

constexpr WallTime kNow{hours(1000)};

CertificateChoice::Candidate certificate(std::vector<std::string> names, std::string key_type = "RSA",
                                         WallTime not_after = kNow + hours(100)) {
  return {std::move(names), std::move(key_type), kNow - hours(100), not_after};
}

Set chosen(const CertificateChoice& choice, std::string_view name) { return choice.sets().at(choice.find(name)); }

TEST(CertificateChoice, IsByNameInAnyCaseAndWithADotAtItsEnd) {
  const CertificateChoice choice({certificate({"a.example"}), certificate({"B.Example", "c.example"})}, kNow);
  EXPECT_EQ(chosen(choice, "a.example"), Set{0});
  EXPECT_EQ(chosen(choice, "b.example"), Set{1});
  EXPECT_EQ(chosen(choice, "C.EXAMPLE."), Set{1});
}

TEST(CertificateChoice, FallsBackToTheFirst) {
  const CertificateChoice choice({certificate({"a.example"}), certificate({"b.example"})}, kNow);
  EXPECT_EQ(choice.find("other.example"), CertificateChoice::kDefault);
  EXPECT_EQ(choice.find(""), CertificateChoice::kDefault);
  EXPECT_EQ(choice.find("."), CertificateChoice::kDefault);
  EXPECT_EQ(chosen(choice, "other.example"), Set{0});
}

TEST(CertificateChoice, AWildcardIsForOneLabel) {
  const CertificateChoice choice({certificate({"first.example"}), certificate({"*.b.example"})}, kNow);
  EXPECT_EQ(chosen(choice, "www.b.example"), Set{1});
  EXPECT_EQ(chosen(choice, "b.example"), Set{0});
  EXPECT_EQ(chosen(choice, "x.www.b.example"), Set{0});
  EXPECT_EQ(chosen(choice, ".b.example"), Set{0});
}

TEST(CertificateChoice, TheExactNameGoesBeforeAWildcard) {
  const CertificateChoice choice(
      {certificate({"*.b.example"}, "RSA", kNow + hours(200)), certificate({"www.b.example"})}, kNow);
  EXPECT_EQ(chosen(choice, "www.b.example"), Set{1});
  EXPECT_EQ(chosen(choice, "other.b.example"), Set{0});
}

TEST(CertificateChoice, OffersOneOfEachTypeOfKey) {
  const CertificateChoice choice({certificate({"a.example"}), certificate({"a.example"}, "EC"),
                                  certificate({"*.a.example"}, "RSA"), certificate({"www.a.example"}, "EC")},
                                 kNow);
  EXPECT_EQ(chosen(choice, "a.example"), (Set{0, 1}));
  EXPECT_EQ(chosen(choice, "www.a.example"), (Set{2, 3})) << "the wildcard's key for those who know no ECDSA";
  EXPECT_EQ(chosen(choice, "img.a.example"), Set{2});
  EXPECT_EQ(chosen(choice, "other.example"), (Set{0, 1})) << "the default with its other key";
}

TEST(CertificateChoice, OfTwoForANameTheOneThatIsValidLongerIsOffered) {
  const CertificateChoice choice(
      {certificate({"a.example"}), certificate({"a.example"}, "RSA", kNow + hours(200)), certificate({"a.example"})},
      kNow);
  EXPECT_EQ(chosen(choice, "a.example"), Set{1});
  EXPECT_EQ(chosen(choice, ""), Set{0}) << "the default is what the operator chose";
}

TEST(CertificateChoice, OneThatIsNotValidYetOrAnyMoreGoesLast) {
  CertificateChoice::Candidate next = certificate({"*.a.example", "b.example"}, "RSA", kNow + hours(900));
  next.not_before = kNow + hours(1);
  const CertificateChoice choice({certificate({"*.a.example"}), certificate({"www.a.example"}, "RSA", kNow), next},
                                 kNow);
  EXPECT_EQ(chosen(choice, "www.a.example"), Set{0}) << "the exact one has ended, the next has not begun";
  EXPECT_EQ(chosen(choice, "b.example"), Set{2}) << "there is no other";
}

TEST(CertificateChoice, MakesEachSetOnce) {
  const CertificateChoice choice({certificate({"a.example", "b.example", "*.c.example", "a.example"})}, kNow);
  EXPECT_EQ(choice.sets().size(), 1U);
  EXPECT_EQ(chosen(choice, "x.c.example"), Set{0});
}

TEST(CertificateChoice, ADefaultThatIsAWildcardBringsItsOtherKeys) {
  const CertificateChoice choice({certificate({"*.a.example"}), certificate({"*.a.example"}, "EC")}, kNow);
  EXPECT_EQ(chosen(choice, ""), (Set{0, 1}));
}

}  // namespace
}  // namespace railgun::tls
