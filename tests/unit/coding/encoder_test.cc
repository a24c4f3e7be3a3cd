#include "railgund/coding/encoder.h"

#include <string>
#include <vector>

#include <brotli/decode.h>
#include <gtest/gtest.h>
#include <zstd.h>

#include "railgund/http/content_coding.h"

namespace railgun::coding {
namespace {

constexpr std::size_t kCacheBytes = 1 << 20;

Workshop workshop(Levels levels = {}) { return {levels, kCacheBytes, as_bytes("key")}; }

// Decodes as far as the input goes.
class Decoder {
 public:
  explicit Decoder(Coding coding)
      : coding_(coding),
        brotli_(BrotliDecoderCreateInstance(nullptr, nullptr, nullptr), BrotliDecoderDestroyInstance),
        zstd_(ZSTD_createDCtx(), ZSTD_freeDCtx) {}

  std::string receive(ByteView bytes) {
    switch (coding_) {
      case Coding::kGzip: {
        EXPECT_TRUE(gzip_.receive(bytes));
        finished_ = gzip_.finished();
        return std::string(as_text(gzip_.take()));
      }
      case Coding::kBrotli:
        return brotli(bytes);
      case Coding::kZstd:
        return zstd(bytes);
      case Coding::kDcz:  // dcz_encoder_test.cc
      case Coding::kIdentity:
        break;
    }
    return {};
  }
  bool finished() const { return finished_; }

 private:
  std::string brotli(ByteView bytes) {
    std::string text;
    std::size_t input = bytes.size();
    const std::uint8_t* next = bytes.data();
    BrotliDecoderResult result = BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT;
    while (result == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT) {
      std::size_t room = 0;
      result = BrotliDecoderDecompressStream(brotli_.get(), &input, &next, &room, nullptr, nullptr);
      std::size_t taken = 0;
      const std::uint8_t* output = BrotliDecoderTakeOutput(brotli_.get(), &taken);
      text += as_text({output, taken});
    }
    EXPECT_NE(result, BROTLI_DECODER_RESULT_ERROR);
    EXPECT_EQ(input, 0U);
    finished_ = result == BROTLI_DECODER_RESULT_SUCCESS;
    return text;
  }
  std::string zstd(ByteView bytes) {
    std::string text;
    ZSTD_inBuffer input{bytes.data(), bytes.size(), 0};
    Bytes room(ZSTD_DStreamOutSize());
    for (;;) {
      ZSTD_outBuffer output{room.data(), room.size(), 0};
      const std::size_t left = ZSTD_decompressStream(zstd_.get(), &output, &input);
      EXPECT_FALSE(ZSTD_isError(left));
      text += as_text(ByteView(room).first(output.pos));
      finished_ = left == 0;
      if (ZSTD_isError(left) || (output.pos < output.size && input.pos == input.size)) return text;
    }
  }

  Coding coding_;
  bool finished_ = false;
  http::GzipDecoder gzip_;
  std::unique_ptr<BrotliDecoderState, void (*)(BrotliDecoderState*)> brotli_;
  std::unique_ptr<ZSTD_DCtx, std::size_t (*)(ZSTD_DCtx*)> zstd_;
};

std::string lines(int count) {
  std::string page;
  for (int i = 0; i < count; ++i) page += "line " + std::to_string(i * i) + "\n";
  return page;
}

class EncoderOf : public testing::TestWithParam<Coding> {};
INSTANTIATE_TEST_SUITE_P(Codings, EncoderOf, testing::Values(Coding::kGzip, Coding::kBrotli, Coding::kZstd),
                         [](const auto& test) { return std::string(name_of(test.param)); });

TEST_P(EncoderOf, MakesEachPieceReadableAtOnce) {
  Workshop shared = workshop();
  Encoder encoder(GetParam(), shared);
  Decoder decoder(GetParam());
  EXPECT_EQ(encoder.coding(), GetParam());
  for (const std::string& piece :
       {std::string("<"), std::string("html>"), lines(20'000), std::string(), lines(10), std::string(300'000, 'a')}) {
    Bytes coded;
    encoder.write(as_bytes(piece), coded);
    EXPECT_EQ(decoder.receive(coded), piece);
    EXPECT_FALSE(decoder.finished());
  }
  Bytes last;
  encoder.finish(last);
  EXPECT_EQ(decoder.receive(last), "");
  EXPECT_TRUE(decoder.finished());
}

TEST_P(EncoderOf, MakesThePageSmaller) {
  const std::string page = lines(20'000);
  Workshop shared = workshop();
  Encoder encoder(GetParam(), shared);
  Bytes coded;
  encoder.write(as_bytes(page), coded);
  encoder.finish(coded);
  EXPECT_LT(coded.size(), page.size() / 2);
}

TEST_P(EncoderOf, MakesTheEmptyBody) {
  Workshop shared = workshop();
  Encoder encoder(GetParam(), shared);
  Bytes coded;
  encoder.finish(coded);
  Decoder decoder(GetParam());
  EXPECT_EQ(decoder.receive(coded), "");
  EXPECT_TRUE(decoder.finished());
}

TEST_P(EncoderOf, HasEveryLevel) {
  const std::string page = lines(500);
  for (int level = 1; level <= 11; ++level) {
    Workshop shared = workshop({.gzip = std::min(level, 9), .br = level, .zstd = level});
    Encoder encoder(GetParam(), shared);
    Bytes coded;
    encoder.write(as_bytes(page), coded);
    encoder.finish(coded);
    Decoder decoder(GetParam());
    EXPECT_EQ(decoder.receive(coded), page) << level;
  }
}

TEST(Workshop, GivesGzipWhenItsStatesAreTaken) {
  Workshop shared = workshop();
  std::vector<Encoder> encoders;
  for (std::size_t i = 0; i < Workshop::kMostStates; ++i) {
    EXPECT_EQ(shared.available(Coding::kZstd, true), Coding::kZstd);
    encoders.emplace_back(i % 2 == 0 ? Coding::kZstd : Coding::kBrotli, shared);
  }
  EXPECT_EQ(shared.available(Coding::kZstd, true), Coding::kGzip);
  EXPECT_EQ(shared.available(Coding::kBrotli, false), Coding::kIdentity);
  EXPECT_EQ(shared.available(Coding::kGzip, true), Coding::kGzip);
  encoders.pop_back();
  EXPECT_EQ(shared.available(Coding::kBrotli, false), Coding::kBrotli);
}

TEST(Workshop, LetsEncodersUnderWayKeepTheirLevel) {
  Workshop shared = workshop();
  Encoder before(Coding::kGzip, shared);
  Bytes coded;
  before.write(as_bytes("one "), coded);
  shared.set({.gzip = 1}, kCacheBytes);
  Encoder after(Coding::kGzip, shared);
  Bytes other;
  after.write(as_bytes("three"), other);
  before.write(as_bytes("two"), coded);
  before.finish(coded);
  Decoder decoder(Coding::kGzip);
  EXPECT_EQ(decoder.receive(coded), "one two");
  EXPECT_TRUE(decoder.finished());
}

}  // namespace
}  // namespace railgun::coding
