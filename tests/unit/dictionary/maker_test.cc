#include "railgund/dictionary/maker.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace railgun::dictionary {
namespace {

const KeyedHash kHash(as_bytes("key"));

std::string line(const std::string& name, int number) {
  return "<li class=\"" + name + "\">the " + std::to_string(number) + ". line of " + name + "</li>\n";
}

std::string lines(const std::string& name, int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += line(name, i);
  return text;
}

Sample sample(const std::string& text, const std::string& visitor) {
  return {.network = hash128(as_bytes("net " + visitor)),
          .credentials = hash128(as_bytes(visitor)),
          .is_public = false,
          .is_shared = false,
          .text = to_bytes(as_bytes(text))};
}

std::string made(const std::vector<Sample>& samples, MakerLimits limits = {}) {
  return std::string(as_text(make_text(samples, limits, kHash)));
}

TEST(MakeText, TakesWhatEnoughVisitorsWereSent) {
  const std::string head = lines("head", 5);
  const std::string text = made({sample(head + lines("anna", 2), "anna"), sample(head + lines("both", 2), "bert"),
                                 sample(head + lines("both", 2), "cora")});
  EXPECT_EQ(text, head);
}

TEST(MakeText, CountsEachVisitorOnce) {
  const std::string head = lines("head", 5);
  const std::string secret = line("secret", 1);
  const std::string text = made({sample(head + secret + lines("x", 1) + secret + lines("y", 1) + secret, "anna"),
                                 sample(head, "bert"), sample(head, "cora")});
  EXPECT_EQ(text, head);
}

// Who reads a dictionary must not learn which of the shared lines one visitor's page had.
TEST(MakeText, DoesNotTellWhichLinesStoodOnOnePage) {
  std::vector<Sample> samples;
  for (int visitor = 0; visitor < 6; ++visitor) {
    std::string text;
    for (int choice = 0; choice < 12; ++choice) {
      if ((choice * 5 + visitor) % 2 == 0) text += line("choice", choice) + line(std::to_string(visitor), choice);
    }
    samples.push_back(sample(text, std::to_string(visitor)));
  }
  std::vector<Sample> others = samples;
  std::swap(others[0], others[5]);
  std::swap(others[1], others[4]);
  EXPECT_FALSE(made(samples).empty());
  EXPECT_EQ(made(samples), made(others));
}

// The end of a line and the begin of the next are common. They must not join lines that one visitor alone was sent one
// behind the other.
TEST(MakeText, DoesNotJoinWhatStoodOneBehindTheOtherOnOnePageAlone) {
  const auto list = [](const std::vector<int>& choices) {
    std::string text;
    for (const int choice : choices) text += line("choice", choice) + "\n<hr class=\"between\">\n";
    return text;
  };
  const std::string text = made({sample(list({1, 2, 3, 4}), "anna"), sample(list({2, 4, 1, 3}), "bert"),
                                 sample(list({4, 3, 2, 1}), "cora"), sample(list({3, 1, 4, 2}), "dora")});
  for (int first = 1; first <= 4; ++first) {
    EXPECT_NE(text.find(">the " + std::to_string(first) + ". line of "), std::string::npos);
    for (int second = 1; second <= 4; ++second)
      EXPECT_EQ(text.find(list({first}) + line("choice", second)), std::string::npos) << first << second;
  }
}

// Secrets of every length and at every place of the page: in a line of their own, in one that all have but for them, and
// behind and before what all have.
TEST(MakeText, HoldsNoCanaryOfAnyVisitor) {
  for (unsigned required = 2; required <= 5; ++required) {
    std::vector<Sample> samples;
    std::vector<std::string> canaries;
    for (std::size_t visitor = 0; visitor < 8; ++visitor) {
      const std::string name = "visitor" + std::to_string(visitor);
      std::string page = "<!doctype html>\n";
      for (std::size_t part = 0; part < 40; ++part) {
        const std::string canary = "canary-" + std::to_string(part * 7919 % 1000) + "-" + name;
        canaries.push_back(canary);
        page += line("shared", static_cast<int>(part));
        if (part % 4 == 0) page += canary + "\n";
        if (part % 4 == 1) page += "<p>Hello " + canary + ", you have <b>3</b> messages in your box, as always</p>\n";
        if (part % 4 == 2) page += std::string(part * 20, 'a') + canary;
        if (part % 4 == 3) page += "<input name=token value=" + canary + ">" + std::string(part * 30, 'b');
      }
      samples.push_back(sample(page, name));
    }
    const std::string text = made(samples, {.share_among = required});
    EXPECT_NE(text.find(line("shared", 1)), std::string::npos);
    for (const std::string& canary : canaries) EXPECT_EQ(text.find(canary), std::string::npos) << canary;
    EXPECT_EQ(text.find("canary"), std::string::npos);
    EXPECT_EQ(text.find("visitor"), std::string::npos);
  }
}

TEST(MakeText, TakesAPageThatIsShared) {
  std::vector<Sample> samples = {sample(lines("one", 5), "anna"), sample(lines("two", 5), "bert"),
                                 sample(lines("three", 5), "cora")};
  EXPECT_EQ(made(samples), "");
  samples[1].is_shared = true;
  EXPECT_EQ(made(samples), lines("two", 5));
}

TEST(MakeText, TakesPublicPagesIfOneVisitorIsEnough) {
  std::vector<Sample> samples = {sample(lines("one", 5), "anna"), sample(lines("two", 5), "bert")};
  samples[0].is_public = true;
  EXPECT_EQ(made(samples), "");
  EXPECT_EQ(made(samples, {.share_among = 1}), lines("one", 5));
}

TEST(MakeText, StaysWithinItsBytes) {
  const std::string head = lines("head", 100);
  const std::string text =
      made({sample(head, "anna"), sample(head, "bert")}, {.share_among = 2, .dictionary_bytes = 1000});
  EXPECT_LE(text.size(), 1000u);
  EXPECT_GT(text.size(), 900u);
}

TEST(CodedBytes, AreFewerWithADictionary) {
  std::string text;
  for (int i = 0; i < 50; ++i) text += to_hex(hash128(as_bytes(std::to_string(i)))) + "\n";
  const std::vector<Sample> samples = {sample(text, "anna")};
  const Dictionary dictionary(samples[0].text, hash_of(samples[0].text), kSiteLevel);
  EXPECT_LT(coded_bytes(samples, &dictionary) * 3, coded_bytes(samples, nullptr));
}

// A few bytes more, and zstd would take three times as much for its tables.
TEST(Maker, TheLargestDictionaryTakesAMegabyteOfMemory) {
  const Bytes text(MakerLimits{}.dictionary_bytes, 'x');
  EXPECT_LT(Dictionary(text, hash_of(text), kSiteLevel).memory_bytes(), 1'200'000U);
}

}  // namespace
}  // namespace railgun::dictionary
