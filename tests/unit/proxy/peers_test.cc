#include "railgund/proxy/peers.h"

#include <gtest/gtest.h>

namespace railgun::proxy {
namespace {

using namespace std::chrono_literals;

const Endpoint kListener{"listener.test", 2408};

// Every SetReading, Close and LogLine is of no interest here: the dials are.
std::vector<Dial> dials(Context& context) {
  std::vector<Dial> all;
  for (const Effect& effect : context.effects) {
    if (const auto* dial = std::get_if<Dial>(&effect)) all.push_back(*dial);
  }
  context.effects.clear();
  return all;
}

// A sender's links and those of one listener, with the bytes carried between them by hand.
class PeersTest : public testing::Test {
 protected:
  PeersTest() { sender_.keep({kListener}, 1, now_); }

  // The listener's name of the link that the sender calls `id`.
  ConnectionId accept(ConnectionId id, const std::vector<std::string>& hosts = {}) {
    const ConnectionId far = listener_context_.new_connection();
    listener_.accepted(far, "sender", {}, now_);
    sender_.connected(id, hosts, now_);
    carry(id, far);
    return far;
  }

  void carry(ConnectionId near, ConnectionId far) {
    for (bool moved = true; moved;) {
      Bytes up;
      Bytes down;
      sender_.pull(near, up, SIZE_MAX, now_);
      listener_.pull(far, down, SIZE_MAX, now_);
      if (!up.empty()) listener_.receive(far, up, now_);
      if (!down.empty()) sender_.receive(near, down, now_);
      moved = !up.empty() || !down.empty();
    }
  }

  // Takes all events of the sender's.
  bool is_told_of_silence() {
    bool is_told = false;
    while (auto event = sender_.poll()) {
      const auto* stream = std::get_if<StreamEvent>(&*event);
      is_told = is_told || (stream != nullptr && std::holds_alternative<StreamSilent>(stream->input));
    }
    return is_told;
  }

