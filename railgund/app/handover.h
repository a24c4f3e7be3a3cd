// The predecessor's part of an upgrade in place: gives its page versions and what it has counted to its successor,
// through a pipe, on a thread of its own. First the versions that are there, then those that are inserted until the process
// ends: so both ends of a link go on with the versions that the other one names.
#pragma once

#include <optional>
#include <string>
#include <thread>

#include "railgund/base/descriptor.h"
#include "railgund/base/mutex.h"
#include "railgund/base/time.h"
#include "railgund/page/cache.h"

namespace railgun::app {

class Handover {
 public:
  // Writes a snapshot (page/snapshot.h) into the pipe, which does not block. The cache outlives it. The process ignores SIGPIPE.
  Handover(const page::Cache& cache, Descriptor pipe);
  // Writes what is left, for at most kLastWrites and a second.
  ~Handover();
  Handover(const Handover&) = delete;
  Handover& operator=(const Handover&) = delete;

  // From any thread. Replaces a text that has not been written yet.
  void give_statistics(std::string json);

  static constexpr Duration kLastWrites = std::chrono::seconds(2);

 private:
  void run();
  bool write(ByteView bytes);
  bool is_over();
  bool is_ending();

  const page::Cache& cache_;
  Descriptor pipe_;
  Mutex mutex_;
  std::optional<std::string> statistics_ RAILGUN_GUARDED_BY(mutex_);
  std::optional<Instant> deadline_ RAILGUN_GUARDED_BY(mutex_);  // once the process ends
  std::thread thread_;
};

}  // namespace railgun::app
