#include "railgund/tls/engine.h"

#include <openssl/opensslv.h>

#include "tests/unit/tls/pair.h"

namespace railgun::tls {
namespace {

class Link : public testing::Test {
 protected:
  const KeyAndCertificate authority = make_authority();
  const ContextPtr sender = make_context(make_identity(authority, {"sender.example"}));
  const ContextPtr listener = make_context(make_identity(authority, {"listener.example", "192.0.2.7"}));
};

TEST_F(Link, CarriesBytesBothWays) {
  Engine client = Engine::client(sender, "listener.example");
  Engine server = Engine::server(listener);
  const Outcome outcome = converse(client, server);
  EXPECT_FALSE(outcome.client || outcome.server);
  ASSERT_TRUE(client.handshake_done() && server.handshake_done());
  ASSERT_TRUE(client.send(as_bytes("question")));
  ASSERT_TRUE(server.send(as_bytes("answer")));
  converse(client, server);
  EXPECT_EQ(plaintext(server), "question");
  EXPECT_EQ(plaintext(client), "answer");
  EXPECT_EQ(client.version(), "TLSv1.3");
  EXPECT_TRUE(client.cipher().starts_with("TLS_"));
  EXPECT_EQ(client.group(), server.group());
#if OPENSSL_VERSION_NUMBER >= 0x30500000L
  EXPECT_EQ(client.group(), "X25519MLKEM768");
#else
  EXPECT_EQ(client.group(), "x25519");
#endif
}

TEST_F(Link, EachEndKnowsTheOther) {
  Engine client = Engine::client(sender, "");
  Engine server = Engine::server(listener);
  EXPECT_FALSE(client.peer_certificate());
  converse(client, server);
  EXPECT_EQ(server.peer_name(), "sender.example");
  const auto facts = client.peer_certificate();
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->dns_names, (std::vector<std::string>{"listener.example", "192.0.2.7"}));
  EXPECT_EQ(facts->common_name, "listener.example");
  EXPECT_EQ(facts->issuer, "test authority");
  EXPECT_EQ(facts->not_after, always().until);
  EXPECT_EQ(facts->fingerprint.size(), 64u);
  EXPECT_EQ(facts->issuer_key_id, certificate_facts(authority.certificate).value().key_id);
  EXPECT_EQ(facts->issuer_key_id.size(), 40u);
}

TEST_F(Link, TakesInputCutAtEveryByte) {
  Engine client = Engine::client(sender, "listener.example");
  Engine server = Engine::server(listener);
  const Outcome outcome = converse(client, server, 1);
  EXPECT_FALSE(outcome.client || outcome.server);
  const std::string text(40000, 'x');
  ASSERT_TRUE(client.send(as_bytes(text)));
  converse(client, server, 1);
  EXPECT_EQ(plaintext(server), text);
}

TEST_F(Link, OneSendOfARecordIsOneRecord) {
  Engine client = Engine::client(sender, "");
  Engine server = Engine::server(listener);
  converse(client, server);
  ASSERT_TRUE(client.send(Bytes(Engine::kRecordBytes)));
  Bytes record;
  EXPECT_EQ(client.pull(record, 1 << 20), Engine::kRecordBytes + 22);  // header 5, type 1, tag 16
}

TEST_F(Link, BothEndsKnowTheProtocol) {
  Engine client = Engine::client(sender, "");
  Engine server = Engine::server(listener);
  converse(client, server);
  EXPECT_EQ(client.protocol(), "railgun/1");
  EXPECT_EQ(server.protocol(), "railgun/1");
}

TEST_F(Link, IsSeenByAProbeThatIsNotLetIn) {
  Engine probe = Engine::client(make_probe_context().value(), "");
  Engine server = Engine::server(listener);
  Bytes hello, answer;
  probe.pull(hello, 1 << 20);
  ASSERT_TRUE(server.receive(hello));
  server.pull(answer, 1 << 20);
  ASSERT_TRUE(probe.receive(answer));
  ASSERT_TRUE(probe.handshake_done());
  EXPECT_EQ(probe.protocol(), "railgun/1");
  EXPECT_EQ(probe.peer_name(), "listener.example");
  const Outcome outcome = converse(probe, server);
  ASSERT_TRUE(outcome.server);
  EXPECT_EQ(outcome.server->text, "the peer sent no certificate");
  ASSERT_TRUE(outcome.client);
  EXPECT_EQ(outcome.client->code, Errc::kDenied);
}

TEST_F(Link, TheServerSaysNothingAfterTheHandshake) {
  Engine client = Engine::client(sender, "");
  Engine server = Engine::server(listener);
  Bytes hello, answer, finished;
  client.pull(hello, 1 << 20);
  ASSERT_TRUE(server.receive(hello));
  server.pull(answer, 1 << 20);
  ASSERT_TRUE(client.receive(answer));
  client.pull(finished, 1 << 20);
  ASSERT_TRUE(server.receive(finished));
  // No tickets.
  EXPECT_TRUE(server.handshake_done());
  Bytes nothing;
  EXPECT_EQ(server.pull(nothing, 1 << 20), 0u);
}

TEST_F(Link, AnEndIsToldAndOnlyOnce) {
  Engine client = Engine::client(sender, "");
  Engine server = Engine::server(listener);
  converse(client, server);
  ASSERT_TRUE(client.send(as_bytes("last words")));
  client.shut_down();
  client.shut_down();
  EXPECT_FALSE(client.send(as_bytes("more")));
  converse(client, server);
  EXPECT_EQ(plaintext(server), "last words");
  EXPECT_TRUE(server.peer_closed());
  EXPECT_FALSE(client.peer_closed());
  ASSERT_TRUE(server.send(as_bytes("still answering")));
  converse(client, server);
  EXPECT_EQ(plaintext(client), "still answering");
}

TEST_F(Link, NothingCanBeSentBeforeTheHandshake) {
  Engine client = Engine::client(sender, "");
  EXPECT_FALSE(client.handshake_done());
  const Result<void> sent = client.send(as_bytes("early"));
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, Errc::kUnavailable);
}

