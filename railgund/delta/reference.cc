#include "railgund/delta/reference.h"

#include <utility>

#include "railgund/delta/prepared.h"

namespace railgun::delta {

Reference::Reference(Bytes page) : page_(std::move(page)), prepared_(std::make_unique<Prepared>(page_)) {}
Reference::~Reference() = default;

void Reference::prepare() const {
  prepared_->hash();
  prepared_->window_index();
  prepared_->page_index();
  prepared_->primed_rows();
}

void Reference::prepare_strong() const {
  prepare();
  prepared_->primed_lines();
}

bool Reference::is_prepared(bool strong) const {
  return prepared_->is_prepared() && (!strong || prepared_->has_primed_lines());
}

std::size_t Reference::memory_bytes() const {
  return sizeof *this + sizeof(Prepared) + page_.capacity() + prepared_->memory_bytes();
}

}  // namespace railgun::delta
