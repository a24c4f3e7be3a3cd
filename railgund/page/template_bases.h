// The pages against which other pages of their template are packed: one for each template that has many pages. Half of
// a page and more is its template's, so it takes a fraction of what it takes alone.
#pragma once

#include <atomic>
#include <cstddef>
#include <list>
#include <memory>
#include <unordered_map>

#include "railgund/base/bytes.h"
#include "railgund/base/hash.h"
#include "railgund/base/mutex.h"
#include "railgund/delta/packed_page.h"

namespace railgun::page {

// Thread-safe.
class TemplateBases {
 public:
  // Bases may take so many bytes; above that, pages are packed alone.
  explicit TemplateBases(std::size_t limit_bytes);

  // Packs a page of that template (PageKeys::sibling). Null: it does not get smaller. A page packed against a base
  // keeps it. A base that helps little is given up.
  std::shared_ptr<const delta::PackedPage> pack(const Id128& name, ByteView page);

  // Memory of all bases that pages still need.
  std::size_t bytes() const { return total_->load(std::memory_order_relaxed); }

  // Pages of a template that are packed alone before one becomes the base: for fewer it would cost more than it saves.
  static constexpr unsigned kPagesBefore = 8;
  // Templates that are remembered.
  static constexpr std::size_t kTemplates = 4096;

 private:
  struct Template {
    std::weak_ptr<const Bytes> base;  // gone once no page needs it
    unsigned alone_until_base = kPagesBefore;
    unsigned little_helped = 0;  // pages in a row
    float alone_share = 1;       // of a page, when packed alone
    std::list<Id128>::iterator place;
  };
  struct Base;

  Template& at(const Id128& name) RAILGUN_REQUIRES(mutex_);
  // Null: this page is to be packed alone.
  std::shared_ptr<const Bytes> base_for(const Id128& name, ByteView page);
  void learn(const Id128& name, bool with_base, float share);

  std::size_t limit_bytes_;
  std::shared_ptr<std::atomic<std::size_t>> total_;  // shared with the bases, which may outlive this
  Mutex mutex_;
  std::unordered_map<Id128, Template> templates_ RAILGUN_GUARDED_BY(mutex_);
  std::list<Id128> order_ RAILGUN_GUARDED_BY(mutex_);  // the latest used first
};

}  // namespace railgun::page
