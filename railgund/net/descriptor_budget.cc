#include "railgund/net/descriptor_budget.h"

#include <algorithm>
#include <cstddef>

namespace railgun::net {
namespace {

// Of the process: listening sockets, logs, memcached, 32 clients of the control socket. Of each worker: its loop and
// its name look-ups.
constexpr std::size_t kOfProcess = 72;
constexpr std::size_t kOfWorker = 8;

}  // namespace

DescriptorBudget::Shares DescriptorBudget::shares(std::size_t limit, std::size_t workers, bool is_sender) {
  const std::size_t base = std::min(kOfProcess + workers * kOfWorker, limit / 2);
  const std::size_t rest = limit - base;
  Shares shares;
  const auto give = [&](Kind kind, std::size_t count) { shares.of_kind[index(kind)] = count; };
  give(Kind::kClient, is_sender ? rest / 4 : 0);
  give(Kind::kNewcomer, rest / 8);
  give(Kind::kLink, is_sender ? rest / 8 : rest / 4);
  give(Kind::kOrigin, is_sender ? rest / 8 : rest / 4);
  shares.common = rest;
  for (const std::size_t share : shares.of_kind) shares.common -= share;
  return shares;
}

std::optional<DescriptorBudget::Lease> DescriptorBudget::take(Kind kind) {
  if (used(kind) >= shares_.of_kind[index(kind)]) {
    std::size_t common_used = 0;
    for (std::size_t each = 0; each < kKinds; ++each) {
      const std::size_t used = used_[each].load(std::memory_order_relaxed);
      common_used += used - std::min(used, shares_.of_kind[each]);
    }
    if (common_used >= shares_.common) return std::nullopt;
  }
  used_[index(kind)].fetch_add(1, std::memory_order_relaxed);
  return Lease(*this, kind);
}

}  // namespace railgun::net
