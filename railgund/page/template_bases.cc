#include "railgund/page/template_bases.h"

#include <utility>

namespace railgun::page {
namespace {

// A base helps if a page takes at most this part of what one takes alone.
constexpr float kHelps = 0.75F;
// So many pages in a row that it did not help, and the template has changed: another page may do better.
constexpr unsigned kLittleHelped = 4;
// Pages packed alone before another base is tried.
constexpr unsigned kPagesBeforeAnother = 256;

}  // namespace

// Counted as long as it lives.
struct TemplateBases::Base {
  Base(ByteView bytes, std::shared_ptr<std::atomic<std::size_t>> sum) : page(to_bytes(bytes)), total(std::move(sum)) {
    total->fetch_add(page.size(), std::memory_order_relaxed);
  }
  ~Base() { total->fetch_sub(page.size(), std::memory_order_relaxed); }
  Base(const Base&) = delete;
  Base& operator=(const Base&) = delete;

  const Bytes page;
  const std::shared_ptr<std::atomic<std::size_t>> total;
};

TemplateBases::TemplateBases(std::size_t limit_bytes)
    : limit_bytes_(limit_bytes), total_(std::make_shared<std::atomic<std::size_t>>(0)) {}

std::shared_ptr<const delta::PackedPage> TemplateBases::pack(const Id128& name, ByteView page) {
  std::shared_ptr<const Bytes> base = base_for(name, page);
  const bool with_base = base != nullptr;
  std::shared_ptr<const delta::PackedPage> packed = delta::PackedPage::make(page, std::move(base));
  learn(name, with_base,
        packed ? static_cast<float>(packed->memory_bytes()) / static_cast<float>(packed->page_bytes()) : 1.0F);
  return packed;
}

TemplateBases::Template& TemplateBases::at(const Id128& name) {
  const auto [found, is_new] = templates_.try_emplace(name);
  Template& known = found->second;
  if (!is_new) {
    order_.splice(order_.begin(), order_, known.place);
    return known;
  }
  known.place = order_.insert(order_.begin(), name);
  if (order_.size() > kTemplates) {
    templates_.erase(order_.back());
    order_.pop_back();
  }
  return known;
}

std::shared_ptr<const Bytes> TemplateBases::base_for(const Id128& name, ByteView page) {
  const MutexLock lock(mutex_);
  Template& known = at(name);
  if (std::shared_ptr<const Bytes> base = known.base.lock()) return base;
  if (known.alone_until_base > 0 || bytes() + page.size() > limit_bytes_) return nullptr;
  const auto made = std::make_shared<const Base>(page, total_);
  std::shared_ptr<const Bytes> base(made, &made->page);
  known.base = base;
  known.little_helped = 0;
  return base;
}

void TemplateBases::learn(const Id128& name, bool with_base, float share) {
  const MutexLock lock(mutex_);
  Template& known = at(name);
  if (!with_base) {
    known.alone_share = share;
    if (known.alone_until_base > 0) --known.alone_until_base;
  } else if (share <= known.alone_share * kHelps) {
    known.little_helped = 0;
  } else if (++known.little_helped == kLittleHelped) {
    known.base.reset();
    known.alone_until_base = kPagesBeforeAnother;
  }
}

}  // namespace railgun::page
