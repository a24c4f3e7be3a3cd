#include "railgund/coding/dcz_encoder.h"

#include <memory>
#include <string>

#include <gtest/gtest.h>
#include <zstd.h>

#include "railgund/base/hash.h"
#include "railgund/base/text.h"

namespace railgun::coding {
namespace {

std::string lines(int from, int count) {
  std::string text;
  for (int i = from; i < from + count; ++i) text += to_hex(hash128(as_bytes(std::to_string(i)))) + "\n";
  return text;
}

// What a browser that holds `dictionary` makes of it; nothing if it refuses.
std::optional<std::string> decoded(ByteView coded, const std::string& dictionary) {
  const std::unique_ptr<ZSTD_DCtx, std::size_t (*)(ZSTD_DCtx*)> state(ZSTD_createDCtx(), ZSTD_freeDCtx);
  EXPECT_EQ(ZSTD_isError(ZSTD_DCtx_refPrefix(state.get(), dictionary.data(), dictionary.size())), 0u);
  EXPECT_EQ(ZSTD_isError(ZSTD_DCtx_setParameter(state.get(), ZSTD_d_windowLogMax, 23)), 0u);
  std::string text(1 << 24, 'x');
  ZSTD_inBuffer from{coded.data() + 40, coded.size() - 40, 0};
  ZSTD_outBuffer to{text.data(), text.size(), 0};
  const std::size_t left = ZSTD_decompressStream(state.get(), &to, &from);
  if (ZSTD_isError(left) != 0) return std::nullopt;
  EXPECT_EQ(from.pos, from.size);
  text.resize(to.pos);
  return text;
}

class DczEncoderTest : public testing::TestWithParam<bool> {
 protected:
  // Prepared or not, as the parameter says.
  static dictionary::DictionaryPtr dictionary_of(const std::string& text) {
    const Bytes bytes = to_bytes(as_bytes(text));
    return GetParam() ? std::make_shared<dictionary::Dictionary>(bytes, dictionary::hash_of(bytes), 3)
                      : std::make_shared<dictionary::Dictionary>(bytes, dictionary::hash_of(bytes));
  }
  Bytes coded(const std::string& text, const std::string& dictionary, std::size_t piece = SIZE_MAX) {
    DczEncoder encoder(dictionary_of(dictionary), states_);
    Bytes all;
    for (std::size_t i = 0; i < text.size(); i += piece) encoder.write(as_bytes(text.substr(i, piece)), all);
    encoder.finish(all);
    return all;
  }
  ZstdStates states_;
};
INSTANTIATE_TEST_SUITE_P(Dictionaries, DczEncoderTest, testing::Bool());

TEST_P(DczEncoderTest, BeginsWithTheDictionarysName) {
  const Bytes all = coded("page", "dictionary");
  EXPECT_EQ(to_hex(ByteView(all).first(8)), "5e2a4d1820000000");
  EXPECT_EQ(to_hex(ByteView(all).subspan(8, 32)), to_hex(dictionary::hash_of(as_bytes("dictionary"))));
}

TEST_P(DczEncoderTest, GivesBackWhatItWasGiven) {
  const std::string old_page = lines(0, 3000);
  const std::string page = lines(0, 1500) + "a change\n" + lines(1500, 1500);
  for (const std::size_t piece : {std::size_t{1000}, std::size_t{64'000}, std::size_t{SIZE_MAX}}) {
    const Bytes all = coded(page, old_page, piece);
    EXPECT_EQ(decoded(all, old_page), page) << piece;
    EXPECT_LT(all.size(), page.size() / 10) << piece;
  }
  EXPECT_EQ(decoded(coded("", old_page), old_page), "");
  EXPECT_EQ(decoded(coded(page, ""), ""), page);
}

TEST_P(DczEncoderTest, FindsAllOfALargePageInALargeDictionary) {
  const std::string old_page = lines(0, 60'000);  // 2 MB
  const std::string page = "new " + old_page;
  const Bytes all = coded(page, old_page, 64'000);
  EXPECT_EQ(decoded(all, old_page), page);
  EXPECT_LT(all.size(), page.size() / 100);
}

TEST_P(DczEncoderTest, GivesAllOfAPieceAtOnce) {
  DczEncoder encoder(dictionary_of(lines(0, 100)), states_);
  Bytes all;
  encoder.write(as_bytes("first"), all);
  EXPECT_EQ(decoded(all, lines(0, 100)), "first");
}

TEST_P(DczEncoderTest, IsRefusedByABrowserWithAnotherDictionary) {
  const std::string page = lines(0, 100);
  std::string other = page;
  other[1000] ^= 1;
  EXPECT_EQ(decoded(coded(page, page), other), std::nullopt);
}

TEST_P(DczEncoderTest, LeavesNothingOfItsDictionaryInItsState) {
  const Bytes first = coded(lines(0, 100), lines(0, 100));
  const Bytes second = coded(lines(0, 100), "other");
  EXPECT_EQ(decoded(second, "other"), lines(0, 100));
  EXPECT_GT(second.size(), 10 * first.size());
}

}  // namespace
}  // namespace railgun::coding
