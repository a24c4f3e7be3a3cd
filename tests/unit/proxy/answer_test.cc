// The two halves of an answer against each other: what the writer makes, the reader rebuilds.
#include <functional>

#include <gtest/gtest.h>

#include "railgund/proxy/answer_reader.h"
#include "railgund/proxy/answer_writer.h"
#include "railgund/proxy/forwarding.h"

namespace railgun::proxy {
namespace {

constexpr std::size_t kRoom = 64 * 1024;

std::string page_text(int changed) {
  std::string text;
  for (int i = 0; i < 400; ++i)
    text += "<p>story " + std::to_string(i == 200 ? 100000 + changed : i) + " of the day</p>\n";
  return text;
}

struct Exchange {
  Exchange() : hash(std::make_shared<const KeyedHash>(Bytes(32, 3))) {
    request.method = "GET";
    request.host = "site.test";
    request.target = "/";
  }

  http::Response html(const std::string& text) const {
    http::Response response;
    response.status = 200;
    response.fields = {{"content-type", "text/html"}};
    response.body = {.kind = http::BodyLength::Kind::kKnown, .bytes = text.size()};
    return response;
  }

  // Sends one page through both; gives what the client would see, or the error.
  Result<std::string> pass(const std::string& text, page::VersionPtr held, std::function<void(Bytes&)> tamper = {}) {
    return pass(html(text), text, held ? std::vector{held} : std::vector<page::VersionPtr>{}, tamper);
  }
  Result<std::string> pass(const http::Response& response, const std::string& text,
                           const std::vector<page::VersionPtr>& held, const std::function<void(Bytes&)>& tamper = {}) {
    AnswerWriter writer(config, *hash, to);
    std::vector<HeldReference> references;
    for (const page::VersionPtr& one : held) references.push_back({static_cast<std::uint8_t>(references.size()), one});
    writer.begin(request, response, references);
    EXPECT_TRUE(writer.write(as_bytes(text), Instant{}));
    EXPECT_TRUE(writer.finish());
    answer = writer.take_head().value();
    const EncodedHead head = encode_answer(answer);
    coded = writer.coded().take_all();
    if (tamper) tamper(coded);
    written = writer.version();

    AnswerReader reader(held, hash, 1 << 20, false);
    if (auto read = reader.head(head.prelude, head.fields); !read) return std::unexpected(read.error());
    reader.data(coded);
    if (auto read = reader.end(writer.trailer()); !read) return std::unexpected(read.error());
    std::string body;
    while (!reader.is_complete() || !reader.body().empty()) {
      auto used = reader.rebuild(kRoom);
      if (!used) return std::unexpected(used.error());
      if (*used == 0 && reader.body().empty() && !reader.is_complete()) return fail(Errc::kMalformed, "stuck");
      body += as_text(reader.body());
      reader.body_taken(reader.body().size());
    }
    rebuilt = reader.version();
    strong_may_follow = reader.strong_may_follow();
    return body;
  }

