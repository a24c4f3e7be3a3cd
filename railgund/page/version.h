// One version of a page: what is kept at both ends as a reference.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>

#include "railgund/base/hash.h"
#include "railgund/delta/reference.h"
#include "railgund/page/sketch.h"

namespace railgun::page {

// Where a version may be kept: `no-store` pages stay in memory (the setting reference.no_store).
enum class Keep : std::uint8_t { kMemoryOnly, kStoreToo };

struct Version {
  Version(Id128 version_id, Bytes page, Keep where) : id(version_id), reference(std::move(page)), keep(where) {}
  // The same version with its page packed, and nothing prepared. It keeps the sketch: to compare packed versions, and to take
  // none of them, unpacks nothing.
  Version(const Version& other, std::shared_ptr<const delta::PackedPage> packed)
      : id(other.id),
        reference(std::move(packed)),
        keep(other.keep),
        expected_delta_bytes(other.expected_delta_bytes.load(std::memory_order_relaxed)) {
    std::call_once(sketch_once_, [&] { sketch_.emplace(other.sketch()); });
  }
  const Id128 id;                    // doc/PROTOCOL.md, "Reference ids"
  const delta::Reference reference;  // the page's bytes
  const Keep keep;
  // How many bytes a delta against this version is expected to take, as the last ones were; 0: none was made. For the
  // listener alone, which compares it with what a delta really took (proxy/answer_writer).
  mutable std::atomic<std::uint32_t> expected_delta_bytes = 0;

  // Made when it is first asked for. By any thread.
  const Sketch& sketch() const {
    std::call_once(sketch_once_, [this] { sketch_.emplace(reference.bytes()); });
    return *sketch_;
  }

 private:
  mutable std::once_flag sketch_once_;
  mutable std::optional<Sketch> sketch_;
};

// Shared by all who look at it; pinned by holding it.
using VersionPtr = std::shared_ptr<const Version>;

// The reference of a version, kept alive by the version.
inline std::shared_ptr<const delta::Reference> reference_of(const VersionPtr& version) {
  return version ? std::shared_ptr<const delta::Reference>(version, &version->reference) : nullptr;
}

}  // namespace railgun::page
