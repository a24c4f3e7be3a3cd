// The order in which streams send: each piece of data has a start tag, and the least one goes first (start-time fair
// queueing: Goyal, Vin, Cheng, SIGCOMM 1996). A stream that sends little is never behind the queue of one that sends much,
// and urgent streams get more of the line than others; none gets nothing.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <utility>

namespace railgun::link {

class Turns {
 public:
  // The first bytes of a stream count as this much less: most answers are short and end with them.
  static constexpr std::uint64_t kShortBytes = 64 * 1024;
  static constexpr unsigned kShortShift = 3;
  // Each step of urgency (RFC 9218 4.1) halves a stream's part of the line.
  static constexpr std::uint8_t kLeastUrgent = 7;

  // What Turns knows of a stream, which keeps it.
  class Account {
   public:
    bool waits() const { return order_ != 0; }
    void set_urgency(std::uint8_t urgency) { urgency_ = std::min(urgency, kLeastUrgent); }

   private:
    friend class Turns;
    std::uint64_t start_ = 0;   // while it waits
    std::uint64_t order_ = 0;   // while it waits; else 0
    std::uint64_t finish_ = 0;  // the start of its next piece, unless time has passed it
    std::uint64_t sent_ = 0;    // bytes
    std::uint8_t urgency_ = 3;
  };

  bool empty() const { return waiting_.empty(); }
  // The stream does not wait yet.
  void add(std::uint32_t stream, Account& account) {
    account.start_ = std::max(time_, account.finish_);
    account.order_ = ++added_;
    waiting_.insert({account.start_, account.order_, stream});
  }
  // Whose turn it is. Not empty.
  std::uint32_t next() const { return waiting_.begin()->stream; }
  // Its turn is over before it came, or has come.
  void remove(std::uint32_t stream, Account& account) {
    waiting_.erase({account.start_, account.order_, stream});
    account.order_ = 0;
  }
  // The stream, removed, sends so much now.
  void charge(Account& account, std::uint64_t bytes) {
    time_ = std::max(time_, account.start_);
    const std::uint64_t begun = account.sent_;
    account.sent_ += bytes;
    const std::uint64_t cheap = std::min(account.sent_, kShortBytes) - std::min(begun, kShortBytes);
    const std::uint64_t cost = ((bytes - cheap) << kShortShift) + cheap;
    account.finish_ = account.start_ + (cost << account.urgency_);
  }
  void clear() { waiting_.clear(); }

  // Whether one of the waiting streams is such.
  template <typename Is>
  bool any(Is is) const {
    return std::ranges::any_of(waiting_, [&](const Turn& turn) { return is(turn.stream); });
  }

 private:
  struct Turn {
    std::uint64_t start;
    std::uint64_t order;  // of those with the same start
    std::uint32_t stream;
    auto operator<=>(const Turn&) const = default;
  };

  std::set<Turn> waiting_;
  std::uint64_t time_ = 0;   // the start of the piece sent last
  std::uint64_t added_ = 0;  // turns
};

}  // namespace railgun::link
