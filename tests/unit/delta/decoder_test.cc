#include "railgund/delta/decoder.h"

#include <gtest/gtest.h>

#include "railgund/delta/encoder.h"

#include "tests/unit/delta/pages.h"

namespace railgun::delta {
namespace {

using test::list_page;
using test::noise;
using test::Numbers;
using test::pairs;
using test::reference_of;

constexpr Effort kEfforts[] = {Effort::kAuto, Effort::kFast, Effort::kStrong, Effort::kZstd};

TEST(Delta, GivesThePageBack) {
  for (const auto& pair : pairs()) {
    for (const Effort effort : kEfforts) {
      for (const std::size_t window_bytes : {256 * 1024, 1000}) {
        const Bytes delta = encode(pair.reference, pair.page, {.effort = effort, .window_bytes = window_bytes});
        const auto page = decode(pair.reference, delta);
        ASSERT_TRUE(page.has_value()) << pair.name << ": " << page.error().text;
        EXPECT_EQ(*page, pair.page) << pair.name;
      }
    }
  }
}

TEST(Delta, AWindowTooMuchForTheStrongTierIsCodedInHalves) {
  const auto reference = reference_of(list_page(100, 1));
  const Bytes page = test::noise(300'000, 5);
  const Bytes text = list_page(6000, 77);
  ASSERT_GT(text.size(), 300'000U);
  for (const Bytes& all : {page, text}) {
    const Bytes delta = encode(reference, all, {.effort = Effort::kStrong});
    const auto back = decode(reference, delta);
    ASSERT_TRUE(back.has_value()) << back.error().text;
    EXPECT_EQ(*back, all);
  }
}

TEST(Delta, AnUnchangedPageTakesAtMostSixBytes) {
  const Bytes page = list_page(1000, 1);
  ASSERT_GT(page.size(), 80000U);
  for (const Effort effort : {Effort::kAuto, Effort::kFast, Effort::kStrong}) {
    EXPECT_LE(encode(reference_of(page), page, {.effort = effort}).size(), 6U);
  }
}

TEST(Decoder, TakesADeltaCutAtEveryByte) {
  for (const auto& pair : pairs()) {
    const Bytes delta = encode(pair.reference, pair.page, {.window_bytes = 1500});
    Decoder decoder(pair.reference, {});
    Bytes page;
    for (const std::uint8_t byte : delta) {
      ASSERT_TRUE(decoder.receive(ByteView(&byte, 1)).has_value()) << pair.name;
      append(page, decoder.take());
    }
    ASSERT_TRUE(decoder.end().has_value()) << pair.name;
    append(page, decoder.take());
    EXPECT_EQ(page, pair.page) << pair.name;
  }
}

TEST(Decoder, RebuildsEverythingWrittenBeforeAFlush) {
  const auto reference = reference_of(list_page(100, 1));
  const Bytes page = test::edited(list_page(100, 1), 9, 2);
  for (const Effort effort : kEfforts) {
    Encoder encoder(reference, {.effort = effort});
    Decoder decoder(reference, {});
    Bytes rebuilt;
    for (std::size_t at = 0; at < page.size();) {
      const std::size_t count = std::min<std::size_t>(997, page.size() - at);
      encoder.write(ByteView(page).subspan(at, count));
      encoder.flush();
      EXPECT_EQ(encoder.held_bytes(), 0U);
      ASSERT_TRUE(decoder.receive(encoder.take()).has_value());
      append(rebuilt, decoder.take());
      at += count;
      ASSERT_EQ(rebuilt.size(), at);
    }
    encoder.finish();
    ASSERT_TRUE(decoder.receive(encoder.take()).has_value());
    ASSERT_TRUE(decoder.end().has_value());
    append(rebuilt, decoder.take());
    EXPECT_EQ(rebuilt, page);
  }
}

TEST(Decoder, RefusesADeltaThatIsCutShort) {
  for (const auto& pair : pairs()) {
    const Bytes delta = encode(pair.reference, pair.page, {.window_bytes = 3000});
    for (std::size_t count = 0; count < delta.size(); count += 1 + delta.size() / 200) {
      const auto page = decode(pair.reference, ByteView(delta).first(count));
      ASSERT_FALSE(page.has_value()) << pair.name;
      EXPECT_EQ(page.error().code, Errc::kMalformed) << pair.name;
    }
  }
}

TEST(Decoder, RefusesACompactDeltaThatIsCutShort) {
  const Bytes old = list_page(100, 1);
  const Bytes delta = encode(reference_of(old), test::edited(old, 9, 2), {.effort = Effort::kFast});
  ASSERT_TRUE(delta[0] >= 0x80);
  for (std::size_t count = 0; count < delta.size(); ++count) {
    EXPECT_FALSE(decode(reference_of(old), ByteView(delta).first(count)).has_value());
  }
}

TEST(Decoder, GivesNothingOfACompactDeltaBeforeItsEnd) {
  const Bytes old = list_page(100, 1);
  const Bytes page = test::edited(old, 9, 2);
  Decoder decoder(reference_of(old), {});
  ASSERT_TRUE(decoder.receive(encode(reference_of(old), page, {.effort = Effort::kStrong})).has_value());
  EXPECT_TRUE(decoder.take().empty());
  ASSERT_TRUE(decoder.end().has_value());
  EXPECT_EQ(decoder.take(), page);
  EXPECT_TRUE(decoder.end().has_value());
  EXPECT_EQ(decoder.receive(page).error().code, Errc::kMalformed);
}

TEST(Decoder, RefusesACompactPayloadOverTheLimitBeforeItsEnd) {
  Decoder decoder(reference_of(list_page(3, 1)), {.window_bytes = 1000});
  Bytes delta(500, 0x80);
  ASSERT_TRUE(decoder.receive(delta).has_value());
  ASSERT_TRUE(decoder.receive(delta).has_value());
  EXPECT_EQ(decoder.receive(delta).error().code, Errc::kTooLarge);
}

TEST(Decoder, RefusesBytesAfterTheLastWindow) {
  Bytes delta = encode(nullptr, list_page(3, 1));
  delta.push_back(0);
  EXPECT_EQ(decode(nullptr, delta).error().code, Errc::kMalformed);
  delta.pop_back();
  Decoder decoder(nullptr, {});
  ASSERT_TRUE(decoder.receive(delta).has_value());
  EXPECT_EQ(decoder.receive(ByteView(delta).first(1)).error().code, Errc::kMalformed);
}

TEST(Decoder, RefusesADeltaMadeAgainstAnotherReference) {
  const Bytes old = list_page(200, 1);
  Bytes other = old;
  other[other.size() / 2] ^= 1;
  for (const Effort effort : kEfforts) {
    const Bytes delta = encode(reference_of(old), test::edited(old, 3, 1), {.effort = effort});
    EXPECT_FALSE(decode(reference_of(other), delta).has_value());
    EXPECT_FALSE(decode(nullptr, delta).has_value());
  }
}

// Stored windows carry their bytes as they are, so these heads can be written by hand.
TEST(Decoder, RefusesWindowsInAnotherOrder) {
  const Bytes one = noise(100, 1);
  const Bytes two = noise(100, 2);
  Encoder encoder(nullptr, {});
  encoder.write(one);
  encoder.flush();
  const Bytes first = encoder.take();
  encoder.write(two);
  encoder.flush();
  const Bytes second = encoder.take();
  encoder.finish();
  const Bytes last = encoder.take();

  Bytes right = first;
  append(right, second);
  append(right, last);
  ASSERT_TRUE(decode(nullptr, right).has_value());
  Bytes swapped = second;
  append(swapped, first);
  append(swapped, last);
  EXPECT_EQ(decode(nullptr, swapped).error().code, Errc::kDenied);
  Bytes without = first;
  append(without, last);
  EXPECT_EQ(decode(nullptr, without).error().code, Errc::kDenied);
}

TEST(Decoder, RefusesFormatVersionsAndTiersItDoesNotKnow) {
  const Bytes delta = encode(nullptr, list_page(3, 1));
  ASSERT_LT(delta[0], 0x80);
  for (const unsigned version : {0U, 2U, 3U}) {
    Bytes other = delta;
    other[0] = static_cast<std::uint8_t>((other[0] & 0x1f) | version << 5);
    EXPECT_EQ(decode(nullptr, other).error().code, Errc::kUnsupported);
  }
  for (const unsigned tier : {4U, 7U}) {
    Bytes other = delta;
    other[0] = static_cast<std::uint8_t>((other[0] & 0xe3) | tier << 2);
    EXPECT_EQ(decode(nullptr, other).error().code, Errc::kUnsupported);
  }
}

TEST(Decoder, RefusesAWindowOverItsLimit) {
  const Bytes page = list_page(50, 1);
  const auto reference = reference_of(page);
  for (const auto& held : {std::shared_ptr<const Reference>(), reference}) {
    for (const Effort effort : kEfforts) {
      const Bytes delta = encode(held, page, {.effort = effort});
      EXPECT_TRUE(decode(held, delta, {.window_bytes = page.size()}).has_value());
      EXPECT_EQ(decode(held, delta, {.window_bytes = page.size() - 1}).error().code, Errc::kTooLarge);
      EXPECT_EQ(decode(held, delta, {.page_bytes = page.size() - 1}).error().code, Errc::kTooLarge);
    }
  }
}

TEST(Decoder, RefusesAnAnnouncedPayloadOverTheLimitBeforeItComes) {
  // Version 1, stored, last; a payload of 2^34 bytes; a check.
  const Bytes head = {0x21, 0x80, 0x80, 0x80, 0x80, 0x40, 0, 0, 0, 0};
  Decoder decoder(nullptr, {});
  EXPECT_EQ(decoder.receive(head).error().code, Errc::kTooLarge);
  EXPECT_EQ(decoder.receive(head).error().code, Errc::kTooLarge);
}

TEST(Decoder, ReadsAStoredWindowWrittenByHand) {
  // XXH3-64 of "hi" under the seed of a cold page and head byte 0x21.
  const Bytes delta = encode(nullptr, as_bytes("hi"));
  ASSERT_EQ(delta.size(), 8U);
  EXPECT_EQ(delta[0], 0x21);
  EXPECT_EQ(delta[1], 2);
  EXPECT_EQ(as_text(ByteView(delta).subspan(6)), "hi");
}

TEST(Decoder, NeverGivesOutDamagedBytes) {
  Numbers numbers(11);
  for (const auto& pair : pairs()) {
    for (const Effort effort : kEfforts) {
      const Bytes delta = encode(pair.reference, pair.page, {.effort = effort});
      for (int round = 0; round < 20; ++round) {
        Bytes damaged = delta;
        damaged[numbers.below(damaged.size())] ^= static_cast<std::uint8_t>(1 + numbers.below(255));
        const auto page = decode(pair.reference, damaged);
        if (page.has_value()) {
          EXPECT_EQ(*page, pair.page) << pair.name;
        }
      }
    }
  }
}

TEST(Encoder, AnEmptyFlushMakesNothing) {
  Encoder encoder(nullptr, {});
  encoder.flush();
  EXPECT_TRUE(encoder.take().empty());
  encoder.finish();
  EXPECT_EQ(encoder.take().size(), 6U);
}

TEST(Encoder, HoldsAWindowAtMost) {
  Encoder encoder(nullptr, {.window_bytes = 100});
  const Bytes page = noise(1234, 1);
  for (std::size_t at = 0; at < page.size(); at += 7) {
    encoder.write(ByteView(page).subspan(at, std::min<std::size_t>(7, page.size() - at)));
    EXPECT_LE(encoder.held_bytes(), 100U);
  }
  encoder.finish();
  EXPECT_EQ(*decode(nullptr, encoder.take()), page);
}

TEST(Encoder, SendsLessOfAPageWithoutAReferenceOverASlowLink) {
  const Bytes page = list_page(1000, 3);
  const auto size = [&](std::uint64_t link_bytes_per_second) {
    const Bytes coded = encode(nullptr, page, {.link_bytes_per_second = link_bytes_per_second});
    EXPECT_EQ(decode(nullptr, coded).value(), page);
    return coded.size();
  };
  EXPECT_LT(size(1'000'000), size(100'000'000));
}

}  // namespace
}  // namespace railgun::delta
