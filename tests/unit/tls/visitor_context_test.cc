#include "railgund/tls/visitor_context.h"

#include <openssl/ssl.h>

#include "tests/unit/tls/pair.h"

namespace railgun::tls {
namespace {

constexpr WallTime kNow{std::chrono::seconds(1800000000)};

const KeyAndCertificate& authority() {
  static const KeyAndCertificate made = make_authority();
  return made;
}

VisitorCertificate certificate(const std::vector<std::string>& names) {
  const Identity identity = make_identity(authority(), names);
  return {"file", identity.certificates, identity.key, *certificate_facts(identity.certificates)};
}

ContextPtr make(VisitorTls tls) {
  auto context = make_visitor_context(tls, kNow);
  EXPECT_TRUE(context) << context.error().text;
  return context ? *context : nullptr;
}

// A client that offers these protocols and does not check the certificate.
ContextPtr client_offering(const std::string& alpn, int most_version = TLS1_3_VERSION) {
  SSL_CTX* const made = SSL_CTX_new(TLS_method());
  SSL_CTX_set_max_proto_version(made, most_version);
  if (!alpn.empty()) SSL_CTX_set_alpn_protos(made, as_bytes(alpn).data(), static_cast<unsigned>(alpn.size()));
  return std::make_shared<const Context>(Context::Handle(made), false);
}

TEST(VisitorContext, ShowsTheCertificateOfTheNameThatIsAskedFor) {
  const ContextPtr context = make({.certificates = {certificate({"first.example"}), certificate({"*.b.example"})}});
  for (const auto& [asked, shown] : std::vector<std::pair<std::string, std::string>>{{"first.example", "first.example"},
                                                                                     {"WWW.b.example", "*.b.example"},
                                                                                     {"other.example", "first.example"},
                                                                                     {"", "first.example"}}) {
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
      Engine client = Engine::client(client_offering("", version), asked), server = Engine::server(context);
      const Outcome outcome = converse(client, server);
      ASSERT_FALSE(outcome.server) << outcome.server->text;
      ASSERT_TRUE(client.handshake_done() && server.handshake_done());
      EXPECT_EQ(client.peer_name(), shown) << asked;
      EXPECT_EQ(client.version(), version == TLS1_2_VERSION ? "TLSv1.2" : "TLSv1.3");
    }
  }
}

TEST(VisitorContext, AgreesOnAProtocol) {
  const ContextPtr http1 = make({.certificates = {certificate({"a.example"}), certificate({"b.example"})}});
  const ContextPtr both = make({.certificates = {certificate({"a.example"})}, .protocols = {"h2", "http/1.1"}});
  const auto agreed = [](const ContextPtr& context, const std::string& alpn, const std::string& name) {
    Engine client = Engine::client(client_offering(alpn), name), server = Engine::server(context);
    const Outcome outcome = converse(client, server);
    return outcome.server ? "refused" : server.protocol();
  };
  const std::string h2 = "\x02h2", h1 = "\x08http/1.1";
  EXPECT_EQ(agreed(http1, h2 + h1, "b.example"), "http/1.1") << "whichever certificate";
  EXPECT_EQ(agreed(http1, "", "a.example"), "");
  EXPECT_EQ(agreed(http1, h2, "a.example"), "refused") << "it would speak what we do not";
  EXPECT_EQ(agreed(both, h1 + h2, "a.example"), "h2") << "our preference";
  EXPECT_EQ(agreed(both, h1, "a.example"), "http/1.1");
}

TEST(VisitorContext, KnowsNoOlderVersionThan12) {
  Engine client = Engine::client(client_offering("", TLS1_1_VERSION), "a.example"),
         server = Engine::server(make({.certificates = {certificate({"a.example"})}}));
  const Outcome outcome = converse(client, server);
  EXPECT_FALSE(server.handshake_done());
}

// A reload makes a new context: connections that have begun go on with the old one, also in the middle of a handshake.
TEST(VisitorContext, LivesAsLongAsItsConnections) {
  ContextPtr context = make({.certificates = {certificate({"a.example"}), certificate({"b.example"})}});
  Engine client = Engine::client(client_offering(""), "b.example"), server = Engine::server(context);
  context.reset();
  converse(client, server);
  ASSERT_TRUE(client.handshake_done());
  EXPECT_EQ(client.peer_name(), "b.example");
  ASSERT_TRUE(client.send(as_bytes(std::string_view("hello"))));
  converse(client, server);
  EXPECT_EQ(plaintext(server), "hello");
}

TEST(VisitorContext, NeedsACertificate) { EXPECT_FALSE(make_visitor_context({}, kNow)); }

}  // namespace
}  // namespace railgun::tls
