// Finds versions by what is in them: of each version that a sender holds, the hashes of a few stretches lead to its id.
// These are hints. Whoever finds an id here looks the version up in the cache, compares it, and checks for whom it is.
// A table of fixed size, in which new hints overwrite old ones. Thread-safe.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "railgund/base/hash.h"
#include "railgund/base/mutex.h"
#include "railgund/page/sketch.h"

namespace railgun::page {

// Where a version was seen: hints of one place are never found at another.
struct Holder {
  std::uint64_t process = 0;  // of the sender that holds it (doc/PROTOCOL.md, "Greeting")
  Id128 audience;             // PageKeys::audience
};

class ContentIndex {
 public:
  // At most so many versions are found, the one with the most samples in common first. More than a bucket has hints: pages of
  // one template share some of their samples, and only the latest of them are found by these.
  static constexpr std::size_t kMostFound = 6;
  // A version is found if it has so many samples in common with the text.
  static constexpr unsigned kLeastCommon = 2;

  // The table takes about `limit_bytes` from the first hint on, and no memory before.
  explicit ContentIndex(std::size_t limit_bytes);

  void add(const Holder& holder, const Sketch& sketch, const Id128& version);
  // The holder does not have it any more. `sketch`: the version's.
  void forget(const Holder& holder, const Sketch& sketch, const Id128& version);
  std::vector<Id128> find(const Holder& holder, const Sketch& text) const;

  std::size_t memory_bytes() const { return memory_bytes_.load(std::memory_order_relaxed); }

 private:
  struct Hint {
    std::uint32_t mark = 0;  // of the stretch and its holder; 0: empty
    Id128 version;
  };
  // One line of the processor's cache.
  struct alignas(64) Bucket {
    std::array<Hint, 3> hints;
    std::uint32_t next = 0;  // to be overwritten
  };
  struct Spot {
    std::size_t bucket;
    std::uint32_t mark;
  };
  Spot spot(std::uint64_t seed, std::uint64_t sample) const;

  const std::size_t buckets_;
  std::atomic<std::size_t> memory_bytes_ = 0;
  mutable Mutex mutex_;
  std::vector<Bucket> table_ RAILGUN_GUARDED_BY(mutex_);
};

}  // namespace railgun::page
