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

}  // namespace
}  // namespace railgun::delta
