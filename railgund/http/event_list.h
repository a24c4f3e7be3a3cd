// Events waiting to be polled, in order. Holds no memory while empty (a std::deque would hold 576 bytes, which ten
// thousand idle connections feel). Bounded by what its owner lets in: see each connection's limits.
#pragma once

#include <algorithm>
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

  // Those that are not polled yet.
  template <typename Is>
  void erase_if(Is is) {
    const auto waiting = events_.begin() + static_cast<std::ptrdiff_t>(next_);
    events_.erase(std::remove_if(waiting, events_.end(), is), events_.end());
    if (next_ == events_.size()) {
      events_ = std::vector<Event>();
      next_ = 0;
    }
  }

  bool empty() const { return events_.empty(); }

 private:
  std::vector<Event> events_;
  std::size_t next_ = 0;
};

}  // namespace railgun::http