  Instant now_{};
  config::ConfigPtr config_ = std::make_shared<const config::Config>();
  page::Cache cache_{1 << 20};
  Counters counters_;
  Context sender_context_{.config = config_, .cache = cache_, .counters = counters_};
  Context listener_context_{.config = config_, .cache = cache_, .counters = counters_};
  Peers sender_{sender_context_, link::Role::kAsker, Greeting{.reference_key = {}, .build = "0000"}};
  Peers listener_{listener_context_, link::Role::kAnswerer, Greeting{.reference_key = Bytes(32, 1), .build = "0001"}};
};

// On a line that loses packets everybody waited for the packets of somebody's download.
TEST_F(PeersTest, WhereOneLinkCarriesALargeAnswerTheNextRequestsTakeAnother) {
  sender_.keep({kListener}, 2, now_);
  const std::vector<Dial> both = dials(sender_context_);
  ASSERT_EQ(both.size(), 2U);
  const ConnectionId far = accept(both[0].connection);
  accept(both[1].connection);
  const auto download = sender_.open(both[0].connection, ExchangeId{1}, {}, {});
  ASSERT_TRUE(download.has_value());
  carry(both[0].connection, far);
  // One request is on each link.
  ASSERT_EQ(sender_.pick({kListener}, "site.test", now_)->id, both[1].connection);
  const auto second = sender_.open(both[1].connection, ExchangeId{2}, {}, {});
  const auto third = sender_.open(both[1].connection, ExchangeId{3}, {}, {});
  ASSERT_TRUE(second && third);
  EXPECT_EQ(sender_.pick({kListener}, "site.test", now_)->id, both[0].connection);

  LinkStream answer = listener_.take({far, download->key().stream}, ExchangeId{1});
  ASSERT_TRUE(answer.send_head({}, {}));
  answer.send(Bytes(100'000, 'x'));
  carry(both[0].connection, far);
  EXPECT_EQ(sender_.pick({kListener}, "site.test", now_)->id, both[1].connection);
  now_ += 2s;
  EXPECT_EQ(sender_.pick({kListener}, "site.test", now_)->id, both[0].connection);
}

TEST_F(PeersTest, WhenAListenerGoesAwayItsSuccessorIsDialledBeforeTheOldStreamsEnd) {
  const std::vector<Dial> first = dials(sender_context_);
  ASSERT_EQ(first.size(), 1U);
  const ConnectionId far = accept(first[0].connection);
  const Link* link = sender_.pick({kListener}, "site.test", now_);
  ASSERT_NE(link, nullptr);
  // An upgrade of the listener while a slow request is under way made all others wait for its end.
  const auto slow = sender_.open(link->id, ExchangeId{1}, {}, {});
  ASSERT_TRUE(slow.has_value());
  carry(first[0].connection, far);
  now_ += 5s;
  listener_.drain(1s, now_);
  carry(first[0].connection, far);

  ASSERT_EQ(sender_.deadline(), now_);
  sender_.on_deadline(now_);
  const std::vector<Dial> second = dials(sender_context_);
  ASSERT_EQ(second.size(), 1U);
  EXPECT_EQ(second[0].endpoint, kListener);
  // The old link serves on until the new one is up, but not longer than the listener's timeout.
  EXPECT_EQ(sender_.pick({kListener}, "site.test", now_), link);
  now_ += 1s;
  EXPECT_EQ(listener_.deadline(), now_);
  listener_.on_deadline(now_);
  carry(first[0].connection, far);
  EXPECT_TRUE(sender_.owns(first[0].connection));
  EXPECT_EQ(sender_.pick({kListener}, "site.test", now_), nullptr);
  EXPECT_TRUE(sender_.is_pending({kListener}));
}

// On a slow link requests waited for the successor's longer than link.wait, and were answered 527.
TEST_F(PeersTest, AListenerThatHandsOverKeepsItsLinksUntilTheNewOnesAreUp) {
  const std::vector<Dial> first = dials(sender_context_);
  const ConnectionId far = accept(first.at(0).connection);
  const Link* link = sender_.pick({kListener}, "site.test", now_);
  ASSERT_NE(link, nullptr);
  const auto slow = sender_.open(link->id, ExchangeId{1}, {}, {});
  ASSERT_TRUE(slow.has_value());
  now_ += 5s;
  listener_.drain(5s, now_);
  carry(first[0].connection, far);
  sender_.on_deadline(now_);
  const std::vector<Dial> second = dials(sender_context_);
  ASSERT_EQ(second.size(), 1U);

  Peers successor{listener_context_, link::Role::kAnswerer, Greeting{.reference_key = Bytes(32, 1), .build = "0002"}};
  const ConnectionId next = listener_context_.new_connection();
  successor.accepted(next, "sender", {}, now_);
  sender_.connected(second[0].connection, {}, now_);
  EXPECT_EQ(sender_.pick({kListener}, "site.test", now_), link);
  Bytes hello;
  successor.pull(next, hello, SIZE_MAX, now_);
  sender_.receive(second[0].connection, hello, now_);
  const Link* replacement = sender_.pick({kListener}, "site.test", now_);
  ASSERT_NE(replacement, nullptr);
  EXPECT_EQ(replacement->id, second[0].connection);
  // What is under way on the old one goes on; nothing new begins there, and the listener knows.
  EXPECT_TRUE(sender_.owns(first[0].connection));
  EXPECT_FALSE(sender_.open(first[0].connection, ExchangeId{2}, {}, {}).has_value());
  carry(first[0].connection, far);
  EXPECT_TRUE(listener_.owns(far));
}

TEST_F(PeersTest, ALinkThatIsNotUsedEndsAsSoonAsItIsReplaced) {
  const std::vector<Dial> first = dials(sender_context_);
  const ConnectionId far = accept(first.at(0).connection);
  now_ += 5s;
  listener_.drain(5s, now_);
  carry(first[0].connection, far);
  sender_.on_deadline(now_);
  const std::vector<Dial> second = dials(sender_context_);
  Peers successor{listener_context_, link::Role::kAnswerer, Greeting{.reference_key = Bytes(32, 1), .build = "0002"}};
  const ConnectionId next = listener_context_.new_connection();
  successor.accepted(next, "sender", {}, now_);
  sender_.connected(second.at(0).connection, {}, now_);
  Bytes hello;
  successor.pull(next, hello, SIZE_MAX, now_);
  sender_.receive(second[0].connection, hello, now_);
  carry(first[0].connection, far);
  EXPECT_FALSE(sender_.owns(first[0].connection));
}

TEST_F(PeersTest, AListenerThatGoesAwayAtOnceIsNotDialledWithoutPause) {
  const std::vector<Dial> first = dials(sender_context_);
  const ConnectionId far = accept(first.at(0).connection);
  const auto slow = sender_.open(first[0].connection, ExchangeId{1}, {}, {});
  ASSERT_TRUE(slow.has_value());
  carry(first[0].connection, far);
  listener_.drain(1s, now_);
  carry(first[0].connection, far);
  sender_.on_deadline(now_);
  EXPECT_TRUE(dials(sender_context_).empty());
  EXPECT_EQ(sender_.deadline(), now_ + 50ms);
}

TEST_F(PeersTest, ALinkThatWasUpIsWaitedForUntilItCannotBeMadeAgain) {
  const std::vector<Dial> first = dials(sender_context_);
  accept(first.at(0).connection);
  now_ += 5s;
  sender_.closed(first[0].connection, {Errc::kUnavailable, "reset"}, now_);
  EXPECT_TRUE(sender_.is_pending({kListener}));
  now_ = sender_.deadline();
  sender_.on_deadline(now_);
  const std::vector<Dial> second = dials(sender_context_);
  ASSERT_EQ(second.size(), 1U);
  sender_.closed(second[0].connection, {Errc::kUnavailable, "refused"}, now_);
  EXPECT_FALSE(sender_.is_pending({kListener}));
}

// A line that had swallowed everything for 5 s had its link back 3 s after it was back itself: TCP doubles its timers.
TEST_F(PeersTest, ASilentLinkIsReplacedWhileItMayStillComeBack) {
  const ConnectionId old = dials(sender_context_).at(0).connection;
  accept(old);
  now_ += 5s;
  const auto request = sender_.open(old, ExchangeId{7}, {}, {});
  ASSERT_TRUE(request.has_value());
  Bytes lost;
  sender_.pull(old, lost, SIZE_MAX, now_);
  now_ += 1s;
  sender_.on_deadline(now_);  // pings
  sender_.pull(old, lost, SIZE_MAX, now_);
  EXPECT_TRUE(dials(sender_context_).empty());
  now_ = sender_.deadline();
  sender_.on_deadline(now_);
  // The request is told, and another link is made.
  EXPECT_TRUE(is_told_of_silence());
  EXPECT_TRUE(sender_.find(old)->is_silent);
  const ConnectionId next = dials(sender_context_).at(0).connection;
  EXPECT_EQ(sender_.status(now_).size(), 1U) << "the attempt is no news for people";

  accept(next);
  ASSERT_NE(sender_.pick({kListener}, "site.test", now_), nullptr);
  EXPECT_EQ(sender_.pick({kListener}, "site.test", now_)->id, next);
  EXPECT_TRUE(is_told_of_silence()) << "again, as there is another link now";
  EXPECT_TRUE(sender_.owns(old)) << "what cannot be repeated may still end on it";
}

TEST_F(PeersTest, ALinkThatIsHeardAgainNeedsNoReplacement) {
  const ConnectionId link = dials(sender_context_).at(0).connection;
  const ConnectionId far = accept(link);
  const auto request = sender_.open(link, ExchangeId{7}, {}, {});
  ASSERT_TRUE(request.has_value());
  Bytes late;
  sender_.pull(link, late, SIZE_MAX, now_);
  now_ += 1s;
  sender_.on_deadline(now_);
  now_ = sender_.deadline();
  sender_.on_deadline(now_);
  const ConnectionId attempt = dials(sender_context_).at(0).connection;
  listener_.receive(far, late, now_);
  carry(link, far);
  EXPECT_FALSE(sender_.find(link)->is_silent);
  EXPECT_FALSE(sender_.owns(attempt));
}

TEST_F(PeersTest, SaysWhyThereIsNoLink) {
  const std::vector<Dial> first = dials(sender_context_);
  EXPECT_EQ(sender_.no_link_reason({kListener}, "site.test").brief, "the link is being established");
  EXPECT_EQ(sender_.no_link_reason({}, "site.test").brief, "no listener is linked");
  sender_.closed(first.at(0).connection, {Errc::kUnavailable, "connection refused"}, now_);
  EXPECT_EQ(sender_.no_link_reason({kListener}, "site.test").brief, "its listener cannot be reached");
  EXPECT_NE(sender_.no_link_reason({kListener}, "site.test").advice.find("listener.test:2408: connection refused"),
            std::string::npos);
  now_ = sender_.deadline();
  sender_.on_deadline(now_);
  accept(dials(sender_context_).at(0).connection, {"www.test", "*.b.test"});
  EXPECT_NE(sender_.pick({kListener}, "www.test", now_), nullptr);
  ASSERT_EQ(sender_.pick({kListener}, "site.test", now_), nullptr);
  const NoLinkReason reason = sender_.no_link_reason({kListener}, "site.test");
  EXPECT_EQ(reason.brief, "its listener's certificate is not for this host");
  EXPECT_NE(reason.advice.find("is for www.test, *.b.test and not for site.test"), std::string::npos);
  EXPECT_EQ(reason.brief.find("listener.test"), std::string::npos) << "visitors see it";
}

// They cost both ends time (delta/first_visit.h).
TEST_F(PeersTest, ALinkCodesSoManyAssetsAtOnceAndThenFewASecond) {
  accept(dials(sender_context_).at(0).connection);
  const Link* link = sender_.pick({kListener}, "site.test", now_);
  ASSERT_NE(link, nullptr);
  EXPECT_TRUE(link->has_starting_text);
  for (unsigned i = 0; i < Link::kAssets.burst; ++i) {
    EXPECT_FALSE(link->has_coded_many_assets(now_)) << i;
    sender_.count_asset(link->id, now_);
  }
  EXPECT_TRUE(link->has_coded_many_assets(now_));
  now_ += Link::kAssets.interval;
  EXPECT_FALSE(link->has_coded_many_assets(now_));
}

// Each takes 40 KB (tunnel/coder.h).
TEST_F(PeersTest, ALinkHasABoundedNumberOfTunnelsWithAContext) {
  const ConnectionId near = dials(sender_context_).at(0).connection;
  accept(near);
  const Link* link = sender_.pick({kListener}, "site.test", now_);
  ASSERT_NE(link, nullptr);
  EXPECT_TRUE(link->codes_tunnels);
  std::vector<LinkStream> streams;
  for (std::size_t i = 0; i <= Link::kMostContexts; ++i)
    streams.push_back(sender_.open(link->id, ExchangeId{i}, {}, {}).value());
  LinkStream& last = streams.back();
  for (std::size_t i = 0; i < Link::kMostContexts; ++i) ASSERT_TRUE(streams[i].set_context(true)) << i;
  EXPECT_TRUE(streams[0].set_context(true)) << "it has one already";
  EXPECT_FALSE(last.set_context(true));
  EXPECT_TRUE(streams[0].set_context(false));
  EXPECT_TRUE(last.set_context(true));
  EXPECT_FALSE(streams[0].set_context(true));
  // What ends has none any more.
  streams[1].reset(link::ResetCode::kCancelled);
  EXPECT_TRUE(streams[0].set_context(true));
}

}  // namespace
}  // namespace railgun::proxy