  config::Config config;
  AnswerWriter::To to;
  std::shared_ptr<const KeyedHash> hash;
  http::Request request;
  Answer answer;
  Bytes coded;
  page::VersionPtr written, rebuilt;
  bool strong_may_follow = false;
};

TEST(Answer, BothEndsKeepTheSameVersion) {
  Exchange exchange;
  EXPECT_EQ(exchange.pass(page_text(1), nullptr).value(), page_text(1));
  ASSERT_TRUE(exchange.written && exchange.rebuilt);
  EXPECT_EQ(exchange.written->id, exchange.rebuilt->id);
  EXPECT_EQ(as_text(exchange.rebuilt->reference.bytes()), page_text(1));
}

TEST(Answer, OfAFirstVisitIsAgainstTheStartingTextWhereTheSenderHasIt) {
  Exchange exchange;
  EXPECT_EQ(exchange.pass(page_text(1), nullptr).value(), page_text(1));
  EXPECT_FALSE(exchange.answer.is_first_visit);
  const std::size_t alone = exchange.coded.size();

  exchange.to.has_starting_text = true;
  EXPECT_EQ(exchange.pass(page_text(1), nullptr).value(), page_text(1));
  EXPECT_TRUE(exchange.answer.is_first_visit);
  EXPECT_LT(exchange.coded.size(), alone);
  ASSERT_TRUE(exchange.written && exchange.rebuilt);
  EXPECT_EQ(exchange.written->id, exchange.rebuilt->id);

  // A version is better.
  EXPECT_EQ(exchange.pass(page_text(2), exchange.rebuilt).value(), page_text(2));
  EXPECT_FALSE(exchange.answer.is_first_visit);
}

TEST(Answer, OfAnAssetIsSmallerUnlessTooManyWereCoded) {
  Exchange exchange;
  exchange.to.has_starting_text = true;
  std::string text;
  std::uint32_t number = 1;
  for (int i = 0; i < 300; ++i) {
    number = number * 1664525 + 1013904223;
    text += ".c" + std::to_string(number % 997) + " {\n  margin: " + std::to_string(number >> 27) + "px;\n  color: #" +
            std::to_string(number >> 20 & 999) + ";\n}\n";
  }
  http::Response style = exchange.html(text);
  style.fields = {{"content-type", "text/css"}};
  EXPECT_EQ(exchange.pass(style, text, {}).value(), text);
  const std::size_t strong = exchange.coded.size();
  exchange.to.has_coded_much = true;
  EXPECT_EQ(exchange.pass(style, text, {}).value(), text);
  EXPECT_LT(strong, exchange.coded.size());
}

TEST(Answer, IsAFewBytesOnceAVersionIsHeld) {
  Exchange exchange;
  ASSERT_TRUE(exchange.pass(page_text(1), nullptr));
  EXPECT_EQ(exchange.pass(page_text(2), exchange.rebuilt).value(), page_text(2));
  EXPECT_LT(exchange.coded.size(), 60U);
}

TEST(Answer, KeepsTheReferenceWhereTheNextDeltaIsNoLargerThanTheLast) {
  Exchange exchange;
  ASSERT_TRUE(exchange.pass(page_text(1), nullptr));
  const page::VersionPtr first = exchange.rebuilt;
  // What a delta against the first version should take is not known: the second is kept.
  ASSERT_TRUE(exchange.pass(page_text(2), first));
  const page::VersionPtr second = exchange.rebuilt;
  EXPECT_NE(second->id, first->id);
  EXPECT_EQ(exchange.written->id, second->id);
  const page::VersionPtr held = exchange.written;
  // The third differs from the second as the second did from the first.
  EXPECT_EQ(exchange.pass(page_text(3), held).value(), page_text(3));
  EXPECT_EQ(exchange.written, held);
  EXPECT_EQ(exchange.rebuilt, held);
  // What moved on is kept as it is now.
  std::string moved = page_text(4);
  moved.insert(moved.size() / 3, "<p>a story that was not there before, and nobody could foresee</p>\n");
  EXPECT_EQ(exchange.pass(moved, held).value(), moved);
  EXPECT_NE(exchange.written, held);
  EXPECT_EQ(as_text(exchange.rebuilt->reference.bytes()), moved);
}

page::VersionPtr version_of(const Exchange& exchange, const std::string& text) {
  return std::make_shared<page::Version>((*exchange.hash)(as_bytes(text)), to_bytes(as_bytes(text)),
                                         page::Keep::kStoreToo);
}

// Each new version costs both ends milliseconds. Of equal changes some take 20 bytes more than others.
TEST(Answer, KeepsTheReferenceWhileDeltasVaryByAFewBytes) {
  Exchange exchange;
  const page::VersionPtr held = version_of(exchange, page_text(1));
  std::string changed = page_text(1);
  changed.replace(changed.size() / 2, 32, "3f2a9c1b90ce11d27c9e66797425e07f");
  ASSERT_TRUE(exchange.pass(changed, held));
  const std::size_t took = exchange.coded.size();
  ASSERT_GT(took, 30U);
  held->expected_delta_bytes.store(static_cast<std::uint32_t>(took - 20));
  ASSERT_TRUE(exchange.pass(changed, held));
  EXPECT_EQ(exchange.written, held);
}

TEST(Answer, KeepsTheReferenceThatIsTheSamePage) {
  Exchange exchange;
  ASSERT_TRUE(exchange.pass(page_text(1), nullptr));
  const page::VersionPtr held = exchange.written;
  ASSERT_TRUE(exchange.pass(page_text(1), held));
  EXPECT_EQ(exchange.written, held);
  EXPECT_EQ(exchange.rebuilt, held);
}

TEST(Answer, KeepsAReferenceOfTheMemoryAloneNotForAPageOfTheStore) {
  Exchange exchange;
  const auto held = std::make_shared<page::Version>((*exchange.hash)(as_bytes(page_text(1))),
                                                    to_bytes(as_bytes(page_text(1))), page::Keep::kMemoryOnly);
  ASSERT_TRUE(exchange.pass(page_text(1), held));
  EXPECT_NE(exchange.written, held);
  EXPECT_EQ(exchange.written->keep, page::Keep::kStoreToo);
}

TEST(Answer, IsMadeAgainstTheReferenceThatIsMostLikeIt) {
  Exchange exchange;
  std::string other;
  for (int i = 0; i < 400; ++i)
    other += "{\"" + std::to_string(i * 7919) + "\": " + std::to_string(i * 104729) + "},\n";
  const page::VersionPtr script = version_of(exchange, other), page = version_of(exchange, page_text(1));
  const std::string wanted = "<title>new</title>" + page_text(2);
  EXPECT_EQ(exchange.pass(exchange.html(wanted), wanted, {script, page}).value(), wanted);
  EXPECT_EQ(exchange.answer.reference, 1);
  EXPECT_LT(exchange.coded.size(), 100U);
  // The nearest kin where both are alike: it is prepared.
  EXPECT_EQ(exchange.pass(exchange.html(wanted), wanted, {page, version_of(exchange, page_text(3))}).value(), wanted);
  EXPECT_EQ(exchange.answer.reference, 0);
}

http::Response image(std::size_t bytes) {
  http::Response response;
  response.status = 200;
  response.fields = {{"content-type", "image/png"}};
  response.body = {.kind = http::BodyLength::Kind::kKnown, .bytes = bytes};
  return response;
}

std::string noise(unsigned seed, std::size_t size) {
  std::string bytes;
  for (std::size_t i = 0; i < size; ++i) bytes += static_cast<char>((seed = seed * 1664525U + 1013904223U) >> 24);
  return bytes;
}

TEST(Answer, ThatIsNoTextIsThreeBytesWhenItIsKnown) {
  Exchange exchange;
  const std::string icon = noise(1, 20'000);
  EXPECT_EQ(exchange.pass(image(icon.size()), icon, {}).value(), icon);
  EXPECT_EQ(exchange.answer.coding, Coding::kRaw);
  ASSERT_TRUE(exchange.written && exchange.rebuilt);
  EXPECT_EQ(exchange.written->id, exchange.rebuilt->id);
  EXPECT_EQ(exchange.written->keep, page::Keep::kMemoryOnly);
  const page::VersionPtr known = exchange.written;
  EXPECT_EQ(exchange.pass(image(icon.size()), icon, {version_of(exchange, page_text(1)), known}).value(), icon);
  EXPECT_EQ(exchange.coded.size(), 3U);
  EXPECT_EQ(exchange.rebuilt, known);
  EXPECT_EQ(exchange.written, known);
  EXPECT_EQ(known->reference.prepared_memory_bytes(), 0U);
}

TEST(Answer, ThatIsNoTextIsPassedAsItIsFromTheFirstDifferenceOn) {
  Exchange exchange;
  const std::string icon = noise(1, 5000);
  const page::VersionPtr known = version_of(exchange, icon);
  for (const std::size_t at : {std::size_t{0}, std::size_t{2500}, icon.size() - 1}) {
    std::string other = icon;
    other[at] ^= 1;
    EXPECT_EQ(exchange.pass(image(other.size()), other, {known}).value(), other);
    EXPECT_EQ(as_text(exchange.coded), other);
    EXPECT_EQ(as_text(exchange.rebuilt->reference.bytes()), other);
  }
}

TEST(Answer, ThatIsNoTextIsNotKeptIfItIsLarge) {
  Exchange exchange;
  const std::string large = noise(1, kKnownBytesMost + 1);
  EXPECT_EQ(exchange.pass(image(large.size()), large, {}).value(), large);
  EXPECT_EQ(exchange.written, nullptr);
  EXPECT_EQ(exchange.rebuilt, nullptr);
}

TEST(AnswerWriter, PassesASlowAnswerOnThatMayBeKnown) {
  Exchange exchange;
  const std::string icon = noise(1, 5000);
  AnswerWriter writer(exchange.config, *exchange.hash, {});
  writer.begin(exchange.request, image(icon.size()), {{0, version_of(exchange, icon)}});
  Instant now{};
  ASSERT_TRUE(writer.write(as_bytes(icon).first(1000), now));
  EXPECT_FALSE(writer.take_head());
  now = writer.deadline();
  ASSERT_NE(now, kNever);
  writer.on_deadline(now);
  EXPECT_EQ(writer.take_head().value().coding, Coding::kRaw);
  EXPECT_EQ(writer.coded().size(), 1000U);
  ASSERT_TRUE(writer.write(as_bytes(icon).subspan(1000), now));
  ASSERT_TRUE(writer.finish());
  EXPECT_EQ(as_text(writer.coded().take_all()), icon);
}

TEST(Answer, NeverLeavesDamagedBytes) {
  Exchange exchange;
  ASSERT_TRUE(exchange.pass(page_text(1), nullptr));
  const page::VersionPtr held = exchange.rebuilt;
  ASSERT_TRUE(exchange.pass(page_text(2), held));
  const std::size_t size = exchange.coded.size();
  for (std::size_t at = 0; at < size; ++at) {
    const auto result = exchange.pass(page_text(2), held, [&](Bytes& coded) { coded[at] ^= 0x10; });
    EXPECT_TRUE(!result || *result == page_text(2)) << at;
  }
}

TEST(Answer, IsRefusedWhenCutShort) {
  Exchange exchange;
  const auto result = exchange.pass(page_text(1), nullptr, [](Bytes& coded) { coded.pop_back(); });
  EXPECT_FALSE(result);
}

TEST(Answer, ThatPassesRawMustHaveTheLengthItSays) {
  Exchange exchange;
  const EncodedHead head = [&] {
    Answer answer;
    answer.response.status = 200;
    answer.response.body = {.kind = http::BodyLength::Kind::kKnown, .bytes = 5};
    return encode_answer(answer);
  }();
  AnswerReader reader({}, exchange.hash, 1 << 20, false);
  ASSERT_TRUE(reader.head(head.prelude, head.fields));
  reader.data(as_bytes("four"));
  ASSERT_TRUE(reader.end({}));
  EXPECT_FALSE(reader.rebuild(kRoom));
}

TEST(AnswerWriter, FlushesWhatAnOriginSaysSlowlyButAllTheTime) {
  Exchange exchange;
  AnswerWriter writer(exchange.config, *exchange.hash, {});
  http::Response response = exchange.html("");
  response.body = {.kind = http::BodyLength::Kind::kChunked};
  writer.begin(exchange.request, response, {});
  Instant now{};
  int writes = 0;
  for (; writer.coded().empty() && writes < 100; ++writes, now += std::chrono::milliseconds(5)) {
    if (writer.deadline() <= now) writer.on_deadline(now);
    ASSERT_TRUE(writer.write(as_bytes("a few words, "), now));
  }
  EXPECT_GE(writes, 10);
  EXPECT_LE(writes, 12);
}

TEST(AnswerWriter, FlushesWhatASlowOriginHasSaid) {
  Exchange exchange;
  AnswerWriter writer(exchange.config, *exchange.hash, {});
  http::Response response = exchange.html("");
  response.body = {.kind = http::BodyLength::Kind::kChunked};
  writer.begin(exchange.request, response, {});
  ASSERT_TRUE(writer.write(as_bytes("the first half of a slow page"), Instant{}));
  EXPECT_TRUE(writer.coded().empty());
  const Instant due = writer.deadline();
  ASSERT_NE(due, kNever);
  writer.on_deadline(due);
  EXPECT_FALSE(writer.coded().empty());
  EXPECT_EQ(writer.deadline(), kNever);
}

// Priming a page for the strong tier takes up to a tenth of a second, so both ends do it before the first strong delta.
TEST(AnswerWriter, SaysThatTheNextDeltaMayBeStrong) {
  Exchange exchange;
  ASSERT_TRUE(exchange.pass(page_text(1), nullptr));
  EXPECT_FALSE(exchange.strong_may_follow);
  exchange.config.delta_effort = config::Effort::kStrong;
  ASSERT_TRUE(exchange.pass(page_text(1), nullptr));
  EXPECT_TRUE(exchange.strong_may_follow);
}

TEST(AnswerWriter, PadsToAMultipleWhereAsked) {
  Exchange exchange;
  exchange.config.delta_padding_bytes = 64;
  EXPECT_EQ(exchange.pass(page_text(1), nullptr).value(), page_text(1));
  AnswerWriter writer(exchange.config, *exchange.hash, {});
  writer.begin(exchange.request, exchange.html(page_text(1)), {});
  ASSERT_TRUE(writer.write(as_bytes(page_text(1)), Instant{}));
  ASSERT_TRUE(writer.finish());
  EXPECT_EQ((writer.coded().size() + writer.trailer().size()) % 64, 0U);
}

TEST(AnswerWriter, KeepsNoPageOverTheLimit) {
  Exchange exchange;
  exchange.config.reference_page_limit_bytes = 100;
  ASSERT_TRUE(exchange.pass(page_text(1), nullptr));
  EXPECT_EQ(exchange.written, nullptr);
  EXPECT_EQ(exchange.rebuilt, nullptr);
}

TEST(AnswerReader, PassesAPageThatIsTooLargeToBeKept) {
  Exchange exchange;
  std::string text;
  for (int i = 0; text.size() < (1 << 20) + 300'000; ++i) text += page_text(i);
  EXPECT_TRUE(exchange.pass(text, nullptr).value() == text);
  EXPECT_NE(exchange.written, nullptr);
  EXPECT_EQ(exchange.rebuilt, nullptr);
}

// Whoever reads nothing of a large page made both ends hold all of it.
TEST(AnswerReader, PassesAPageOfWhichNothingIsKeptAnyMore) {
  Exchange exchange;
  const std::string text = page_text(1);
  ASSERT_TRUE(exchange.pass(text, nullptr));
  AnswerWriter writer(exchange.config, *exchange.hash, {});
  writer.begin(exchange.request, exchange.html(text), {});
  ASSERT_TRUE(writer.write(as_bytes(text), Instant{}));
  EXPECT_EQ(writer.kept_bytes(), text.size());
  ASSERT_TRUE(writer.finish());
  EXPECT_EQ(writer.kept_bytes(), text.size());  // it is a version now
  const EncodedHead head = encode_answer(writer.take_head().value());

  // At each point of its way: nothing of it taken, a part, everything rebuilt.
  for (const std::size_t taken : {std::size_t{0}, std::size_t{10}, text.size() - 1}) {
    AnswerReader reader({}, exchange.hash, 1 << 20, false);
    ASSERT_TRUE(reader.head(head.prelude, head.fields));
    reader.data(writer.coded().view());
    ASSERT_TRUE(reader.end(writer.trailer()));
    ASSERT_TRUE(reader.rebuild(kRoom));
    ASSERT_TRUE(reader.is_complete());
    std::string body(as_text(reader.body().first(taken)));
    reader.body_taken(taken);
    EXPECT_EQ(reader.kept_bytes(), taken);
    reader.keep_nothing();
    EXPECT_EQ(reader.kept_bytes(), 0U);
    EXPECT_EQ(reader.version(), nullptr);
    body += as_text(reader.body());
    reader.body_taken(reader.body().size());
    EXPECT_EQ(body, text);
    EXPECT_TRUE(reader.body().empty());
  }
  writer.keep_nothing();
  EXPECT_EQ(writer.kept_bytes(), 0U);
  EXPECT_EQ(writer.version(), nullptr);
}

TEST(AnswerWriter, KeepsNothingOfAPageForWhichThereIsNoRoom) {
  Exchange exchange;
  AnswerWriter writer(exchange.config, *exchange.hash, {});
  writer.begin(exchange.request, exchange.html(page_text(1)), {});
  ASSERT_TRUE(writer.write(as_bytes(page_text(1)), Instant{}));
  writer.keep_nothing();
  EXPECT_EQ(writer.kept_bytes(), 0U);
  ASSERT_TRUE(writer.finish());
  EXPECT_EQ(writer.version(), nullptr);
  EXPECT_EQ(decode_trailer(writer.trailer())->kept, AnswerTrailer::Kept::kNothing);
  EXPECT_EQ(writer.page_bytes(), page_text(1).size());
}

TEST(AnswerWriter, CodesWhatItHoldsWhenThatIsMuch) {
  Exchange exchange;
  AnswerWriter writer(exchange.config, *exchange.hash, {});
  writer.begin(exchange.request, exchange.html(page_text(1)), {});
  ASSERT_TRUE(writer.write(as_bytes(page_text(1)), Instant{}));
  EXPECT_EQ(writer.held_bytes(), page_text(1).size());
  writer.flush_if_over(page_text(1).size() + 1);
  EXPECT_EQ(writer.held_bytes(), page_text(1).size());
  writer.flush_if_over(page_text(1).size());
  EXPECT_EQ(writer.held_bytes(), 0U);
  EXPECT_EQ(writer.deadline(), kNever);
  EXPECT_FALSE(writer.coded().empty());
}

// A listener whose cache has one version, which a sender process has under another name.
struct Found : Exchange {
  static constexpr std::uint64_t kProcess = 7;

  explicit Found(const std::string& text) : held(version_of(*this, text)) {
    other.target = "/elsewhere";
    cache.insert(held, keys_of(other, config).own);
    cache.note_held(*held, {.process = kProcess, .audience = keys_of(other, config).own.audience});
  }
  // What the writer makes of a page.
  void write(const std::string& text, const std::vector<page::VersionPtr>& named = {}) {
    AnswerWriter writer(config, *hash, to);
    std::vector<HeldReference> references;
    for (const page::VersionPtr& one : named) references.push_back({static_cast<std::uint8_t>(references.size()), one});
    writer.begin(request, html(text), references, true,
                 ContentSearch{.cache = &cache, .process = kProcess, .keys = keys_of(request, config)});
    EXPECT_TRUE(writer.write(as_bytes(text), Instant{}));
    EXPECT_TRUE(writer.finish());
    answer = writer.take_head().value();
    coded = writer.coded().take_all();
    trailer = writer.trailer();
    written = writer.version();
  }

  page::Cache cache{4 << 20};
  http::Request other = request;
  page::VersionPtr held;
  Bytes trailer;
};

TEST(AnswerFoundByContent, IsRebuiltFromTheVersionThatIsGiven) {
  Found found(page_text(1));
  const std::string wanted = "<title>new</title>" + page_text(2);
  found.write(wanted);
  EXPECT_EQ(found.answer.found, found.held->id);
  EXPECT_LT(found.coded.size(), 100U);

  AnswerReader reader({}, found.hash, 1 << 20, false);
  const EncodedHead head = encode_answer(found.answer);
  ASSERT_TRUE(reader.head(head.prelude, head.fields));
  reader.data(found.coded);
  ASSERT_TRUE(reader.end(found.trailer));
  // Nothing comes of it before.
  EXPECT_EQ(reader.rebuild(kRoom).value(), 0U);
  EXPECT_FALSE(reader.is_complete());
  reader.give(found.held);
  ASSERT_TRUE(reader.rebuild(kRoom));
  EXPECT_EQ(as_text(reader.body()), wanted);
  EXPECT_EQ(reader.reference(), found.held);
  EXPECT_EQ(reader.version()->id, found.written->id);
}

TEST(AnswerFoundByContent, KeepsTheReferenceThatIsTheSamePage) {
  Found found(page_text(1));
  found.write(page_text(1));
  EXPECT_EQ(found.written, found.held);
  EXPECT_EQ(found.coded.size(), 3U);
}

TEST(AnswerFoundByContent, GivesWayToANamedReferenceThatIsAsGood) {
  Found found(page_text(1));
  const page::VersionPtr named = version_of(found, page_text(3));
  const std::string wanted = "<title>new</title>" + page_text(2);
  found.write(wanted, {named});
  EXPECT_EQ(found.answer.reference, 0);
  EXPECT_FALSE(found.answer.found);
  // Not to one that is another page.
  found.write(wanted, {version_of(found, noise(1, 20'000))});
  EXPECT_EQ(found.answer.found, found.held->id);
}

TEST(AnswerFoundByContent, IsNotLookedForInAFewBytes) {
  Found found("<p>small</p>");
  found.write("<p>small</p>");
  EXPECT_FALSE(found.answer.found);
  EXPECT_FALSE(found.answer.reference);
}

}  // namespace
}  // namespace railgun::proxy
