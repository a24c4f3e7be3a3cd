#include "railgund/http/server_connection.h"

#include <gtest/gtest.h>

#include "tests/unit/http/transcript.h"

namespace railgun::http {
namespace {

using namespace std::chrono_literals;

// A client at the other end of a ServerConnection, and the layer above it.
class Client {
 public:
  explicit Client(ServerLimits limits = {}) : connection(limits, false, now) {}

  void sends(std::string_view text) { connection.receive(as_bytes(text), now); }
  void ends() { connection.receive_end(now); }
  // What came up since the last call.
  std::string heard() {
    test::Transcript transcript;
    while (auto event = connection.poll()) transcript.add(*event);
    return transcript.text();
  }
  // What the connection has written since the last call.
  std::string gets() {
    Bytes bytes;
    while (connection.wants_write()) {
      Bytes piece;
      connection.pull(piece, 1 << 20, now);
      append(bytes, piece);
    }
    return std::string(as_text(bytes));
  }
  void answers(std::string_view body) {
    Response response{.status = 200, .body = {BodyLength::Kind::kKnown, body.size()}};
    connection.send_response(response, now);
    connection.send_body(as_bytes(body), now);
    connection.send_end(now);
  }

  // The connection has taken the last request off and reads another one.
  bool takes_another() {
    heard();
    sends("GET /another HTTP/1.1\r\nHost: a\r\n\r\n");
    return heard() == "request GET /another host=a body=none\nend\n";
  }

