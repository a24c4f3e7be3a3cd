// The bytes a delta is made against, and what is prepared from them once and kept: the encoder's index, the coders'
// primed state. Immutable to its users; the preparation is lazy, happens at most once and is safe from any thread.
#pragma once

#include <memory>

#include "railgund/base/bytes.h"

namespace railgun::delta {

class Reference {
 public:
  explicit Reference(Bytes page);
  ~Reference();
  Reference(const Reference&) = delete;
  Reference& operator=(const Reference&) = delete;

  // Valid as long as the reference.
  ByteView bytes() const { return page_; }

  // Builds what an encoder will want, so that a request does not wait for it. Costs up to about 1 ms per MB.
  void prepare() const;
  // Builds also what the strong tier wants. Costs up to about 70 ms per MB, and memory: 4 MB for pages over 128 KB, in
  // proportion less for smaller ones.
  void prepare_strong() const;
  // There is nothing left to prepare, `strong`: for the strong tier either.
  bool is_prepared(bool strong) const;

  // Memory it holds now, prepared state included: what a cache charges for it.
  std::size_t memory_bytes() const;

  // Prepared state, for the encoder and the decoder of this folder only.
  struct Prepared;
  Prepared& prepared() const { return *prepared_; }

 private:
  Bytes page_;
  std::unique_ptr<Prepared> prepared_;
};

}  // namespace railgun::delta
