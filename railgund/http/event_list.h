// Events waiting to be polled, in order. Holds no memory while empty (a std::deque would hold 576 bytes, which ten
// thousand idle connections feel). Bounded by what its owner lets in: see each connection's limits.
#pragma once

#include <cstddef>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

namespace railgun::http {

template <typename Event>
class EventList {
 public:
  template <typename Kind>
  void push(Kind kind) {
    events_.emplace_back(std::in_place_type<Kind>, std::move(kind));
  }
  void add(Event event) { events_.push_back(std::move(event)); }

  std::optional<Event> poll() {
    if (next_ == events_.size()) return std::nullopt;
    Event event = std::move(events_[next_++]);
    if (next_ == events_.size()) {
      events_ = std::vector<Event>();  // "= {}" would keep its memory
      next_ = 0;
    }
    return event;
  }

  bool empty() const { return events_.empty(); }

 private:
  std::vector<Event> events_;
  std::size_t next_ = 0;
};

}  // namespace railgun::http
