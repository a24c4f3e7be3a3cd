// What is prepared from a reference once, each part when it is first wanted, and shared by all who use it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>

#include "railgund/base/bytes.h"
#include "railgund/base/hash.h"
#include "railgund/delta/mixing_lines.h"
#include "railgund/delta/nibble_rows.h"
#include "railgund/delta/page_index.h"
#include "railgund/delta/reference.h"
#include "railgund/delta/window_index.h"

namespace railgun::delta {

struct Reference::Prepared {
  explicit Prepared(ByteView page) : page_(page) {}

  ByteView page() const { return page_; }

  // XXH3-64 of the page: where a delta's chain of checks begins.
  std::uint64_t hash() {
    std::call_once(hash_once_, [this] { hash_ = hash64(page_); });
    return hash_;
  }
  const WindowIndex& window_index() { return window_index_.get(page_, memory_bytes_); }
  const PageIndex& page_index() { return page_index_.get(page_, memory_bytes_); }
  const PrimedRows& primed_rows() { return primed_rows_.get(page_, memory_bytes_); }
  const mixing::PrimedLines& primed_lines() { return primed_lines_.get(page_, memory_bytes_); }
  // All that Reference::prepare() makes is there.
  bool is_prepared() const { return window_index_.made() && page_index_.made() && primed_rows_.made(); }
  bool has_primed_lines() const { return primed_lines_.made(); }

  std::size_t memory_bytes() const { return memory_bytes_.load(std::memory_order_relaxed); }

 private:
  // Made from the page by the first who asks.
  template <typename Part>
  class Lazy {
   public:
    const Part& get(ByteView page, std::atomic<std::size_t>& memory_bytes) {
      std::call_once(once_, [&] {
        part_ = std::make_unique<const Part>(page);
        memory_bytes.fetch_add(sizeof(Part) + part_->memory_bytes(), std::memory_order_relaxed);
        made_.store(true, std::memory_order_release);
      });
      return *part_;
    }
    bool made() const { return made_.load(std::memory_order_acquire); }

   private:
    std::once_flag once_;
    std::atomic<bool> made_ = false;
    std::unique_ptr<const Part> part_;
  };

  ByteView page_;
  std::atomic<std::size_t> memory_bytes_ = 0;
  std::once_flag hash_once_;
  std::uint64_t hash_ = 0;
  Lazy<WindowIndex> window_index_;
  Lazy<PageIndex> page_index_;
  Lazy<PrimedRows> primed_rows_;
  Lazy<mixing::PrimedLines> primed_lines_;
};

}  // namespace railgun::delta
