// Look-ups in the store (memcached) and of ACME challenges that are under way, and who waits for each. A core.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "railgund/proxy/context.h"

namespace railgun::proxy {

struct StoreAnswer {
  ExchangeId exchange;
  TicketId ticket;
  std::optional<Bytes> item;
};

class StoreLookups;

// One look-up, as its exchange holds it. Its answer is dropped when this is gone.
class StoreLookup {
 public:
  StoreLookup(StoreLookups& lookups, TicketId ticket) : lookups_(&lookups), ticket_(ticket) {}
  StoreLookup(StoreLookup&& other) noexcept
      : lookups_(std::exchange(other.lookups_, nullptr)), ticket_(other.ticket_) {}
  StoreLookup& operator=(StoreLookup&& other) noexcept {
    std::swap(lookups_, other.lookups_);
    std::swap(ticket_, other.ticket_);
    return *this;
  }
  ~StoreLookup();

  TicketId ticket() const { return ticket_; }

 private:
  StoreLookups* lookups_;  // null: moved from
  TicketId ticket_;
};

class StoreLookups {
 public:
  explicit StoreLookups(Context& context) : context_(context) {}

  StoreLookup begin(ExchangeId exchange, std::string key) {
    const TicketId ticket = context_.new_ticket();
    waiting_[ticket] = exchange;
    context_.counters.store_gets.add();
    context_.add(StoreGet{ticket, std::move(key)});
    return {*this, ticket};
  }

  StoreLookup begin_challenge(ExchangeId exchange, std::string folder, std::string token) {
    const TicketId ticket = context_.new_ticket();
    waiting_[ticket] = exchange;
    context_.add(ChallengeGet{ticket, std::move(folder), std::move(token)});
    return {*this, ticket};
  }

  // From the shell. Nobody may wait for it any more.
  void answered(TicketId ticket, std::optional<Bytes> item) {
    if (const auto found = waiting_.find(ticket); found != waiting_.end())
      answers_.push_back({found->second, ticket, std::move(item)});
  }

  std::optional<StoreAnswer> poll() {
    while (!answers_.empty()) {
      StoreAnswer answer = std::move(answers_.front());
      answers_.pop_front();
      if (waiting_.erase(answer.ticket) > 0) return answer;
    }
    return std::nullopt;
  }

 private:
  friend class StoreLookup;

  Context& context_;
  std::unordered_map<TicketId, ExchangeId> waiting_;
  std::deque<StoreAnswer> answers_;  // polled after each input
};

inline StoreLookup::~StoreLookup() {
  if (lookups_ != nullptr) lookups_->waiting_.erase(ticket_);
}

}  // namespace railgun::proxy
