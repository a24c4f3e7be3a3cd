#include "railgund/delta/mixing_model.h"

#include <random>
#include <string>

#include <gtest/gtest.h>

#include "railgund/delta/range_coder.h"

namespace railgun::delta {
namespace {

std::string old_page() {
  std::string text;
  for (int k = 0; k < 200; ++k) text += "<li id=" + std::to_string(k * 37 % 211) + ">An item of the list</li>\n";
  return text;
}

// Codes `text` as one gap whose guesses come from `guesses`, and gives it back.
template <typename Coder>
Bytes run(Coder& coder, MixingModel& model, ByteView text, ByteView guesses) {
  Bytes made;
  GapContext context;
  for (std::size_t i = 0; i < text.size(); ++i) {
    context.replaced = {};
    if (i < guesses.size()) context.replaced = {guesses[i], static_cast<unsigned>(i % 12 + 1)};
    context.nearby = {};
    if (i % 3 == 0 && i + 1 < guesses.size()) context.nearby = {guesses[i + 1], static_cast<unsigned>(i % 16)};
    context.alignment = static_cast<unsigned>(i % 8);
    made.push_back(model.byte(coder, Coder::kDecodes ? std::uint8_t{0} : text[i], context));
    context.recent = context.recent << 8 | made.back();
  }
  return made;
}

void expect_back(ByteView text, ByteView guesses, const mixing::PrimedLines* primed, std::size_t* coded_bytes) {
  Bytes coded;
  RangeEncoder encoder(coded);
  MixingModel model(primed, 1000);
  model.learn(guesses, 0);
  run(encoder, model, text, guesses);
  encoder.finish();
  RangeDecoder decoder(coded);
  MixingModel again(primed, 1000);
  again.learn(guesses, 0);
  EXPECT_EQ(run(decoder, again, text, guesses), to_bytes(text));
  if (coded_bytes != nullptr) *coded_bytes = coded.size();
}

TEST(MixingModel, DecodesWhatItCoded) {
  const std::string old = old_page();
  const mixing::PrimedLines primed(as_bytes(old));
  std::string text = old.substr(0, 3000);
  for (std::size_t i = 0; i < text.size(); i += 13) text[i] = 'x';
  std::size_t with = 0;
  std::size_t without = 0;
  expect_back(as_bytes(text), as_bytes(old), &primed, &with);
  expect_back(as_bytes(text), as_bytes(old), nullptr, &without);
  EXPECT_LT(with, 1000U);
  EXPECT_LT(without, 1000U);
}

TEST(MixingModel, DecodesEveryByteAgainstEveryGuess) {
  Bytes text;
  Bytes guesses;
  for (unsigned k = 0; k < 256; ++k) {
    for (const unsigned away : {0U, 1U, 2U, 16U, 128U, 255U}) {
      text.push_back(static_cast<std::uint8_t>(k));
      guesses.push_back(static_cast<std::uint8_t>(k ^ away));
    }
  }
  expect_back(text, guesses, nullptr, nullptr);
}

TEST(MixingModel, DecodesNoise) {
  std::mt19937 random(7);
  Bytes text(20000);
  for (auto& byte : text) byte = static_cast<std::uint8_t>(random());
  std::size_t coded = 0;
  expect_back(text, {}, nullptr, &coded);
  EXPECT_LT(coded, 20000U * 105 / 100);
}

TEST(MixingModel, PrimedKnowsTheWordsOfThePage) {
  const std::string old = old_page();
  const mixing::PrimedLines primed(as_bytes(old));
  const std::string text = "<li id=999>An item of the list</li>\n<li id=998>A list of the item</li>\n";
  std::size_t with = 0;
  std::size_t without = 0;
  expect_back(as_bytes(text), {}, &primed, &with);
  expect_back(as_bytes(text), {}, nullptr, &without);
  EXPECT_LT(with * 2, without);
}

TEST(MixingModel, SurvivesAnyBytesAsACode) {
  std::mt19937 random(3);
  for (int round = 0; round < 20; ++round) {
    Bytes code(static_cast<std::size_t>(random() % 200));
    for (auto& byte : code) byte = static_cast<std::uint8_t>(random());
    RangeDecoder decoder(code);
    MixingModel model(nullptr, 0);
    EXPECT_EQ(run(decoder, model, Bytes(2000), as_bytes("guesses of any kind")).size(), 2000U);
  }
}

}  // namespace
}  // namespace railgun::delta
