// Tells work that may run late whether the object it is for still exists:
//
//   loop.post([watch = alive_.watch()] { if (Session* session = watch.get()) session->go_on(); });
#pragma once

#include <memory>

namespace railgun::net {

// A member of the object; the last one, so that it is destroyed first. Watches may be copied and destroyed on any
// thread; the object is destroyed and get() called on one.
template <typename T>
class Alive {
 public:
  class Watch {
   public:
    // Null once the object is gone.
    T* get() const { return *object_; }

   private:
    friend class Alive;
    explicit Watch(std::shared_ptr<T*> object) : object_(std::move(object)) {}
    std::shared_ptr<T*> object_;
  };

  explicit Alive(T& object) : object_(std::make_shared<T*>(&object)) {}
  ~Alive() { *object_ = nullptr; }
  Alive(const Alive&) = delete;
  Alive& operator=(const Alive&) = delete;

  Watch watch() const { return Watch(object_); }

 private:
  std::shared_ptr<T*> object_;
};

}  // namespace railgun::net
