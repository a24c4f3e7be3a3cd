// Prepares versions for their next use and makes dictionaries, on a thread of its own, behind everything that somebody
// waits for: indexes and primed statistics take a millisecond or two, what the strong tier wants up to a tenth of a second.
#pragma once

#include <condition_variable>
#include <deque>
#include <thread>
#include <variant>

#include "railgund/base/mutex.h"
#include "railgund/dictionary/shelf.h"
#include "railgund/page/cache.h"

namespace railgun::app {

class Preparer {
 public:
  // What is prepared is charged to the cache, which is also asked whether it would stay. It outlives the preparer.
  explicit Preparer(page::Cache& cache);
  // Ends after the version in work; the others are left as they are.
  ~Preparer();
  Preparer(const Preparer&) = delete;
  Preparer& operator=(const Preparer&) = delete;

  // From any thread. Drops the version if kMostWaiting are waiting: its next user then prepares what it needs
  // itself. `strong`: also for the strong tier.
  void add(page::VersionPtr version, bool strong);
  // The shelf has work to do for this audience. It outlives the preparer.
  void add(dictionary::Shelf& shelf, const dictionary::Audience& audience);
  // Returns when nothing is waiting or in work.
  void wait();

  static constexpr std::size_t kMostWaiting = 256;

 private:
  struct Version {
    page::VersionPtr version;
    bool strong;
  };
  struct Refresh {
    dictionary::Shelf* shelf;
    dictionary::Audience audience;
  };
  using Item = std::variant<Version, Refresh>;

  void add(Item item);
  void run();
  void work(const Version& item);
  static void work(const Refresh& item);

  page::Cache& cache_;
  Mutex mutex_;
  std::condition_variable changed_;
  std::deque<Item> waiting_ RAILGUN_GUARDED_BY(mutex_);
  bool working_ RAILGUN_GUARDED_BY(mutex_) = false;
  bool stopping_ RAILGUN_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace railgun::app
