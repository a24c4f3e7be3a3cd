#include "railgund/delta/reference.h"

#include <utility>

#include "railgund/base/hash.h"
#include "railgund/delta/prepared.h"

namespace railgun::delta {

Reference::Reference(Bytes page) : is_unpacked_(true), page_(std::move(page)) {}
Reference::Reference(std::shared_ptr<const PackedPage> packed) : packed_(std::move(packed)), is_unpacked_(false) {}
Reference::~Reference() = default;

ByteView Reference::bytes() const {
  if (!is_unpacked()) {
    std::call_once(unpack_once_, [this] {
      page_ = packed_->unpack();
      is_unpacked_.store(true, std::memory_order_release);
    });
  }
  return page_;
}

std::size_t Reference::page_memory_bytes() const {
  return sizeof *this + (packed_ ? packed_->memory_bytes() : 0) + (is_unpacked() ? page_.capacity() : 0);
}

std::uint64_t Reference::hash() const {
  std::call_once(hash_once_, [this] { hash_ = hash64(bytes()); });
  return hash_;
}

std::shared_ptr<Reference::Prepared> Reference::prepared() const {
  const ByteView page = bytes();
  const MutexLock lock(mutex_);
  if (!prepared_) prepared_ = std::make_shared<Prepared>(page);
  return prepared_;
}

std::shared_ptr<Reference::Prepared> Reference::prepared_if_any() const {
  const MutexLock lock(mutex_);
  return prepared_;
}

std::shared_ptr<const void> Reference::drop_prepared() const {
  const MutexLock lock(mutex_);
  return std::exchange(prepared_, nullptr);
}

// Rows, the page index with a place a byte, and the window index with about two bytes a byte.
std::size_t Reference::prepared_bytes_of(std::size_t page_bytes) {
  return NibbleContexts::rows_of(page_bytes) * sizeof(NibbleRow) + PageIndex::memory_bytes_of(page_bytes) +
         2 * page_bytes;
}

void Reference::prepare() const {
  hash();
  const std::shared_ptr<Prepared> state = prepared();
  state->window_index();
  state->page_index();
  state->primed_rows();
}

void Reference::prepare_strong() const {
  prepare();
  prepared()->primed_lines();
}

bool Reference::is_prepared(bool strong) const {
  const std::shared_ptr<Prepared> state = prepared_if_any();
  return state && state->is_prepared() && (!strong || state->has_primed_lines());
}

std::size_t Reference::prepared_memory_bytes() const {
  const std::shared_ptr<Prepared> state = prepared_if_any();
  return state ? state->memory_bytes() : 0;
}

}  // namespace railgun::delta
