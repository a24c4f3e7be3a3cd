// std::mutex with annotations (the standard library's has none): the few locks of the house are made of these.
#pragma once

#include <condition_variable>
#include <mutex>

#include "railgund/base/thread_annotations.h"

namespace railgun {

class RAILGUN_LOCK Mutex {
 public:
  void lock() RAILGUN_ACQUIRES() { mutex_.lock(); }
  void unlock() RAILGUN_RELEASES() { mutex_.unlock(); }

 private:
  friend class MutexLock;
  std::mutex mutex_;
};

// Holds a mutex while it lives, but for what is between unlock() and lock().
class RAILGUN_SCOPED_LOCK MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) RAILGUN_ACQUIRES(mutex) : lock_(mutex.mutex_) {}
  ~MutexLock() RAILGUN_RELEASES() = default;
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

  void lock() RAILGUN_ACQUIRES() { lock_.lock(); }
  void unlock() RAILGUN_RELEASES() { lock_.unlock(); }
  // Releases the mutex while it waits. Spurious wake-ups happen: call it in a loop that looks at the condition.
  void wait(std::condition_variable& changed) { changed.wait(lock_); }

 private:
  std::unique_lock<std::mutex> lock_;
};

}  // namespace railgun
