#include "railgund/proxy/message_codec.h"

#include <gtest/gtest.h>

namespace railgun::proxy {
namespace {

Ask plain_ask() {
  Ask ask;
  ask.request.method = "GET";
  ask.request.host = "site.test";
  ask.request.target = "/a?b";
  ask.request.fields = {{"accept", "*/*"}};
  return ask;
}

Id128 id_of(std::uint8_t byte) {
  Id128 id;
  id.bytes.fill(byte);
  return id;
}

TEST(Ask, IsWrittenByteForByteAsTheProtocolSays) {
  Ask ask = plain_ask();
  ask.references = {id_of(7)};
  const EncodedHead head = encode_ask(ask);
  Bytes expected{0x00, 0x00};  // no upgrade; no body
  expected.insert(expected.end(), 16, 7);
  EXPECT_EQ(head.prelude, expected);
  EXPECT_EQ(
      head.fields,
      (Fields{
          {":method", "GET"}, {":scheme", "http"}, {":authority", "site.test"}, {":path", "/a?b"}, {"accept", "*/*"}}));
}

TEST(Ask, ComesBackWhole) {
  Ask ask = plain_ask();
  ask.request.method = "POST";
  ask.request.secure = true;
  ask.request.body = {.kind = http::BodyLength::Kind::kKnown, .bytes = 70000};
  ask.request.upgrade = "websocket";
  ask.references = {id_of(1), id_of(2), id_of(3), id_of(4)};
  const EncodedHead head = encode_ask(ask);
  const Ask back = decode_ask(head.prelude, head.fields).value();
  EXPECT_EQ(back.request.method, "POST");
  EXPECT_TRUE(back.request.secure);
  EXPECT_EQ(back.request.host, "site.test");
  EXPECT_EQ(back.request.target, "/a?b");
  EXPECT_EQ(back.request.body, ask.request.body);
  EXPECT_EQ(back.request.upgrade, "websocket");
  EXPECT_EQ(back.request.fields, ask.request.fields);
  EXPECT_EQ(back.references, ask.references);
}

TEST(Ask, IsRefusedWhenCutOrOverfull) {
  Ask ask = plain_ask();
  ask.references = {id_of(1)};
  const EncodedHead head = encode_ask(ask);
  for (std::size_t cut = 0; cut < head.prelude.size(); ++cut) {
    if (cut == 2) continue;  // a prelude without references is whole
    EXPECT_FALSE(decode_ask(ByteView(head.prelude).first(cut), head.fields)) << cut;
  }
  Bytes five{0, 0};
  five.insert(five.end(), 5 * sizeof(Id128), 1);
  EXPECT_FALSE(decode_ask(five, head.fields));
  Fields without = head.fields;
  without.erase(without.begin() + 2);
  EXPECT_FALSE(decode_ask(head.prelude, without));
  Fields misplaced = head.fields;
  misplaced.push_back({":path", "/other"});
  EXPECT_FALSE(decode_ask(head.prelude, misplaced));
}

Answer delta_answer() {
  Answer answer;
  answer.response.status = 200;
  answer.response.fields = {{"content-type", "text/html"}};
  answer.response.body = {.kind = http::BodyLength::Kind::kChunked};
  answer.coding = Coding::kDelta;
  answer.reference = 2;
  answer.flags = 0x31;
  answer.origin_time = std::chrono::microseconds(300);
  return answer;
}

TEST(Answer, IsWrittenByteForByteAsTheProtocolSays) {
  // Delta, against reference 2; length told by the end; flags 0x31; 300 µs.
  EXPECT_EQ(encode_answer(delta_answer()).prelude, (Bytes{0x26, 0x01, 0x31, 0xac, 0x02}));
}

TEST(Answer, ComesBackWhole) {
  const EncodedHead head = encode_answer(delta_answer());
  const Answer back = decode_answer(head.prelude, head.fields, 3).value();
  EXPECT_EQ(back.response.status, 200U);
  EXPECT_EQ(back.response.reason, "OK");
  EXPECT_EQ(back.reference, 2);
  EXPECT_EQ(back.flags, 0x31);
  EXPECT_EQ(back.origin_time, std::chrono::microseconds(300));
  EXPECT_EQ(back.response.fields, (Fields{{"content-type", "text/html"}}));
}

TEST(Answer, IsRefusedAgainstAReferenceThatWasNotNamed) {
  const EncodedHead head = encode_answer(delta_answer());
  EXPECT_FALSE(decode_answer(head.prelude, head.fields, 2));
}

TEST(Answer, IsRefusedWhenItsStatusIsNone) {
  const EncodedHead head = encode_answer(delta_answer());
  for (const char* status : {"", "99", "1000", "2x0", "-200", "101"}) {
    EXPECT_FALSE(decode_answer(head.prelude, {{":status", status}}, 3)) << status;
  }
}

TEST(Trailer, SaysWhereThePageIsKept) {
  EXPECT_TRUE(encode_trailer({}).empty());
  const Bytes bytes = encode_trailer(
      {.kept = AnswerTrailer::Kept::kPage, .keep = page::Keep::kStoreToo, .id_half = 0x0102030405060708});
  EXPECT_EQ(bytes, (Bytes{2, 1, 2, 3, 4, 5, 6, 7, 8}));
  EXPECT_EQ(decode_trailer(bytes)->id_half, 0x0102030405060708U);
  EXPECT_EQ(decode_trailer({})->kept, AnswerTrailer::Kept::kNothing);
  const Bytes reference = encode_trailer({.kept = AnswerTrailer::Kept::kReference, .id_half = 5});
  EXPECT_EQ(reference, (Bytes{3, 0, 0, 0, 0, 0, 0, 0, 5}));
  EXPECT_EQ(decode_trailer(reference)->kept, AnswerTrailer::Kept::kReference);
}

TEST(Trailer, SaysThatTheStrongTierMayFollow) {
  const Bytes bytes =
      encode_trailer({.kept = AnswerTrailer::Kept::kReference, .id_half = 5, .strong_may_follow = true});
  EXPECT_EQ(bytes, (Bytes{7, 0, 0, 0, 0, 0, 0, 0, 5}));
  EXPECT_TRUE(decode_trailer(bytes)->strong_may_follow);
  EXPECT_EQ(decode_trailer(bytes)->kept, AnswerTrailer::Kept::kReference);
  EXPECT_TRUE(encode_trailer({.strong_may_follow = true}).empty());
  EXPECT_FALSE(decode_trailer(Bytes{8, 1, 2, 3, 4, 5, 6, 7, 8}));
}

TEST(Trailer, TakesPaddingOfZerosOnly) {
  EXPECT_EQ(decode_trailer(Bytes{0, 0, 0})->kept, AnswerTrailer::Kept::kNothing);
  EXPECT_EQ(decode_trailer(Bytes{1, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0})->kept, AnswerTrailer::Kept::kPage);
  EXPECT_FALSE(decode_trailer(Bytes{1, 1, 2, 3, 4, 5, 6, 7, 8, 1}));
  EXPECT_FALSE(decode_trailer(Bytes{4, 1, 2, 3, 4, 5, 6, 7, 8}));
  EXPECT_FALSE(decode_trailer(Bytes{1, 1, 2, 3}));
}

TEST(Greeting, CarriesTheKeyOfAListener) {
  const Bytes key(32, 9);
  const Greeting back = decode_greeting(encode_greeting({.reference_key = key, .build = "5360"})).value();
  EXPECT_EQ(back.reference_key, key);
  EXPECT_EQ(back.build, "5360");
  EXPECT_FALSE(decode_greeting(Bytes{}));
  EXPECT_FALSE(decode_greeting(Bytes{1, 'z', 'z', 'z', 'z'}));
  EXPECT_EQ(decode_greeting(Bytes{2, '0', '0', '0', '0'}).error().code, Errc::kUnsupported);
  EXPECT_FALSE(decode_greeting(Bytes{1, '0', '0', '0', '0', 1}));
}

TEST(Ask, SaysWhatMayBeFoundAndWhatIsLost) {
  Ask ask = plain_ask();
  ask.takes_found = true;
  ask.references = {id_of(7)};
  EncodedHead head = encode_ask(ask);
  Bytes expected{0x04, 0x00};
  expected.insert(expected.end(), 16, 7);
  EXPECT_EQ(head.prelude, expected);
  EXPECT_TRUE(decode_ask(head.prelude, head.fields)->takes_found);

  ask.takes_found = false;
  ask.references = {id_of(1), id_of(2), id_of(3), id_of(4)};
  ask.lost = id_of(9);
  head = encode_ask(ask);
  EXPECT_EQ(head.prelude[0], 0x08);
  const Ask back = decode_ask(head.prelude, head.fields).value();
  EXPECT_EQ(back.references, ask.references);
  EXPECT_EQ(back.lost, ask.lost);
  EXPECT_FALSE(back.takes_found);

  head.prelude.insert(head.prelude.end(), 16, 1);
  EXPECT_FALSE(decode_ask(head.prelude, head.fields));
  EXPECT_FALSE(decode_ask(Bytes{0x08, 0x00}, head.fields));
}

TEST(Ask, SaysThatItsTunnelIsCoded) {
  Ask ask = plain_ask();
  ask.request.upgrade = "websocket";
  ask.codes_tunnel = true;
  const EncodedHead head = encode_ask(ask);
  EXPECT_EQ(head.prelude, (Bytes{0x11, 0x00}));
  EXPECT_TRUE(decode_ask(head.prelude, head.fields)->codes_tunnel);
  // Without an upgrade there is no tunnel.
  ask.request.upgrade.clear();
  const EncodedHead without = encode_ask(ask);
  EXPECT_EQ(without.prelude, (Bytes{0x10, 0x00}));
  EXPECT_FALSE(decode_ask(without.prelude, without.fields));
}

TEST(Answer, SaysThatItsTunnelIsCoded) {
  Answer answer;
  answer.response.status = 101;
  answer.response.upgrade = "websocket";
  answer.codes_tunnel = true;
  const EncodedHead head = encode_answer(answer);
  EXPECT_EQ(head.prelude, (Bytes{0x03, 0x00, 0x00, 0x00}));
  const Answer back = decode_answer(head.prelude, head.fields, 1).value();
  EXPECT_TRUE(back.codes_tunnel);
  EXPECT_EQ(back.coding, Coding::kRaw);
  // Neither against a reference nor against the starting text.
  EXPECT_FALSE(decode_answer(Bytes{0x07, 0x00, 0x00, 0x00}, head.fields, 1));
  EXPECT_FALSE(decode_answer(Bytes{0x13, 0x00, 0x00, 0x00}, head.fields, 1));
}

TEST(Answer, SaysThatItIsAFirstVisit) {
  Answer answer = delta_answer();
  answer.reference.reset();
  answer.is_first_visit = true;
  const EncodedHead head = encode_answer(answer);
  EXPECT_EQ(head.prelude[0], 0x12);
  const Answer back = decode_answer(head.prelude, head.fields, 0).value();
  EXPECT_TRUE(back.is_first_visit);
  EXPECT_FALSE(back.is_against_reference());
  // No delta at all; and against a version that was found, whose id follows.
  Bytes bad = head.prelude;
  bad[0] = 0x10;
  EXPECT_FALSE(decode_answer(bad, head.fields, 0));
  bad[0] = 0x92;
  bad.insert(bad.end(), 16, 7);
  EXPECT_FALSE(decode_answer(bad, head.fields, 0));
  // Behind the bit of a reference it is its index.
  bad = head.prelude;
  bad[0] = 0x16;
  EXPECT_FALSE(decode_answer(bad, head.fields, 2)->is_first_visit);
  EXPECT_EQ(decode_answer(bad, head.fields, 2)->reference, 1);
}

TEST(Answer, NamesAReferenceThatWasFound) {
  Answer answer = delta_answer();
  answer.reference.reset();
  answer.found = id_of(7);
  const EncodedHead head = encode_answer(answer);
  EXPECT_EQ(head.prelude[0], 0x82);
  const Answer back = decode_answer(head.prelude, head.fields, 0).value();
  EXPECT_EQ(back.found, id_of(7));
  EXPECT_FALSE(back.reference);
  EXPECT_TRUE(back.is_against_reference());
  for (std::size_t cut = 0; cut < head.prelude.size(); ++cut)
    EXPECT_FALSE(decode_answer(ByteView(head.prelude).first(cut), head.fields, 4)) << cut;
  // Against one that was named, too; and no delta at all.
  for (const unsigned first : {0x86U, 0x80U}) {
    Bytes bad = head.prelude;
    bad[0] = static_cast<std::uint8_t>(first);
    EXPECT_FALSE(decode_answer(bad, head.fields, 4));
  }
}

}  // namespace
}  // namespace railgun::proxy
