#include "railgund/http2/session_memory.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include <gtest/gtest.h>

namespace railgun::http2 {
namespace {

// On both sides of the size from which blocks are mapped.
constexpr std::size_t kSizes[] = {0, 1, 100, 16 * 1024 - 1, 16 * 1024, 100'000};

TEST(SessionMemory, ABlockKeepsItsBytesWhileItGrowsAndShrinks) {
  nghttp2_mem& memory = *session_memory();
  for (const std::size_t from : kSizes) {
    for (const std::size_t to : kSizes) {
      void* const block = memory.malloc(from, nullptr);
      ASSERT_NE(block, nullptr);
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % alignof(std::max_align_t), 0u);
      std::memset(block, 'x', from);
      auto* const moved = static_cast<char*>(memory.realloc(block, to, nullptr));
      ASSERT_NE(moved, nullptr);
      EXPECT_TRUE(std::all_of(moved, moved + std::min(from, to), [](char byte) { return byte == 'x'; }));
      std::memset(moved, 'y', to);
      memory.free(moved, nullptr);
    }
  }
}

TEST(SessionMemory, ZeroesWhatIsAskedForZeroed) {
  nghttp2_mem& memory = *session_memory();
  for (const std::size_t size : kSizes) {
    auto* const block = static_cast<char*>(memory.calloc(1, size, nullptr));
    ASSERT_NE(block, nullptr);
    EXPECT_TRUE(std::all_of(block, block + size, [](char byte) { return byte == 0; }));
    memory.free(block, nullptr);
  }
}

TEST(SessionMemory, RefusesWhatNoMemoryHolds) {
  nghttp2_mem& memory = *session_memory();
  EXPECT_EQ(memory.malloc(SIZE_MAX, nullptr), nullptr);
  EXPECT_EQ(memory.calloc(SIZE_MAX / 2, 3, nullptr), nullptr);
  memory.free(nullptr, nullptr);
}

}  // namespace
}  // namespace railgun::http2
