#include "railgund/http/client_connection.h"

#include <gtest/gtest.h>

#include "tests/unit/http/transcript.h"

namespace railgun::http {
namespace {

using namespace std::chrono_literals;

// An origin at the other end of a ClientConnection, and the layer above it.
class Origin {
 public:
  explicit Origin(ClientLimits limits = {}) : connection(limits, now) {}

  void asked(const Request& request) { connection.send_request(request, now); }
  // A GET that the origin got whole.
  void asked_get(std::string_view method = "GET") {
    asked({.method = std::string(method), .target = "/", .host = "a"});
    gets();
  }
  std::string gets() {
    Bytes bytes;
    while (connection.wants_write()) {
      Bytes piece;
      connection.pull(piece, 1 << 20, now);
      append(bytes, piece);
    }
    return std::string(as_text(bytes));
  }
  void sends(std::string_view text) { connection.receive(as_bytes(text), now); }
  void ends() { connection.receive_end(now); }
  std::string heard() {
    test::Transcript transcript;
    while (auto event = connection.poll()) transcript.add(*event);
    return transcript.text();
  }

  Instant now{};
  ClientConnection connection;
};

Request request_of(std::string_view method, BodyLength::Kind kind = BodyLength::Kind::kNone, std::uint64_t bytes = 0) {
  return {.method = std::string(method), .target = "/", .host = "a", .body = {kind, bytes}};
}

TEST(ClientConnection, WritesARequestAndGivesItsAnswer) {
  Origin origin;
  Request request = request_of("GET");
  request.target = "/x?y";
  request.fields = {{"Cookie", "c"}};
  origin.asked(request);
  EXPECT_EQ(origin.gets(), "GET /x?y HTTP/1.1\r\nHost: a\r\nCookie: c\r\n\r\n");
  origin.sends("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nServer: s\r\nKeep-Alive: timeout=5\r\n\r\nhello");
  EXPECT_EQ(origin.heard(), "response 200 OK body=5 [Server=s]\nbody hello\nend\n");
  EXPECT_TRUE(origin.connection.is_reusable());
  origin.asked_get();
  EXPECT_EQ(origin.connection.exchanges(), 2U);
  origin.sends("HTTP/1.1 404 Gone fishing\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(origin.heard(), "response 404 Gone fishing body=0\nend\n");
}

TEST(ClientConnection, WritesBodiesOfKnownLengthAndInChunks) {
  Origin origin;
  origin.asked(request_of("POST", BodyLength::Kind::kKnown, 5));
  origin.connection.send_body(as_bytes("hello"), origin.now);
  origin.connection.send_end(origin.now);
  EXPECT_EQ(origin.gets(), "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
  origin.sends("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  origin.asked(request_of("POST", BodyLength::Kind::kChunked));
  origin.connection.send_body(as_bytes("hello"), origin.now);
  origin.connection.send_end(origin.now);
  EXPECT_EQ(origin.gets(), "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
}

TEST(ClientConnection, FailsIfTheRequestIsLongerOrShorterThanAnnounced) {
  Origin longer;
  longer.asked(request_of("POST", BodyLength::Kind::kKnown, 1));
  longer.connection.send_body(as_bytes("ab"), longer.now);
  EXPECT_EQ(longer.heard(), "failed invalid: the request's body is longer than announced\n");
  Origin shorter;
  shorter.asked(request_of("POST", BodyLength::Kind::kKnown, 1));
  shorter.connection.send_end(shorter.now);
  EXPECT_EQ(shorter.heard(), "failed invalid: the request's body is shorter than announced\n");
  EXPECT_FALSE(shorter.connection.is_reusable());
}

TEST(ClientConnection, WritesNoRequestThatCouldBeTwo) {
  for (const Request& bad : {Request{.method = "GET\r\n", .target = "/", .host = "a"},
                             Request{.method = "GET", .target = "/ HTTP/1.1\r\nX: y\r\n\r\n", .host = "a"},
                             Request{.method = "GET", .target = "/", .host = "a\r\nX: y"}}) {
    Origin origin;
    origin.asked(bad);
    EXPECT_EQ(origin.gets(), "");
    EXPECT_EQ(origin.heard().substr(0, 15), "failed invalid:");
  }
  Origin origin;
  Request request = request_of("GET");
  request.fields = {{"A", "b\nc"}, {"Transfer-Encoding", "chunked"}, {"Host", "b"}, {"Z", "z"}};
  origin.asked(request);
  EXPECT_EQ(origin.gets(), "GET / HTTP/1.1\r\nHost: a\r\nZ: z\r\n\r\n");
}

TEST(ClientConnection, ReadsEveryFramingOfAnAnswer) {
  struct Case {
    const char* method;
    const char* answer;
    const char* heard;
    bool reusable;
  };
  const Case cases[] = {
      {"GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b\r\nhe\r\n3\r\nllo\r\n0\r\nT: x\r\n\r\n",
       "response 200 OK body=chunked\nbody hello\nend [T=x]\n", true},
      {"HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", "response 200 OK body=9\nend\n", true},
      {"HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "response 200 OK body=none\nend\n", true},
      {"GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\nETag: e\r\n\r\n",
       "response 304 Not Modified body=9 [ETag=e]\nend\n", true},
      {"GET", "HTTP/1.1 204 No Content\r\n\r\n", "response 204 No Content body=none\nend\n", true},
      {"GET", "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", "response 204 No Content body=none\nend\n", true},
      {"GET", "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", "response 200  body=0\nend\n", true},
      {"GET", "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", "response 200 OK body=1 1.0 close\nbody x\nend\n",
       false},
      {"GET", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx",
       "response 200 OK body=1 1.0\nbody x\nend\n", true},
      {"GET", "HTTP/1.1 200 OK\r\nConnection: close, X\r\nX: y\r\nContent-Length: 0\r\n\r\n",
       "response 200 OK body=0 close\nend\n", false},
      {"GET", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxy", "response 200 OK body=1\nbody x\nend\n", false},
      {"GET", "HTTP/1.1 103 Early Hints\r\nLink: l\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
       "interim 103 [Link=l]\nresponse 200 OK body=0\nend\n", true},
      {"GET", "HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 0\r\n\r\n", "response 200 OK body=0 [A=b c]\nend\n",
       true},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.answer);
    Origin whole;
    whole.asked_get(c.method);
    whole.sends(c.answer);
    EXPECT_EQ(whole.heard(), c.heard);
    EXPECT_EQ(whole.connection.is_reusable(), c.reusable);
    Origin byte_by_byte;
    byte_by_byte.asked_get(c.method);
    for (const char* p = c.answer; *p != 0; ++p) byte_by_byte.sends({p, 1});
    EXPECT_EQ(byte_by_byte.heard(), c.heard);
    EXPECT_EQ(byte_by_byte.connection.is_reusable(), c.reusable);
  }
}

TEST(ClientConnection, TakesTheEndForTheEndOfAnAnswerWithoutLength) {
  Origin origin;
  origin.asked_get();
  origin.sends("HTTP/1.1 200 OK\r\n\r\nhel");
  origin.sends("lo");
  EXPECT_EQ(origin.heard(), "response 200 OK body=to close close\nbody hello\n");
  origin.ends();
  EXPECT_EQ(origin.heard(), "end\n");
  EXPECT_FALSE(origin.connection.is_reusable());
}

TEST(ClientConnection, RefusesAnswersThatCanBeReadInTwoWays) {
  const char* const answers[] = {
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\n",
      "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
      "HTTP/1.1 200 OK\nContent-Length: 0\n\n",
      "HTTP/1.1 200 OK\r\nA : b\r\n\r\n",
      "HTTP/1.1 200 OK\r\n A: b\r\n\r\n",
      "HTTP/1.1 20 OK\r\n\r\n",
      "HTTP/1.1 099 OK\r\n\r\n",
      "HTTP/1.1 2000 OK\r\n\r\n",
      "HTTP/2 200 OK\r\n\r\n",
      "ICY 200 OK\r\n\r\n",
      "\r\nHTTP/1.1 200 OK\r\n\r\n",
      "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloX",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\nhello",
  };
  for (const char* answer : answers) {
    SCOPED_TRACE(answer);
    Origin origin;
    origin.asked_get();
    origin.sends(answer);
    EXPECT_NE(origin.heard().find("failed malformed begun: answer: "), std::string::npos);
    EXPECT_FALSE(origin.connection.is_reusable());
    EXPECT_FALSE(origin.connection.wants_read());
  }
}

TEST(ClientConnection, NamesTheFramingFieldThatItRefuses) {
  const std::pair<const char*, const char*> answers[] = {
      {"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "Transfer-Encoding came twice"},
      {"Transfer-Encoding: gzip\r\nX: y\r\nTransfer-Encoding: chunked\r\n", "Transfer-Encoding came twice"},
      {"transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n", "Transfer-Encoding came twice"},
      {"Content-Length: 1\r\nContent-Length: 1\r\n", "Content-Length came twice"},
      {"Content-Length: 1\r\nContent-Length: 2\r\n", "Content-Length came twice"},
      {"Content-Length: 1, 1\r\n", "malformed Content-Length"},
      {"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n", "both Content-Length and Transfer-Encoding"},
      {"Transfer-Encoding: chunked\r\nContent-Length: 1\r\n", "both Content-Length and Transfer-Encoding"},
      {"Transfer-Encoding: gzip, chunked\r\n", "a transfer coding other than chunked"},
  };
  for (const auto& [fields, fault] : answers) {
    SCOPED_TRACE(fields);
    Origin origin;
    origin.asked_get();
    origin.sends("HTTP/1.1 200 OK\r\n" + std::string(fields) + "\r\n");
    EXPECT_EQ(origin.heard(), "failed malformed begun: answer: " + std::string(fault) + "\n");
  }
}

TEST(ClientConnection, RefusesHeadsOverTheLimits) {
  Origin long_head({.head_bytes = 40});
  long_head.asked_get();
  long_head.sends("HTTP/1.1 200 OK\r\nA: 1234567890123456789012345678901234567890\r\n\r\n");
  EXPECT_EQ(long_head.heard(), "failed too large begun: answer: the head is too long\n");
  Origin many_fields({.field_count = 1});
  many_fields.asked_get();
  many_fields.sends("HTTP/1.1 200 OK\r\nA: 1\r\nB: 2\r\n\r\n");
  EXPECT_EQ(many_fields.heard(), "failed too large begun: answer: too many fields\n");
}

TEST(ClientConnection, RefusesInterimAnswersWithoutEnd) {
  Origin origin;
  origin.asked_get();
  for (int i = 0; i < 65; ++i) origin.sends("HTTP/1.1 102 Processing\r\n\r\n");
  EXPECT_NE(origin.heard().find("failed malformed begun: answer: too many interim answers\n"), std::string::npos);
}

TEST(ClientConnection, SaysWhetherAskingAgainIsSafe) {
  Origin fresh;
  fresh.asked_get();
  fresh.ends();
  EXPECT_EQ(fresh.heard(), "failed malformed: the origin closed the connection instead of answering\n");

  Origin unsent;
  unsent.asked(request_of("GET"));
  unsent.ends();
  EXPECT_EQ(unsent.heard(), "failed unavailable: the origin closed the connection before it answered\n");

  Origin used;
  used.asked_get();
  used.sends("HTTP/1.1 204 No Content\r\n\r\n");
  used.heard();
  used.asked_get();
  used.ends();
  EXPECT_EQ(used.heard(), "failed unavailable: the origin closed the connection before it answered\n");

  Origin begun;
  begun.asked_get();
  begun.sends("HTTP/1.1 204 No Content\r\n\r\n");
  begun.heard();
  begun.asked_get();
  begun.sends("HT");
  begun.ends();
  EXPECT_EQ(begun.heard(), "failed malformed begun: the origin closed the connection instead of answering\n");
}

// A page that broke off was passed on as whole and kept as a reference.
TEST(ClientConnection, TakesABrokenConnectionForNoEndOfAnAnswer) {
  const Error reset{Errc::kUnavailable, "connection reset by peer"};
  Origin body;
  body.asked_get();
  body.sends("HTTP/1.1 200 OK\r\n\r\nhalf a page");
  body.connection.connection_lost(reset);
  EXPECT_NE(body.heard().find("body half a page\nfailed malformed begun: the connection to the origin broke in the "
                              "middle of its answer: connection reset by peer\n"),
            std::string::npos);
  EXPECT_FALSE(body.connection.is_reusable());

  Origin whole;
  whole.asked_get();
  whole.sends("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  whole.connection.connection_lost(reset);
  EXPECT_EQ(whole.heard(), "response 200 OK body=2\nbody ok\nend\n");
  EXPECT_FALSE(whole.connection.is_reusable());

  Origin head;
  head.asked_get();
  head.connection.connection_lost(reset);
  EXPECT_EQ(head.heard(),
            "failed malformed: the connection to the origin broke before it answered: connection reset by peer\n");

  whole.asked_get();
  EXPECT_NE(whole.heard().find("failed unavailable"), std::string::npos);
}

TEST(ClientConnection, FailsIfTheOriginEndsInsideTheBody) {
  for (const char* answer : {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe",
                             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n"}) {
    Origin origin;
    origin.asked_get();
    origin.sends(answer);
    origin.ends();
    EXPECT_NE(origin.heard().find("body he\nfailed malformed begun: "), std::string::npos);
  }
}

TEST(ClientConnection, IsNotUsedAgainAfterBytesNobodyAskedFor) {
  Origin origin;
  origin.asked_get();
  origin.sends("HTTP/1.1 204 No Content\r\n\r\n");
  EXPECT_TRUE(origin.connection.is_reusable());
  origin.sends("HTTP/1.1 408 Request Timeout\r\n\r\n");
  EXPECT_FALSE(origin.connection.is_reusable());
  origin.heard();
  origin.asked(request_of("GET"));
  EXPECT_EQ(origin.heard(), "failed unavailable: the origin has closed the connection\n");
}

TEST(ClientConnection, IsNotUsedAgainAfterAnAnswerThatDidNotWait) {
  Origin origin;
  origin.asked(request_of("POST", BodyLength::Kind::kKnown, 5));
  origin.gets();
  origin.sends("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(origin.heard(), "response 413 Too Large body=0\nend\n");
  EXPECT_FALSE(origin.connection.is_reusable());
  origin.connection.send_body(as_bytes("hello"), origin.now);
  EXPECT_EQ(origin.gets(), "");
}

TEST(ClientConnection, IsATunnelAfterAnUpgradeWithABody) {
  Origin origin;
  Request request{.method = "POST", .target = "/", .host = "a", .body = {BodyLength::Kind::kKnown, 4}};
  request.upgrade = "tcp";
  origin.connection.send_request(request, origin.now);
  origin.connection.send_body(as_bytes("body"), origin.now);
  EXPECT_EQ(origin.gets(),
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nConnection: upgrade\r\nUpgrade: tcp\r\n\r\nbody");
  EXPECT_NE(origin.connection.deadline(), kNever);  // the origin is to answer
  origin.sends("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n");
  origin.connection.send_body(as_bytes("raw"), origin.now);
  EXPECT_EQ(origin.gets(), "raw");
}

TEST(ClientConnection, IsATunnelAfterAnUpgrade) {
  Origin origin;
  Request request = request_of("GET");
  request.upgrade = "websocket";
  origin.asked(request);
  EXPECT_EQ(origin.gets(), "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n");
  origin.sends("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nraw");
  EXPECT_EQ(origin.heard(), "response 101 Switching Protocols body=none upgrade=websocket\nbody raw\n");
  origin.connection.send_body(as_bytes("more"), origin.now);
  EXPECT_EQ(origin.gets(), "more");
  origin.ends();
  EXPECT_EQ(origin.heard(), "tunnel end\n");
  EXPECT_FALSE(origin.connection.is_reusable());
  // It may still read.
  origin.connection.send_body(as_bytes("bye"), origin.now);
  origin.connection.send_end(origin.now);
  EXPECT_EQ(origin.heard(), "");
  EXPECT_EQ(origin.gets(), "bye");
  EXPECT_EQ(origin.heard(), "end\n");
}

TEST(ClientConnection, EndsItsDirectionOfATunnelAndGoesOnReading) {
  Origin origin({.upgrade_timeout = 60min, .half_closed_timeout = 30s});
  Request request = request_of("GET");
  request.upgrade = "websocket";
  origin.asked(request);
  origin.sends("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
  origin.heard();
  EXPECT_FALSE(origin.connection.wants_end());
  origin.connection.send_end(origin.now);
  EXPECT_FALSE(origin.connection.wants_end());
  origin.gets();
  EXPECT_TRUE(origin.connection.wants_end());
  EXPECT_EQ(origin.connection.deadline(), origin.now + 30s);
  origin.now += 20s;
  origin.sends("still here");
  EXPECT_EQ(origin.heard(), "body still here\n");
  EXPECT_EQ(origin.connection.deadline(), origin.now + 30s);
  origin.ends();
  EXPECT_EQ(origin.heard(), "tunnel end\nend\n");
}

TEST(ClientConnection, EndsATunnelWhoseOriginHasEndedAfterAWhile) {
  Origin origin({.half_closed_timeout = 30s});
  Request request = request_of("GET");
  request.upgrade = "websocket";
  origin.asked(request);
  origin.gets();
  origin.sends("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
  origin.ends();
  origin.heard();
  origin.now += 30s;
  origin.connection.send_body(as_bytes("x"), origin.now);
  origin.gets();
  origin.connection.on_deadline(origin.now);
  EXPECT_EQ(origin.heard(), "end\n");
}

// timeout.upgrade: bytes of either direction count. The end is an orderly one: nothing failed.
TEST(ClientConnection, EndsATunnelThatIsSilentInBothDirections) {
  Origin origin({.upgrade_timeout = 60min});
  Request request = request_of("GET");
  request.upgrade = "websocket";
  origin.asked(request);
  origin.gets();
  origin.now += 10s;
  origin.sends("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
  EXPECT_EQ(origin.connection.deadline(), origin.now + 60min);
  origin.now += 50min;
  origin.sends("ping");
  EXPECT_EQ(origin.connection.deadline(), origin.now + 60min);
  origin.now += 50min;
  origin.connection.send_body(as_bytes("pong"), origin.now);
  origin.gets();
  EXPECT_EQ(origin.connection.deadline(), origin.now + 60min);
  origin.heard();
  origin.connection.on_deadline(origin.now + 60min - 1ns);
  EXPECT_EQ(origin.heard(), "");
  origin.connection.on_deadline(origin.now + 60min);
  EXPECT_EQ(origin.heard(), "end\n");
  EXPECT_FALSE(origin.connection.is_reusable());
  EXPECT_EQ(origin.connection.deadline(), kNever);
}

TEST(ClientConnection, TakesNewTimeoutsWithoutANewConnection) {
  Origin origin({.head_timeout = 30s});
  origin.asked_get();
  origin.connection.set_limits({.head_timeout = 90s});
  EXPECT_EQ(origin.connection.deadline(), origin.now + 90s);
}

TEST(ClientConnection, WaitsForABodyFromItsHeadOn) {
  Origin origin({.body_timeout = 60s});
  origin.asked_get();
  origin.now += 25s;
  origin.sends("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
  EXPECT_EQ(origin.connection.deadline(), origin.now + 60s);
}

TEST(ClientConnection, PassesExpectationsOn) {
  Origin origin({.head_timeout = 30s});
  Request request = request_of("POST", BodyLength::Kind::kKnown, 2);
  request.expects_continue = true;
  origin.asked(request);
  EXPECT_EQ(origin.gets(), "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(origin.connection.deadline(), origin.now + 30s);
  origin.sends("HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(origin.heard(), "interim 100\n");
  EXPECT_EQ(origin.connection.deadline(), kNever);  // the client's turn
  origin.connection.send_body(as_bytes("ab"), origin.now);
  origin.connection.send_end(origin.now);
  EXPECT_EQ(origin.gets(), "ab");
}

TEST(ClientConnection, WaitsForTheFirstByteFromTheLastOneSent) {
  Origin origin({.head_timeout = 30s});
  origin.asked(request_of("GET"));
  origin.now += 10s;
  origin.gets();
  EXPECT_EQ(origin.connection.deadline(), origin.now + 30s);
  origin.connection.on_deadline(origin.now + 30s);
  EXPECT_EQ(origin.heard(), "failed timeout: the origin does not answer\n");
  EXPECT_EQ(origin.connection.deadline(), kNever);
}

TEST(ClientConnection, WaitsForABodyOnlyWhileItWantsIt) {
  Origin origin({.unread_bytes = 2, .body_timeout = 60s});
  origin.asked_get();
  origin.sends("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
  EXPECT_EQ(origin.connection.deadline(), origin.now + 60s);
  origin.sends("he");
  EXPECT_FALSE(origin.connection.wants_read());
  EXPECT_EQ(origin.connection.deadline(), kNever);
  origin.now += 100s;
  origin.connection.body_consumed(2, origin.now);
  EXPECT_TRUE(origin.connection.wants_read());
  EXPECT_EQ(origin.connection.deadline(), origin.now + 60s);
  origin.connection.on_deadline(origin.now + 60s);
  EXPECT_NE(origin.heard().find("failed timeout begun: the origin's answer stopped\n"), std::string::npos);
}

TEST(ClientConnection, NeverHurriesAStreamIfToldSo) {
  Origin origin({.body_timeout = 0s});
  origin.asked_get();
  origin.sends("HTTP/1.1 200 OK\r\n\r\ndata: 1\n\n");
  EXPECT_EQ(origin.connection.deadline(), kNever);
}

TEST(ClientConnection, GivesUpAnOriginThatTakesNothing) {
  Origin origin({.write_timeout = 60s});
  origin.asked(request_of("GET"));
  EXPECT_EQ(origin.connection.deadline(), origin.now + 60s);
  origin.connection.on_deadline(origin.now + 60s);
  EXPECT_EQ(origin.heard(), "failed timeout: the origin takes no more of the request\n");
  EXPECT_FALSE(origin.connection.wants_write());
}

}  // namespace
}  // namespace railgun::http