TEST_F(Link, ACertificateOfAnotherAuthorityIsRefusedAtBothEnds) {
  const KeyAndCertificate other = make_authority("somebody else");
  const ContextPtr stranger = make_context(make_identity(other, {"stranger.example"}));
  {
    Engine client = Engine::client(sender, "");
    Engine server = Engine::server(stranger);
    const Outcome outcome = converse(client, server);
    ASSERT_TRUE(outcome.client && outcome.server);
    EXPECT_EQ(outcome.client->code, Errc::kDenied);
    EXPECT_EQ(outcome.client->text,
              "certificate signed by unknown authority (of stranger.example, signed by 'somebody else')");
    EXPECT_EQ(outcome.server->code, Errc::kDenied);
    EXPECT_EQ(outcome.server->text, "the peer refused our certificate: signed by an authority unknown to it");
    EXPECT_FALSE(client.send(as_bytes("x")));
  }
  {
    Identity identity = make_identity(other, {"stranger.example"});
    identity.authorities = authority.certificate;  // it trusts us; we do not trust it
    Engine client = Engine::client(make_context(identity), "");
    Engine server = Engine::server(listener);
    const Outcome outcome = converse(client, server);
    ASSERT_TRUE(outcome.client && outcome.server);
    EXPECT_EQ(outcome.server->code, Errc::kDenied);
    EXPECT_FALSE(server.handshake_done());
  }
}

TEST_F(Link, ACertificateForAnotherNameIsRefused) {
  for (const auto& [name, accepted] : std::vector<std::pair<std::string, bool>>{{"listener.example", true},
                                                                                {"LISTENER.example", true},
                                                                                {"192.0.2.7", true},
                                                                                {"www.example", false},
                                                                                {"192.0.2.8", false}}) {
    Engine client = Engine::client(sender, name);
    Engine server = Engine::server(listener);
    const Outcome outcome = converse(client, server);
    EXPECT_EQ(!outcome.client, accepted) << name;
    if (!accepted && outcome.client) {
      EXPECT_EQ(outcome.client->text, "certificate is valid for listener.example, 192.0.2.7, not " + name);
    }
  }
}

TEST_F(Link, AnExpiredCertificateIsRefusedWithItsDate) {
  const ContextPtr old = make_context(make_identity(authority, {"old.example"}, long_ago()));
  Engine client = Engine::client(sender, "");
  Engine server = Engine::server(old);
  const Outcome outcome = converse(client, server);
  ASSERT_TRUE(outcome.client && outcome.server);
  EXPECT_TRUE(outcome.client->text.starts_with("certificate of old.example expired on 2001-09-09 01:46:40 UTC"));
  EXPECT_EQ(outcome.server->text, "the peer refused our certificate: expired, or its clock is wrong");
}

TEST_F(Link, AClientWithoutACertificateIsRefused) {
  const auto anonymous = make_unverified_context();
  ASSERT_TRUE(anonymous);
  Engine client = Engine::client(*anonymous, "");
  Engine server = Engine::server(listener);
  const Outcome outcome = converse(client, server);
  ASSERT_TRUE(outcome.client && outcome.server);
  EXPECT_EQ(outcome.server->text, "the peer sent no certificate");
  EXPECT_EQ(outcome.client->text, "the peer asks for a certificate and we have none");
}

TEST_F(Link, WhatIsNotTlsIsRefusedAtTheFirstByte) {
  for (const std::string_view garbage : {"GET / HTTP/1.1\r\n\r\n", "\x01", "\xff\xff\xff\xff"}) {
    Engine server = Engine::server(listener);
    const Result<void> result = server.receive(as_bytes(garbage));
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Errc::kMalformed);
    EXPECT_EQ(result.error().text, "the peer does not speak TLS");
    EXPECT_FALSE(server.receive(as_bytes("\x16")));  // and stays refused
  }
  Engine client = Engine::client(sender, "");
  EXPECT_FALSE(client.receive(as_bytes("HTTP/1.1 400 Bad Request\r\n")));
}

TEST_F(Link, GarbageAfterATlsLikeStartIsRefused) {
  Engine server = Engine::server(listener);
  const Result<void> result = server.receive(as_bytes({"\x16\x03\x01\x00\x10 no hello at all", 21}));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::kMalformed);
}

TEST_F(Link, AChangedByteEndsTheConnection) {
  Engine client = Engine::client(sender, "");
  Engine server = Engine::server(listener);
  converse(client, server);
  ASSERT_TRUE(client.send(as_bytes("precious")));
  Bytes bytes;
  client.pull(bytes, 1 << 20);
  bytes.back() ^= 1;
  const Result<void> result = server.receive(bytes);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::kMalformed);
  EXPECT_EQ(plaintext(server), "");
}

TEST_F(Link, AnOriginOfAPrivateAuthorityNeedsThatAuthorityOrNoCheck) {
  const auto trusting = make_origin_context({.verify = false, .bundle_file = ""});
  ASSERT_TRUE(trusting);
  const Identity web = make_identity(authority, {"www.example"});
  const auto server_context = make_server_context(web.certificates, web.key);
  ASSERT_TRUE(server_context);
  Engine client = Engine::client(*trusting, "another.example");
  Engine server = Engine::server(*server_context);
  const Outcome outcome = converse(client, server);
  EXPECT_FALSE(outcome.client || outcome.server);
  EXPECT_EQ(client.peer_name(), "www.example");
}

}  // namespace
}  // namespace railgun::tls
