// The bytes a delta is made against, and the state that is prepared from them: the encoder's index, the coders' primed
// tables. The bytes never change; they may be packed until they are first asked for. Prepared state is made when it is
// first needed, can be dropped to save memory, and is made again when it is needed again; every call is safe from any
// thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>

#include "railgund/base/bytes.h"
#include "railgund/base/mutex.h"
#include "railgund/delta/packed_page.h"

namespace railgun::delta {

class Reference {
 public:
  explicit Reference(Bytes page);
  // `packed` is the page, and not null.
  explicit Reference(std::shared_ptr<const PackedPage> packed);
  ~Reference();
  Reference(const Reference&) = delete;
  Reference& operator=(const Reference&) = delete;

  // Valid as long as the reference. Unpacks the page if that has not been done.
  ByteView bytes() const;
  std::size_t size() const { return packed_ ? packed_->page_bytes() : page_.size(); }
  bool is_unpacked() const { return is_unpacked_.load(std::memory_order_acquire); }
  // The page as it was packed; null: it was not.
  const std::shared_ptr<const PackedPage>& packed() const { return packed_; }
  // XXH3-64 of the bytes: a delta's chain of checks begins with it.
  std::uint64_t hash() const;

  // Makes what an encoder needs, so that a request does not wait for it. Costs about 3 ms for a page of 100 KB, and
  // 11 times its memory.
  void prepare() const;
  // Makes also what the strong tier needs. Costs up to about 70 ms per MB, and memory: 4 MB for pages over 128 KB, in
  // proportion less for smaller ones.
  void prepare_strong() const;
  // Nothing is left to prepare; with `strong`, for the strong tier either.
  bool is_prepared(bool strong) const;

  // Estimate of what prepare() takes for a page of that size, in bytes.
  static std::size_t prepared_bytes_of(std::size_t page_bytes);

  // Takes the prepared state away. Encoders and decoders that use it keep it until they end. The result owns the state;
  // null: there was none. Freeing it can take a fraction of a millisecond, so callers do that outside of locks.
  std::shared_ptr<const void> drop_prepared() const;

  // Memory in use now: of the page without prepared state, and of the prepared state.
  std::size_t page_memory_bytes() const;
  std::size_t prepared_memory_bytes() const;
  std::size_t memory_bytes() const { return page_memory_bytes() + prepared_memory_bytes(); }

  // Prepared state, for the encoder and the decoder of this folder only. It refers to the reference's bytes, so its
  // users hold the reference too.
  struct Prepared;
  std::shared_ptr<Prepared> prepared() const;

 private:
  std::shared_ptr<Prepared> prepared_if_any() const;

  std::shared_ptr<const PackedPage> packed_;
  mutable std::once_flag unpack_once_;
  mutable std::atomic<bool> is_unpacked_;
  mutable Bytes page_;  // empty until it is unpacked
  mutable std::once_flag hash_once_;
  mutable std::uint64_t hash_ = 0;
  mutable Mutex mutex_;
  mutable std::shared_ptr<Prepared> prepared_ RAILGUN_GUARDED_BY(mutex_);  // null: nothing is prepared
};

}  // namespace railgun::delta
