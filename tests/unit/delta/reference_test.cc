#include "railgund/delta/reference.h"

#include <gtest/gtest.h>

#include "railgund/delta/decoder.h"
#include "railgund/delta/encoder.h"

#include "tests/unit/delta/pages.h"

namespace railgun::delta {
namespace {

TEST(Reference, SaysWhatIsPrepared) {
  const auto reference = std::make_shared<const Reference>(test::noise(5000, 1));
  EXPECT_FALSE(reference->is_prepared(false));
  reference->prepare();
  EXPECT_TRUE(reference->is_prepared(false));
  EXPECT_FALSE(reference->is_prepared(true));
  reference->prepare_strong();
  EXPECT_TRUE(reference->is_prepared(true));
}

// A decoder makes only what it needs itself: an encoder would still have to wait.
TEST(Reference, IsNotPreparedByADecoder) {
  const Bytes page = test::noise(5000, 1);
  Bytes next = page;
  next[2500] ^= 1;
  const Bytes delta = encode(std::make_shared<const Reference>(page), next, {.effort = Effort::kFast});
  const auto reference = std::make_shared<const Reference>(page);
  ASSERT_EQ(decode(reference, delta).value(), next);
  EXPECT_FALSE(reference->is_prepared(false));
}

TEST(Reference, MakesDroppedStateAgain) {
  const auto reference = std::make_shared<const Reference>(test::noise(5000, 1));
  EXPECT_EQ(reference->prepared_memory_bytes(), 0u);
  EXPECT_EQ(reference->drop_prepared(), nullptr);
  reference->prepare();
  const std::size_t held = reference->prepared_memory_bytes();
  EXPECT_GT(held, 5000u);
  EXPECT_NE(reference->drop_prepared(), nullptr);
  EXPECT_EQ(reference->prepared_memory_bytes(), 0u);
  EXPECT_FALSE(reference->is_prepared(false));
  reference->prepare();
  EXPECT_EQ(reference->prepared_memory_bytes(), held);
}

// An encoder and a decoder that have begun keep what they use.
TEST(Reference, CodesAcrossADropOfItsState) {
  const Bytes page = test::noise(50'000, 1);
  Bytes next = page;
  for (std::size_t at = 100; at < next.size(); at += 5000) next[at] ^= 1;
  const auto reference = std::make_shared<const Reference>(page);
  Encoder encoder(reference, {.effort = Effort::kFast, .window_bytes = 10'000});
  Decoder decoder(reference, {});
  Bytes rebuilt;
  for (std::size_t at = 0; at < next.size(); at += 10'000) {
    encoder.write(ByteView(next).subspan(at, 10'000));
    encoder.flush();
    reference->drop_prepared();
    ASSERT_TRUE(decoder.receive(encoder.take()));
    append(rebuilt, decoder.take());
    reference->drop_prepared();
  }
  encoder.finish();
  ASSERT_TRUE(decoder.receive(encoder.take()));
  ASSERT_TRUE(decoder.end());
  append(rebuilt, decoder.take());
  EXPECT_EQ(rebuilt, next);
}

TEST(Reference, EstimatesWhatPreparingTakes) {
  for (const std::size_t bytes : {100, 2000, 92'000, 1'000'000}) {
    const Reference reference(test::noise(bytes, 1));
    reference.prepare();
    EXPECT_LT(Reference::prepared_bytes_of(bytes), reference.prepared_memory_bytes() * 5 / 4) << bytes;
    EXPECT_GT(Reference::prepared_bytes_of(bytes), reference.prepared_memory_bytes() * 3 / 5) << bytes;
  }
}

}  // namespace
}  // namespace railgun::delta
