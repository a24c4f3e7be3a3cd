// Takes a snapshot (page/snapshot.h) over: reads it from a pipe or a file on a thread of its own, and keeps its versions
// in the cache, which may be in use already.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <string>
#include <thread>

#include "railgund/base/descriptor.h"
#include "railgund/base/result.h"
#include "railgund/base/time.h"
#include "railgund/page/cache.h"
#include "railgund/page/snapshot.h"

namespace railgun::app {

class SnapshotIntake {
 public:
  struct Options {
    std::string where;                 // for the log: what it is read from
    std::size_t page_limit_bytes = 0;  // larger pages are left out
    // Called with each text of statistics, on the intake's thread.
    std::function<void(std::string)> on_statistics = [](const std::string&) {};
  };
  // Reads `from` to its end. The cache outlives the intake.
  SnapshotIntake(page::Cache& cache, Descriptor from, Options options);
  // Ends within a fraction of a second, wherever it is.
  ~SnapshotIntake();
  SnapshotIntake(const SnapshotIntake&) = delete;
  SnapshotIntake& operator=(const SnapshotIntake&) = delete;

  // All versions that the snapshot had at its start have come, or no more will.
  bool is_complete() const { return complete_.load(std::memory_order_acquire); }

 private:
  void run();
  Result<void> read_all();
  void take(const page::SnapshotReader::Record& record);
  void complete();

  page::Cache& cache_;
  Descriptor from_;
  const Options options_;
  std::atomic<bool> complete_ = false, stopping_ = false;
  Instant begun_{};
  std::size_t versions_ = 0, page_bytes_ = 0;
  std::thread thread_;
};

}  // namespace railgun::app
