#include "railgund/tls/visitor_context.h"

#include <algorithm>
#include <memory>
#include <utility>

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

struct Resumption {
  bool is_resumed = false;
  bool has_new_ticket = false;  // for the next time
};

// Resumes, at a server with `second`, the session that a server with `first` has given.
Resumption resume(const ContextPtr& first, const ContextPtr& second, int version) {
  SSL_CTX* const made = SSL_CTX_new(TLS_method());
  SSL_CTX_set_max_proto_version(made, version);
  SSL_CTX_set_session_cache_mode(made, SSL_SESS_CACHE_CLIENT);
  static SSL_SESSION* session = nullptr;
  session = nullptr;
  SSL_CTX_sess_set_new_cb(made, [](SSL*, SSL_SESSION* given) {
    if (session != nullptr) SSL_SESSION_free(session);
    session = given;
    return 1;
  });
  const auto context = std::make_shared<const Context>(Context::Handle(made), false);
  Engine client = Engine::client(context, "b.example"), server = Engine::server(first);
  converse(client, server);
  if (session == nullptr) return {};
  // Engines offer no sessions; OpenSSL alone as the client.
  const std::unique_ptr<SSL, decltype([](SSL* ssl) { SSL_free(ssl); })> again(SSL_new(made));
  SSL_set_session(again.get(), session);
  SSL_SESSION_free(std::exchange(session, nullptr));
  BIO* const input = BIO_new(BIO_s_mem());
  BIO* const output = BIO_new(BIO_s_mem());
  SSL_set_bio(again.get(), input, output);
  SSL_set_tlsext_host_name(again.get(), "b.example");
  SSL_set_connect_state(again.get());
  Engine resuming = Engine::server(second);
  for (int round = 0; round < 4; ++round) {
    char none = 0;
    if (SSL_do_handshake(again.get()) == 1) SSL_read(again.get(), &none, 1);  // takes tickets
    Bytes bytes(1 << 16);
    const int size = BIO_read(output, bytes.data(), static_cast<int>(bytes.size()));
    const ByteView sent = ByteView(bytes).first(static_cast<std::size_t>(std::max(size, 0)));
    EXPECT_TRUE(resuming.receive(sent));
    bytes.clear();
    if (resuming.pull(bytes, 1 << 16) > 0) BIO_write(input, bytes.data(), static_cast<int>(bytes.size()));
  }
  EXPECT_TRUE(resuming.handshake_done());
  const bool has_new_ticket = session != nullptr;
  if (has_new_ticket) SSL_SESSION_free(std::exchange(session, nullptr));
  return {resuming.is_resumed(), has_new_ticket};
}

TEST(VisitorContext, ResumesSessionsOfEdgesWithTheSameSecret) {
  const auto edge = [](std::vector<Bytes> secrets) {
    return make({.certificates = {certificate({"a.example"}), certificate({"b.example"})},
                 .ticket_secrets = std::move(secrets)});
  };
  const Bytes one(32, 1), two(32, 2);
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    EXPECT_TRUE(resume(edge({one}), edge({one}), version).is_resumed);
    EXPECT_TRUE(resume(edge({one}), edge({two, one}), version).is_resumed);
    EXPECT_FALSE(resume(edge({one}), edge({two}), version).is_resumed);
    EXPECT_FALSE(resume(edge({}), edge({}), version).is_resumed);
  }
}

// Browsers use a ticket of TLS 1.3 once: with two of them, and no new ones, the third visit would be a full handshake.
TEST(VisitorContext, GivesANewTicketForEachThatIsUsedInTls13) {
  const ContextPtr edge = make({.certificates = {certificate({"b.example"})}, .ticket_secrets = {Bytes(32, 1)}});
  EXPECT_TRUE(resume(edge, edge, TLS1_3_VERSION).has_new_ticket);
  EXPECT_FALSE(resume(edge, edge, TLS1_2_VERSION).has_new_ticket) << "there it may be used again";
}

TEST(VisitorContext, NeedsACertificate) { EXPECT_FALSE(make_visitor_context({}, kNow)); }

}  // namespace
}  // namespace railgun::tls