  Instant now{};
  ServerConnection connection;
};

Response response_of(unsigned status, BodyLength::Kind kind, std::uint64_t bytes = 0) {
  return {.status = status, .body = {kind, bytes}};
}

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr std::string_view kPost = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n";

TEST(ServerConnection, GivesARequestAndWritesItsAnswer) {
  Client client;
  client.sends("GET /a?b HTTP/1.1\r\nHost: Example.COM:81\r\nCookie: x=y\r\n\r\n");
  EXPECT_EQ(client.heard(), "request GET /a?b host=example.com:81 body=none [Cookie=x=y]\nend\n");
  client.answers("hello");
  EXPECT_EQ(client.gets(), "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
  EXPECT_FALSE(client.connection.wants_close());
  EXPECT_TRUE(client.takes_another());
}

TEST(ServerConnection, KeepsThePipelinedRequestUntilTheAnswerIsFinished) {
  Client client;
  client.sends("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(client.heard(), "request GET /1 host=a body=none\nend\n");
  client.answers("one");
  EXPECT_EQ(client.heard(), "request GET /2 host=a body=none\nend\n");
  client.answers("two");
  EXPECT_EQ(client.gets(),
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\none"
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\ntwo");
}

TEST(ServerConnection, StopsReadingWhenEnoughIsPipelined) {
  Client client({.input_bytes = 10});
  client.sends(kGet);
  EXPECT_TRUE(client.connection.wants_read());
  client.sends("GET /2 HTTP/");
  EXPECT_FALSE(client.connection.wants_read());
  client.answers("");
  EXPECT_TRUE(client.connection.wants_read());
}

// Clients once sent requests that we answer ourselves and read no answer: 1.4 GB in 16 seconds.
TEST(ServerConnection, BeginsNoRequestWhileAnswersAreNotTaken) {
  for (const int minor_version : {0, 1}) {
    Client client({.input_bytes = 4096, .finished_output_bytes = 1000});
    const std::string get =
        "GET / HTTP/1." + std::to_string(minor_version) + "\r\nHost: a\r\nConnection: keep-alive\r\n\r\n";
    std::size_t answered = 0, most_held = 0;
    // As the shell does it: reads while it may, takes no output.
    for (int i = 0; i < 1000 && client.connection.wants_read(); ++i) {
      client.sends(get + get + get);
      while (client.heard() != "") {
        client.connection.send_error(421, "not served here", {}, client.now);
        ++answered;
      }
      most_held = ServerLimits{}.output_bytes - client.connection.writable_bytes();
    }
    EXPECT_FALSE(client.connection.wants_read());
    EXPECT_LT(most_held, 1500U);
    EXPECT_LT(answered, 15U);
    // As soon as the client takes them, it goes on.
    const std::string first = client.gets();
    EXPECT_GT(first.size(), 500U);
    EXPECT_TRUE(client.connection.wants_read());
    while (client.heard() != "") client.connection.send_error(421, "not served here", {}, client.now);
    client.gets();
    EXPECT_TRUE(client.takes_another());
  }
}

TEST(ServerConnection, AnswersEverythingThatWaitedForRoomEvenIfTheClientHasEnded) {
  Client client({.finished_output_bytes = 1});
  client.sends(std::string(kGet) + std::string(kGet));
  client.heard();
  client.answers("1");
  EXPECT_EQ(client.heard(), "");
  client.ends();
  EXPECT_FALSE(client.connection.wants_close());
  EXPECT_EQ(client.gets(), "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1");
  EXPECT_EQ(client.heard(), "request GET / host=a body=none\nend\n");
  client.answers("2");
  EXPECT_EQ(client.gets(), "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\n2");
  EXPECT_TRUE(client.connection.wants_close());
}

TEST(ServerConnection, HoldsABoundedNumberOfInterimAnswers) {
  Client client({.output_bytes = 200});
  client.sends(kGet);
  for (int i = 0; i < 100; ++i) client.connection.send_interim(103, {{"Link", "</style.css>"}}, client.now);
  EXPECT_LT(client.gets().size(), 300U);
  client.answers("a");
  EXPECT_NE(client.gets().find("HTTP/1.1 200 OK"), std::string::npos);
}

TEST(ServerConnection, ClosesAfterSoManyRequests) {
  Client client({.requests = 2});
  client.sends(std::string(kGet) + std::string(kGet) + std::string(kGet));
  client.answers("1");
  client.answers("2");
  EXPECT_EQ(client.gets(),
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1"
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\n2");
  EXPECT_TRUE(client.connection.wants_close());
}

TEST(ServerConnection, GivesBodiesOfKnownLengthAndInChunks) {
  Client client;
  client.sends("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel");
  client.sends("lo");
  EXPECT_EQ(client.heard(), "request POST / host=a body=5\nbody hello\nend\n");
  client.answers("");
  client.sends(
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nhel\r\n2\r\nlo\r\n0\r\nT: t\r\n\r\n");
  EXPECT_EQ(client.heard(), "request POST / host=a body=chunked\nbody hello\nend [T=t]\n");
}

TEST(ServerConnection, StopsReadingABodyUntilItIsConsumed) {
  Client client({.unread_bytes = 4});
  client.sends(std::string(kPost) + "hell");
  EXPECT_FALSE(client.connection.wants_read());
  client.connection.body_consumed(1, client.now);
  EXPECT_TRUE(client.connection.wants_read());
}

TEST(ServerConnection, SendsAnswersOfUnknownLengthInChunks) {
  Client client;
  client.sends(kGet);
  client.connection.send_response(response_of(200, BodyLength::Kind::kToClose), client.now);
  client.connection.send_body(as_bytes("0123456789abcdef!"), client.now);
  client.connection.send_body({}, client.now);  // would be taken for the last chunk
  client.connection.send_body(as_bytes("x"), client.now);
  client.connection.send_end(client.now);
  EXPECT_EQ(client.gets(),
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n11\r\n0123456789abcdef!\r\n1\r\nx\r\n0\r\n\r\n");
  EXPECT_TRUE(client.takes_another());
}

TEST(ServerConnection, DelimitsAnswersOfUnknownLengthToOldClientsByTheEnd) {
  Client client;
  client.sends("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  client.connection.send_response(response_of(200, BodyLength::Kind::kChunked), client.now);
  client.connection.send_body(as_bytes("abc"), client.now);
  client.connection.send_end(client.now);
  EXPECT_EQ(client.gets(), "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc");
  EXPECT_TRUE(client.connection.wants_close());
  EXPECT_FALSE(client.connection.wants_reset());
}

TEST(ServerConnection, ResetsWhenACutAnswerWouldLookWhole) {
  Client client;
  client.sends("GET / HTTP/1.0\r\n\r\n");
  client.connection.send_response(response_of(200, BodyLength::Kind::kChunked), client.now);
  client.connection.abort();
  EXPECT_TRUE(client.connection.wants_close());
  EXPECT_TRUE(client.connection.wants_reset());
}

TEST(ServerConnection, KeepsOldClientsThatAskForIt) {
  Client client;
  client.sends("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n");
  client.answers("a");
  EXPECT_EQ(client.gets(), "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: keep-alive\r\n\r\na");
  client.sends("GET / HTTP/1.0\r\n\r\n");
  client.answers("a");
  EXPECT_EQ(client.gets(), "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\na");
  EXPECT_TRUE(client.connection.wants_close());
}

TEST(ServerConnection, SendsNoBodyForHeadNoContentAndNotModified) {
  struct Case {
    const char* method;
    unsigned status;
    BodyLength body;
    const char* expected;
  };
  const Case cases[] = {
      {"HEAD", 200, {BodyLength::Kind::kKnown, 9}, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"},
      {"HEAD", 200, {BodyLength::Kind::kChunked, 0}, "HTTP/1.1 200 OK\r\n\r\n"},
      {"HEAD", 200, {BodyLength::Kind::kNone, 0}, "HTTP/1.1 200 OK\r\n\r\n"},
      {"GET", 204, {BodyLength::Kind::kKnown, 0}, "HTTP/1.1 204 No Content\r\n\r\n"},
      {"GET", 304, {BodyLength::Kind::kKnown, 9}, "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n"},
      {"GET", 304, {BodyLength::Kind::kNone, 0}, "HTTP/1.1 304 Not Modified\r\n\r\n"},
      {"GET", 200, {BodyLength::Kind::kNone, 0}, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(std::string(c.method) + " " + std::to_string(c.status));
    Client client;
    client.sends(std::string(c.method) + " / HTTP/1.1\r\nHost: a\r\n\r\n");
    client.connection.send_response(response_of(c.status, c.body.kind, c.body.bytes), client.now);
    if (c.status != 200 || std::string_view(c.method) == "HEAD")
      client.connection.send_body(as_bytes("lost"), client.now);
    client.connection.send_end(client.now);
    EXPECT_EQ(client.gets(), c.expected);
    EXPECT_TRUE(client.takes_another());
  }
}

TEST(ServerConnection, CutsAnAnswerThatIsLongerOrShorterThanAnnounced) {
  for (const std::string_view body : {"abcd", "ab"}) {
    Client client;
    client.sends(kGet);
    client.heard();
    client.connection.send_response(response_of(200, BodyLength::Kind::kKnown, 3), client.now);
    client.connection.send_body(as_bytes(body), client.now);
    client.connection.send_end(client.now);
    EXPECT_EQ(client.heard(), "gone\n");
    EXPECT_TRUE(client.connection.wants_close());
    EXPECT_EQ(client.gets(), "");
  }
}

TEST(ServerConnection, TellsTheClientToGoOnOnlyIfItWaits) {
  Client client;
  client.sends("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.heard(), "request POST / host=a body=5 expects\n");
  client.connection.send_interim(100, {}, client.now);
  client.connection.send_interim(100, {}, client.now);
  EXPECT_EQ(client.gets(), "HTTP/1.1 100 Continue\r\n\r\n");
  client.sends("hello");
  client.connection.send_interim(103, {{"Link", "</a>"}}, client.now);
  client.answers("");
  EXPECT_EQ(client.gets(),
            "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  EXPECT_TRUE(client.takes_another());
}

TEST(ServerConnection, ClosesAfterAnAnswerThatDidNotWaitForTheBody) {
  Client client;
  client.sends("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
  client.connection.send_error(413, "too much", {}, client.now);
  EXPECT_EQ(client.gets(),
            "HTTP/1.1 413 Content Too Large\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 9\r\n"
            "Connection: close\r\n\r\ntoo much\n");
  EXPECT_TRUE(client.connection.wants_close());
}

TEST(ServerConnection, BecomesATunnelWithTheBytesThatCameEarly) {
  Client client;
  client.sends("GET /ws HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\nearly");
  EXPECT_EQ(client.heard(), "request GET /ws host=a body=none upgrade=websocket\nend\n");
  Response response{.status = 101, .fields = {{"Sec-WebSocket-Accept", "k"}}, .upgrade = "websocket"};
  client.connection.switch_to_tunnel(response, client.now);
  EXPECT_EQ(client.heard(), "tunnel early\n");
  client.connection.send_body(as_bytes("\x81\x01z"), client.now);
  EXPECT_EQ(
      client.gets(),
      "HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: k\r\nConnection: upgrade\r\nUpgrade: websocket\r\n"
      "\r\n\x81\x01z");
  client.sends("GET / HTTP/1.1\r\n");
  client.ends();
  EXPECT_EQ(client.heard(), "tunnel GET / HTTP/1.1\r\n\ntunnel end\n");
  client.connection.send_end(client.now);
  EXPECT_TRUE(client.connection.wants_close());
}

class TunnelClient : public Client {
 public:
  explicit TunnelClient(ServerLimits limits = {}) : Client(limits) {
    sends("GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    connection.switch_to_tunnel({.status = 101, .upgrade = "websocket"}, now);
    heard();
    gets();
  }
};

// A closed browser tab once left its WebSocket open at the origin for good.
TEST(ServerConnection, PassesTheEndOfATunnelsClientOnAndGoesOnSending) {
  TunnelClient client({.upgrade_timeout = 60min, .half_closed_timeout = 30s});
  client.now += 10min;
  client.ends();
  EXPECT_EQ(client.heard(), "tunnel end\n");
  EXPECT_EQ(client.connection.deadline(), client.now + 30s);
  client.now += 20s;
  client.connection.send_body(as_bytes("still here"), client.now);
  EXPECT_EQ(client.gets(), "still here");
  EXPECT_EQ(client.connection.deadline(), client.now + 30s);
  EXPECT_FALSE(client.connection.wants_close());
  client.now += 30s;
  client.connection.on_deadline(client.now);
  EXPECT_EQ(client.heard(), "gone\n");
  EXPECT_TRUE(client.connection.wants_close());
}

TEST(ServerConnection, EndsItsDirectionOfATunnelAndGoesOnReadingForAWhile) {
  TunnelClient client({.half_closed_timeout = 30s});
  client.connection.send_body(as_bytes("last"), client.now);
  client.connection.send_end(client.now);
  EXPECT_FALSE(client.connection.wants_end());
  EXPECT_EQ(client.gets(), "last");
  EXPECT_TRUE(client.connection.wants_end());
  EXPECT_FALSE(client.connection.wants_close());
  client.sends("and I");
  EXPECT_EQ(client.heard(), "tunnel and I\n");
  client.ends();
  EXPECT_EQ(client.heard(), "tunnel end\n");
  EXPECT_TRUE(client.connection.wants_close());

  // A client that talks to nobody does not keep the tunnel.
  TunnelClient talker({.half_closed_timeout = 30s});
  talker.connection.send_end(talker.now);
  for (int i = 0; i < 3; ++i) {
    talker.now += 10s;
    talker.sends("x");
  }
  talker.heard();
  talker.connection.on_deadline(talker.now);
  EXPECT_EQ(talker.heard(), "gone\n");
}

// timeout.upgrade: bytes of either direction count.
TEST(ServerConnection, EndsATunnelThatIsSilentInBothDirections) {
  Client client({.upgrade_timeout = 60min});
  client.sends("GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
  client.heard();
  client.now += 10min;
  client.connection.switch_to_tunnel({.status = 101, .upgrade = "websocket"}, client.now);
  client.gets();
  EXPECT_EQ(client.connection.deadline(), client.now + 60min);
  client.now += 50min;
  client.sends("ping");
  EXPECT_EQ(client.connection.deadline(), client.now + 60min);
  client.now += 50min;
  client.connection.send_body(as_bytes("pong"), client.now);
  client.gets();
  EXPECT_EQ(client.connection.deadline(), client.now + 60min);
  client.heard();
  client.connection.on_deadline(client.now + 60min - 1ns);
  EXPECT_FALSE(client.connection.wants_close());
  client.connection.on_deadline(client.now + 60min);
  EXPECT_EQ(client.heard(), "gone\n");
  EXPECT_TRUE(client.connection.wants_close());
}

TEST(ServerConnection, KeepsASilentTunnelForeverIfThereIsNoTimeout) {
  Client client({.upgrade_timeout = 0s});
  client.sends("GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
  client.connection.switch_to_tunnel({.status = 101, .upgrade = "websocket"}, client.now);
  client.gets();
  EXPECT_EQ(client.connection.deadline(), kNever);
}

TEST(ServerConnection, TakesNewTimeoutsAtOnce) {
  Client client({.idle_timeout = 75s});
  client.connection.set_limits({.head_bytes = 64, .idle_timeout = 5s});
  EXPECT_EQ(client.connection.deadline(), client.now + 5s);
  client.sends("GET /" + std::string(80, 'a') + " HTTP/1.1\r\n");
  EXPECT_EQ(client.gets().substr(0, 12), "HTTP/1.1 414");
}

TEST(ServerConnection, ReadsTheNextRequestIfTheUpgradeIsDeclined) {
  Client client;
  client.sends("GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
  client.sends(kGet);
  client.heard();
  client.answers("no");
  EXPECT_EQ(client.heard(), "request GET / host=a body=none\nend\n");
}

TEST(ServerConnection, AnswersMalformedRequestsItselfAndCloses) {
  Client client;
  client.sends("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_FALSE(client.connection.wants_close());
  EXPECT_EQ(client.gets(),
            "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 29\r\n"
            "Connection: close\r\n\r\nBad Request: Host came twice\n");
  EXPECT_TRUE(client.connection.wants_close());
  EXPECT_EQ(client.heard(), "");
}

// A balancer's health check: without a host there is no site to ask.
TEST(ServerConnection, RefusesOldRequestsWithoutAHostWhereOneIsRequired) {
  for (const char* request :
       {"GET / HTTP/1.0\r\n\r\n", "GET / HTTP/1.0\r\nHost:\r\n\r\n", "OPTIONS * HTTP/1.0\r\n\r\n"}) {
    SCOPED_TRACE(request);
    Client client({.requires_host = true});
    client.sends(request);
    EXPECT_EQ(client.heard(), "");
    const std::string answer = client.gets();
    EXPECT_EQ(answer.substr(0, 12), "HTTP/1.1 400");
    EXPECT_NE(answer.find("no Host field"), std::string::npos);
    EXPECT_TRUE(client.connection.wants_close());
  }
  for (const char* request : {"GET / HTTP/1.0\r\nHost: a\r\n\r\n", "GET http://a/ HTTP/1.0\r\n\r\n"}) {
    SCOPED_TRACE(request);
    Client client({.requires_host = true});
    client.sends(request);
    EXPECT_EQ(client.heard(), "request GET / host=a body=none 1.0 close\nend\n");
  }
}

TEST(ServerConnection, DropsTheExchangeIfItsBodyBreaks) {
  Client client;
  client.sends("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nz\r\n");
  EXPECT_EQ(client.heard(), "request POST / host=a body=chunked\nbody abc\ngone\n");
  EXPECT_EQ(client.gets().substr(0, 12), "HTTP/1.1 400");
  client.answers("too late");
  EXPECT_EQ(client.gets(), "");
  EXPECT_TRUE(client.connection.wants_close());
}

TEST(ServerConnection, CutsTheAnswerUnderWayIfTheBodyBreaks) {
  Client client;
  client.sends("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
  client.connection.send_response(response_of(200, BodyLength::Kind::kChunked), client.now);
  client.sends("z");
  EXPECT_TRUE(client.connection.wants_close());
  EXPECT_EQ(client.gets(), "");
}

TEST(ServerConnection, AnswersEveryCompleteRequestOfAClientThatHasEnded) {
  Client client;
  client.sends(kGet);
  client.sends(kGet);
  client.ends();
  EXPECT_FALSE(client.connection.wants_read());
  client.answers("1");
  EXPECT_FALSE(client.connection.wants_close());
  client.answers("2");
  EXPECT_EQ(client.gets(),
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1"
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\n2");
  EXPECT_TRUE(client.connection.wants_close());
}

// How long the answer may take is for the origin's timeouts: 70 s are allowed if they allow it.
TEST(ServerConnection, AnswersAClientThatHasEndedHoweverLateTheAnswerComes) {
  Client client({.write_timeout = 60s});
  client.sends(kGet);
  client.ends();
  EXPECT_EQ(client.heard(), "request GET / host=a body=none\nend\n");
  EXPECT_EQ(client.connection.deadline(), kNever);
  client.now += 70s;
  client.connection.send_response(response_of(200, BodyLength::Kind::kKnown, 1), client.now);
  EXPECT_EQ(client.connection.deadline(), client.now + 60s);
  client.now += 60s;
  client.connection.on_deadline(client.now);
  EXPECT_EQ(client.heard(), "gone\n");
  EXPECT_TRUE(client.connection.wants_close());
}

TEST(ServerConnection, DropsTheExchangeOfAClientThatHasEndedWhereThatIsAsked) {
  Client client({.end_cancels = true});
  client.sends(kGet);
  client.ends();
  EXPECT_EQ(client.heard(), "request GET / host=a body=none\nend\ngone\n");
  EXPECT_TRUE(client.connection.wants_close());
  // An answer that is finished is still sent.
  Client answered({.end_cancels = true});
  answered.sends(kGet);
  answered.heard();
  answered.answers("a");
  answered.ends();
  EXPECT_EQ(answered.gets(), "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na");
  EXPECT_EQ(answered.heard(), "");
}

TEST(ServerConnection, ClosesWhenTheClientEndsBetweenRequests) {
  Client client;
  client.ends();
  EXPECT_TRUE(client.connection.wants_close());
  Client half;
  half.sends("GET / HT");
  half.ends();
  EXPECT_TRUE(half.connection.wants_close());
  EXPECT_EQ(half.gets(), "");
}

TEST(ServerConnection, IsGoneWhenTheClientEndsInsideABody) {
  Client client;
  client.sends(std::string(kPost) + "he");
  client.ends();
  EXPECT_EQ(client.heard(), "request POST / host=a body=5\nbody he\ngone\n");
  EXPECT_TRUE(client.connection.wants_close());
}

TEST(ServerConnection, ClosesAnIdleConnectionWithoutAWord) {
  Client client({.idle_timeout = 75s});
  EXPECT_EQ(client.connection.deadline(), client.now + 75s);
  client.connection.on_deadline(client.now + 74s);
  EXPECT_FALSE(client.connection.wants_close());
  client.connection.on_deadline(client.now + 75s);
  EXPECT_TRUE(client.connection.wants_close());
  EXPECT_EQ(client.gets(), "");
}

TEST(ServerConnection, WaitsForAHeadAsAWholeNotByteByByte) {
  Client client({.head_timeout = 15s});
  client.sends("G");
  const Instant due = client.now + 15s;
  client.now += 10s;
  client.sends("ET / HTTP/1.1\r\n");
  EXPECT_EQ(client.connection.deadline(), due);
  client.now = due;
  client.connection.on_deadline(client.now);
  EXPECT_EQ(client.gets().substr(0, 12), "HTTP/1.1 408");
  EXPECT_TRUE(client.connection.wants_close());
}

TEST(ServerConnection, WaitsForABodyOnlyWhileItWantsIt) {
  Client client({.unread_bytes = 2, .body_timeout = 60s});
  client.sends(kPost);
  EXPECT_EQ(client.connection.deadline(), client.now + 60s);
  client.sends("he");
  EXPECT_EQ(client.connection.deadline(), kNever);
  client.now += 100s;
  client.connection.body_consumed(2, client.now);
  EXPECT_EQ(client.connection.deadline(), client.now + 60s);
  client.heard();
  client.connection.on_deadline(client.now + 60s);
  EXPECT_EQ(client.heard(), "gone\n");
  EXPECT_EQ(client.gets().substr(0, 12), "HTTP/1.1 408");
}

TEST(ServerConnection, DoesNotHurryAClientThatWaitsForContinue) {
  Client client({.body_timeout = 60s});
  client.sends("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.connection.deadline(), kNever);
  client.connection.send_interim(100, {}, client.now);
  client.gets();
  EXPECT_EQ(client.connection.deadline(), client.now + 60s);
}

TEST(ServerConnection, GivesUpAClientThatTakesNothing) {
  Client client({.write_timeout = 60s});
  client.sends(kGet);
  client.heard();
  client.connection.send_response(response_of(200, BodyLength::Kind::kChunked), client.now);
  EXPECT_EQ(client.connection.deadline(), client.now + 60s);
  client.now += 30s;
  Bytes some;
  client.connection.pull(some, 5, client.now);
  EXPECT_EQ(client.connection.deadline(), client.now + 60s);
  client.connection.on_deadline(client.now + 60s);
  EXPECT_EQ(client.heard(), "gone\n");
  EXPECT_TRUE(client.connection.wants_close());
  EXPECT_TRUE(client.connection.wants_reset());
}

// 33 visitors that read 2 KB a second were never ended.
TEST(ServerConnection, GivesUpAClientThatTakesLessThanTheMinimumRate) {
  const auto seconds_until_gone = [](std::size_t bytes_per_second) {
    Client client({.output_bytes = 1 << 20, .min_rate = 500, .write_timeout = 60s});
    client.sends(kGet);
    client.heard();
    client.connection.send_response(response_of(200, BodyLength::Kind::kKnown, 900'000), client.now);
    client.connection.send_body(Bytes(900'000), client.now);
    for (int second = 1; second <= 1000; ++second) {
      client.now += 1s;
      client.connection.on_deadline(client.now);
      if (client.heard() == "gone\n") return second;
      Bytes some;
      client.connection.pull(some, bytes_per_second, client.now);
    }
    return 0;
  };
  EXPECT_EQ(seconds_until_gone(1), 61);
  EXPECT_EQ(seconds_until_gone(250), 119);
  EXPECT_EQ(seconds_until_gone(500), 0);
}

TEST(ServerConnection, DoesNotCountTheTimeInWhichThereIsNothingToTake) {
  Client client({.min_rate = 500, .write_timeout = 60s});
  client.sends(kGet);
  client.heard();
  client.connection.send_response(response_of(200, BodyLength::Kind::kChunked), client.now);
  client.gets();
  for (int i = 0; i < 10; ++i) {
    client.now += 50s;
    client.connection.send_body(as_bytes("event"), client.now);
    EXPECT_EQ(client.connection.deadline(), client.now + 60s);
    client.gets();
    EXPECT_EQ(client.connection.deadline(), kNever);
  }
}

TEST(ServerConnection, GivesUpABodyThatComesSlowerThanTheMinimumRate) {
  const auto seconds_until_gone = [](std::size_t bytes_per_second) {
    Client client({.min_rate = 500, .body_timeout = 60s});
    client.sends("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n");
    for (int second = 1; second <= 1000; ++second) {
      client.now += 1s;
      client.connection.on_deadline(client.now);
      if (client.connection.wants_write()) return second;
      client.sends(std::string(bytes_per_second, 'x'));
      client.heard();
      client.connection.body_consumed(bytes_per_second, client.now);
    }
    return 0;
  };
  EXPECT_EQ(seconds_until_gone(1), 61);
  EXPECT_EQ(seconds_until_gone(250), 119);
  EXPECT_EQ(seconds_until_gone(500), 0);
}

// A slow client's progress must be seen before write_timeout is over: what was pulled before is all that is known.
TEST(ServerConnection, GivesASlowClientSmallPieces) {
  Client client;
  client.sends(kGet);
  client.answers(std::string(100'000, 'x'));
  Bytes piece;
  EXPECT_EQ(client.connection.pull(piece, 64 * 1024, client.now), 64U * 1024);
  client.now += 2s;
  piece.clear();
  EXPECT_EQ(client.connection.pull(piece, 64 * 1024, client.now), 8U * 1024);
}

TEST(ServerConnection, IsIdleOnlyBetweenRequestsWithNothingToSend) {
  Client client;
  EXPECT_TRUE(client.connection.is_idle());
  client.sends("GET ");
  EXPECT_FALSE(client.connection.is_idle());
  client.sends("/ HTTP/1.1\r\nHost: a\r\n\r\n");
  client.answers("a");
  EXPECT_FALSE(client.connection.is_idle());
  client.gets();
  EXPECT_TRUE(client.connection.is_idle());
}

TEST(ServerConnection, PullsNoMoreThanAsked) {
  Client client;
  client.sends(kGet);
  client.answers("hello");
  Bytes bytes;
  EXPECT_EQ(client.connection.pull(bytes, 8, client.now), 8U);
  EXPECT_EQ(as_text(bytes), "HTTP/1.1");
  EXPECT_EQ(client.connection.pull(bytes, 4, client.now), 4U);
  EXPECT_EQ(as_text(bytes), "HTTP/1.1 200");
}

TEST(ServerConnection, CountsItsOutputDown) {
  Client client({.output_bytes = 100});
  client.sends(kGet);
  client.connection.send_response(response_of(200, BodyLength::Kind::kKnown, 200), client.now);
  const std::size_t head = std::string_view("HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n").size();
  EXPECT_EQ(client.connection.writable_bytes(), 100 - head);
  client.connection.send_body(Bytes(200), client.now);
  EXPECT_EQ(client.connection.writable_bytes(), 0U);
  client.gets();
  EXPECT_EQ(client.connection.writable_bytes(), 100U);
}

TEST(ServerConnection, DrainsAfterTheAnswerUnderWay) {
  Client client;
  client.sends(kGet);
  client.connection.close_after_answer(client.now, client.now);
  client.answers("a");
  EXPECT_EQ(client.gets(), "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\na");
  EXPECT_TRUE(client.connection.wants_close());
  Client idle;
  idle.connection.close_after_answer(idle.now, idle.now);
  EXPECT_TRUE(idle.connection.wants_close());
}

// A program that handed its sockets over closed connections whose first request was under way.
TEST(ServerConnection, MayWaitForOneMoreRequestWhileItDrains) {
  Client client;
  client.connection.close_after_answer(client.now + 5s, client.now);
  EXPECT_FALSE(client.connection.wants_close());
  client.sends(kGet);
  client.answers("a");
  EXPECT_EQ(client.gets(), "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\na");
  EXPECT_TRUE(client.connection.wants_close());

  // Whose answer promised to go on is waited for, too, but not for ever.
  Client promised;
  promised.sends(kGet);
  promised.connection.send_response(response_of(200, BodyLength::Kind::kKnown, 1), promised.now);
  promised.connection.close_after_answer(promised.now + 5s, promised.now);
  promised.connection.send_body(as_bytes("a"), promised.now);
  promised.connection.send_end(promised.now);
  EXPECT_EQ(promised.gets(), "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na");
  EXPECT_FALSE(promised.connection.wants_close());
  EXPECT_EQ(promised.connection.deadline(), promised.now + 5s);
  promised.now += 5s;
  promised.connection.on_deadline(promised.now);
  EXPECT_TRUE(promised.connection.wants_close());
}

TEST(ServerConnection, PassesNoFieldThatCouldSplitTheAnswer) {
  Client client;
  client.sends(kGet);
  Response response = response_of(200, BodyLength::Kind::kNone);
  response.reason = "Fine\r\nX: y";
  response.fields = {
      {"A", "b\r\nSet-Cookie: c"}, {"B c", "d"}, {"Content-Length", "9"}, {"Connection", "x"}, {"Z", "z"}};
  client.connection.send_response(response, client.now);
  client.connection.send_end(client.now);
  EXPECT_EQ(client.gets(), "HTTP/1.1 200 OK\r\nZ: z\r\nContent-Length: 0\r\n\r\n");
}

}  // namespace
}  // namespace railgun::http
