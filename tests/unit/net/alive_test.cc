#include "railgund/net/alive.h"

#include <memory>
#include <optional>

#include <gtest/gtest.h>

namespace railgun::net {
namespace {

struct Object {
  int value = 7;
  Alive<Object> alive{*this};
};

TEST(Alive, AWatchKnowsTheObjectUntilItIsDestroyed) {
  auto object = std::make_unique<Object>();
  const auto watch = object->alive.watch();
  const auto copy = watch;
  ASSERT_EQ(watch.get(), object.get());
  EXPECT_EQ(copy.get()->value, 7);
  object.reset();
  EXPECT_EQ(watch.get(), nullptr);
  EXPECT_EQ(copy.get(), nullptr);
}

TEST(Alive, IsNullForMembersThatAreDestroyedAfterIt) {
  struct Late {
    ~Late() { *was_alive = watch->get() != nullptr; }
    std::optional<Alive<int>::Watch> watch{};
    bool* was_alive = nullptr;
  };
  bool was_alive = true;
  int object = 0;
  {
    Late late;
    late.was_alive = &was_alive;
    const Alive<int> alive(object);
    late.watch = alive.watch();
    EXPECT_EQ(late.watch->get(), &object);
  }
  EXPECT_FALSE(was_alive);
}

}  // namespace
}  // namespace railgun::net
