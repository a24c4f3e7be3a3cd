#include "railgund/tls/link_peer.h"

#include "tests/unit/tls/pair.h"

namespace railgun::tls {
namespace {

class LinkPeer : public testing::Test {
 protected:
  // What the listener's end knows of a sender with a certificate for these names.
  Engine after_handshake(const std::vector<std::string>& names) {
    Engine client = Engine::client(make_context(make_identity(authority, names)), "");
    Engine server = Engine::server(ours);
    converse(client, server);
    EXPECT_TRUE(server.handshake_done());
    return server;
  }
  const KeyAndCertificate authority = make_authority();
  const ContextPtr ours = make_context(make_identity(authority, {"listener.example"}));
};

TEST_F(LinkPeer, WithoutTlsMayBeAnybody) {
  EXPECT_TRUE(hosts_of_peer(nullptr).empty());
  EXPECT_FALSE(is_peer_revoked(nullptr, {"02"}));
  EXPECT_EQ(reason_against_peer(nullptr, LinkRole::kSender, ours.get()), "");
}

TEST_F(LinkPeer, HasTheHostsAndTheSerialNumberOfItsCertificate) {
  const Engine link = after_handshake({"www.example"});
  EXPECT_EQ(hosts_of_peer(&link), std::vector<std::string>{"www.example"});
  EXPECT_TRUE(is_peer_revoked(&link, {link.peer_certificate()->serial}));
  EXPECT_FALSE(is_peer_revoked(&link, {"00"}));
}

TEST_F(LinkPeer, IsOfTheRoleThatItsCertificateIsFor) {
  const Engine sender = after_handshake({"sender.railgun"});
  EXPECT_EQ(reason_against_peer(&sender, LinkRole::kSender, ours.get()), "");
  EXPECT_EQ(reason_against_peer(&sender, LinkRole::kListener, ours.get()),
            "its certificate is a sender's, and a listener was expected");
  const Engine listener = after_handshake({"www.example"});
  EXPECT_EQ(reason_against_peer(&listener, LinkRole::kListener, ours.get()), "");
}

TEST_F(LinkPeer, MayGoOnOnlyWhileItsAuthorityIsTrusted) {
  const Engine link = after_handshake({"www.example"});
  const KeyAndCertificate other = make_authority("another authority");
  const ContextPtr theirs = make_context(make_identity(other, {"listener.example"}));
  EXPECT_EQ(reason_against_peer(&link, LinkRole::kListener, theirs.get()),
            "the authority of its certificate is not trusted any more");
  EXPECT_EQ(reason_against_peer(&link, LinkRole::kListener, nullptr), "");
}

}  // namespace
}  // namespace railgun::tls
