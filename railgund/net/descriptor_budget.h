// Shares the process's descriptors (RLIMIT_NOFILE) among the kinds of connections, so that one kind never takes those of
// another: each kind has a share of its own, and what is left over is for whoever comes first. Shared by all workers;
// several that take at the same moment may go over by one each, for which the base has room.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

namespace railgun::net {

class DescriptorBudget {
 public:
  enum class Kind : std::uint8_t { kClient, kNewcomer, kLink, kOrigin };
  static constexpr std::size_t kKinds = 4;

  struct Shares {
    std::array<std::size_t, kKinds> of_kind{};
    std::size_t common = 0;
  };
  // `limit`: of the process. A part of it is for everything that is no connection of these kinds: the event loops,
  // listening sockets, the control socket and its clients, logs, memcached, name look-ups.
  static Shares shares(std::size_t limit, std::size_t workers, bool is_sender);

  // One descriptor, given back when it is destroyed.
  class Lease {
   public:
    Lease() = default;
    Lease(Lease&& other) noexcept : budget_(std::exchange(other.budget_, nullptr)), kind_(other.kind_) {}
    Lease& operator=(Lease&& other) noexcept {
      std::swap(budget_, other.budget_);
      std::swap(kind_, other.kind_);
      return *this;
    }
    ~Lease() {
      if (budget_ != nullptr) budget_->used_[index(kind_)].fetch_sub(1, std::memory_order_relaxed);
    }

   private:
    friend class DescriptorBudget;
    Lease(DescriptorBudget& budget, Kind kind) : budget_(&budget), kind_(kind) {}
    DescriptorBudget* budget_ = nullptr;
    Kind kind_{};
  };

  explicit DescriptorBudget(Shares shares) : shares_(shares) {}
  DescriptorBudget(const DescriptorBudget&) = delete;
  DescriptorBudget& operator=(const DescriptorBudget&) = delete;

  // Null: the kind's share and what is common are used up. The budget outlives the lease.
  std::optional<Lease> take(Kind kind);
  std::size_t share(Kind kind) const { return shares_.of_kind[index(kind)]; }
  std::size_t used(Kind kind) const { return used_[index(kind)].load(std::memory_order_relaxed); }

 private:
  static constexpr std::size_t index(Kind kind) { return static_cast<std::size_t>(kind); }

  Shares shares_;
  std::array<std::atomic<std::size_t>, kKinds> used_{};
};

}  // namespace railgun::net
