// Which lock guards what, written so that clang checks it (-Wthread-safety,
// https://clang.llvm.org/docs/ThreadSafetyAnalysis.html). g++ sees nothing.
#pragma once

#if defined(__clang__)
#define RAILGUN_THREAD_ANNOTATION(attribute) __attribute__((attribute))
#else
#define RAILGUN_THREAD_ANNOTATION(attribute)
#endif

// Of a class: a lock; an object that holds one while it lives.
#define RAILGUN_LOCK RAILGUN_THREAD_ANNOTATION(capability("mutex"))
#define RAILGUN_SCOPED_LOCK RAILGUN_THREAD_ANNOTATION(scoped_lockable)
// Of a member: touched only while `mutex` is held.
#define RAILGUN_GUARDED_BY(mutex) RAILGUN_THREAD_ANNOTATION(guarded_by(mutex))
// Of a function: its caller holds the lock; it takes the lock; it releases the lock.
#define RAILGUN_REQUIRES(...) RAILGUN_THREAD_ANNOTATION(requires_capability(__VA_ARGS__))
#define RAILGUN_ACQUIRES(...) RAILGUN_THREAD_ANNOTATION(acquire_capability(__VA_ARGS__))
#define RAILGUN_RELEASES(...) RAILGUN_THREAD_ANNOTATION(release_capability(__VA_ARGS__))
