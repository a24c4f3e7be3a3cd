// What is prepared from a reference once, each part when it is first wanted, and shared by all who use it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>

#include "railgund/base/bytes.h"
#include "railgund/delta/reference.h"

namespace railgun::delta {

struct Reference::Prepared {
  explicit Prepared(ByteView page) : page_(page) {}

  // XXH3-64 of the page: where a delta's chain of checks begins.
  std::uint64_t hash();

  std::size_t memory_bytes() const { return memory_bytes_.load(std::memory_order_relaxed); }

 private:
  ByteView page_;
  std::atomic<std::size_t> memory_bytes_ = 0;
  std::once_flag hash_once_;
  std::uint64_t hash_ = 0;
};

}  // namespace railgun::delta
