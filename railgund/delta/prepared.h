// The state that is prepared from a reference: each part is made when it is first needed, and shared by all users.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>

#include "railgund/base/bytes.h"
#include "railgund/delta/mixing_lines.h"
#include "railgund/delta/nibble_rows.h"
#include "railgund/delta/page_index.h"
#include "railgund/delta/reference.h"
#include "railgund/delta/window_index.h"

namespace railgun::delta {

struct Reference::Prepared {
  explicit Prepared(ByteView page) : page_(page) {}

  ByteView page() const { return page_; }

  const WindowIndex& window_index() { return window_index_.get(page_, memory_bytes_); }
  const PageIndex& page_index() { return page_index_.get(page_, memory_bytes_); }
  const PrimedRows& primed_rows() { return primed_rows_.get(page_, memory_bytes_); }
  const mixing::PrimedLines& primed_lines() { return primed_lines_.get(page_, memory_bytes_); }
  // Everything that Reference::prepare() makes exists.
  bool is_prepared() const { return window_index_.made() && page_index_.made() && primed_rows_.made(); }
  bool has_primed_lines() const { return primed_lines_.made(); }

  // 0 as long as no part is made.
  std::size_t memory_bytes() const {
    const std::size_t parts = memory_bytes_.load(std::memory_order_relaxed);
    return parts == 0 ? 0 : sizeof *this + parts;
  }

 private:
  // Made from the page by the first user.
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
  Lazy<WindowIndex> window_index_;
  Lazy<PageIndex> page_index_;
  Lazy<PrimedRows> primed_rows_;
  Lazy<mixing::PrimedLines> primed_lines_;
};

}  // namespace railgun::delta
