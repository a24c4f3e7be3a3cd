#include "railgund/tls/authority.h"

#include "railgund/base/hash.h"
#include "railgund/base/text.h"

#include "tests/unit/tls/pair.h"

namespace railgun::tls {
namespace {

TEST(Authority, SignsItself) {
  const KeyAndCertificate authority = make_authority("sender.example authority");
  const auto facts = certificate_facts(authority.certificate);
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->common_name, "sender.example authority");
  EXPECT_EQ(facts->issuer, facts->common_name);
  EXPECT_EQ(facts->not_before, always().from);
  EXPECT_EQ(facts->not_after, always().until);
  EXPECT_EQ(facts->serial, "01");
  EXPECT_TRUE(facts->dns_names.empty());
}

TEST(Authority, IssuesWhatItDecidesNotWhatIsAskedFor) {
  const KeyAndCertificate authority = make_authority();
  const auto request = create_request("i want to be google.com");
  ASSERT_TRUE(request);
  EXPECT_EQ(*verify_request(request->request), "i want to be google.com");
  const auto issued = issue_certificate(authority, request->request, {"a.example", "b.example,DNS:c.example", "::1"},
                                        long_ago(), serial(9));
  ASSERT_TRUE(issued) << issued.error().text;
  const auto facts = certificate_facts(*issued);
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->common_name, "a.example");
  EXPECT_EQ(facts->dns_names, (std::vector<std::string>{"a.example", "b.example,DNS:c.example", "::1"}));
  EXPECT_EQ(facts->serial, "09");
  EXPECT_EQ(facts->not_after, long_ago().until);
  EXPECT_EQ(facts->issuer, "test authority");
}

TEST(Authority, RenewalKeepsTheKey) {
  const KeyAndCertificate authority = make_authority();
  const auto first = create_request("one");
  ASSERT_TRUE(first);
  const auto again = create_request("one", first->key);
  ASSERT_TRUE(again) << again.error().text;
  const auto certificate = issue_certificate(authority, *again, {"one.example"}, always(), serial(3));
  ASSERT_TRUE(certificate);
  EXPECT_TRUE(make_link_context({*certificate, first->key, authority.certificate}));
}

TEST(Authority, TellsWhoHoldsTheKeyOfACertificate) {
  const KeyAndCertificate authority = make_authority();
  const KeyAndCertificate other_authority = make_authority("another");
  const auto first = create_request("one");
  const auto other = create_request("two");
  const std::string certificate =
      issue_certificate(authority, first->request, {"one.example"}, always(), serial(3)).value();
  const std::string same_key = create_request("one", first->key).value();
  EXPECT_TRUE(proves_possession(authority.certificate, certificate, same_key));
  EXPECT_FALSE(proves_possession(authority.certificate, certificate, other->request));
  EXPECT_FALSE(proves_possession(other_authority.certificate, certificate, same_key));
  EXPECT_FALSE(proves_possession(authority.certificate, "", same_key));
  EXPECT_FALSE(proves_possession(authority.certificate, certificate, ""));
}

TEST(Authority, RefusesRequestsThatAreBrokenOrForged) {
  const KeyAndCertificate authority = make_authority();
  EXPECT_EQ(verify_request("").error().code, Errc::kMalformed);
  EXPECT_EQ(
      verify_request("-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n").error().code,
      Errc::kMalformed);
  const auto request = create_request("somebody");
  ASSERT_TRUE(request);
  for (std::size_t i = 0; i < request->request.size(); ++i) {
    EXPECT_FALSE(verify_request(request->request.substr(0, i))) << i;
    if (i > 1 && request->request.find("-----END") == i) break;
  }
  // A letter of the signature changed.
  std::string forged = request->request;
  const std::size_t place = forged.find("\n-----END") - 8;
  forged[place] = forged[place] == 'A' ? 'B' : 'A';
  EXPECT_FALSE(verify_request(forged));
  EXPECT_FALSE(issue_certificate(authority, forged, {"x.example"}, always(), serial(1)));
}

TEST(Authority, NeedsNamesAndAWholeSerialNumber) {
  const KeyAndCertificate authority = make_authority();
  const auto request = create_request("somebody");
  ASSERT_TRUE(request);
  EXPECT_EQ(issue_certificate(authority, request->request, {}, always(), serial(1)).error().code, Errc::kInvalid);
  EXPECT_EQ(issue_certificate(authority, request->request, {"x"}, always(), Bytes(15)).error().code, Errc::kInvalid);
  EXPECT_EQ(issue_certificate({"", ""}, request->request, {"x"}, always(), serial(1)).error().code, Errc::kInvalid);
  EXPECT_FALSE(create_request(""));
  EXPECT_FALSE(create_request(std::string(65, 'x')));
}

TEST(Fingerprint, IsThatOfTheCertificate) {
  const KeyAndCertificate authority = make_authority();
  const auto fingerprint = certificate_fingerprint(authority.certificate);
  ASSERT_TRUE(fingerprint);
  EXPECT_EQ(to_hex(*fingerprint), certificate_facts(authority.certificate)->fingerprint);
  EXPECT_NE(*fingerprint, *certificate_fingerprint(make_authority().certificate));
  EXPECT_FALSE(certificate_fingerprint("no certificate"));
}

}  // namespace
}  // namespace railgun::tls
