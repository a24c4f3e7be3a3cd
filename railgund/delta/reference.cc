#include "railgund/delta/reference.h"

#include <utility>

#include "railgund/base/hash.h"
#include "railgund/delta/prepared.h"

namespace railgun::delta {

Reference::Reference(Bytes page) : page_(std::move(page)), prepared_(std::make_unique<Prepared>(page_)) {}
Reference::~Reference() = default;

void Reference::prepare() const { prepared_->hash(); }

std::size_t Reference::memory_bytes() const {
  return sizeof *this + sizeof(Prepared) + page_.capacity() + prepared_->memory_bytes();
}

std::uint64_t Reference::Prepared::hash() {
  std::call_once(hash_once_, [this] { hash_ = hash64(page_); });
  return hash_;
}

}  // namespace railgun::delta
