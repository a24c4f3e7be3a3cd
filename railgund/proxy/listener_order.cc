#include "railgund/proxy/listener_order.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace railgun::proxy {
namespace {

// What counts at once, so that a listener that comes back is tried.
constexpr double kLeastPart = 1.0 / 16;

// Evenly spread over (0, 1], by page and listener.
double lot(const Id128& page, const Endpoint& listener) {
  const std::uint64_t drawn = hash64(page.bytes, hash64(as_bytes(listener.host), listener.port));
  constexpr double kSteps = 9007199254740992.0;  // 2^53, as many as a double tells apart
  return (static_cast<double>(drawn >> 11) + 1) / kSteps;
}

}  // namespace

std::vector<Endpoint> listener_order(std::vector<WeighedListener> listeners, const Id128& page) {
  std::vector<std::pair<double, std::size_t>> scores;
  for (std::size_t i = 0; i < listeners.size(); ++i) {
    const WeighedListener& listener = listeners[i];
    const double score = listener.weight > 0 ? -std::log(lot(page, listener.endpoint)) / listener.weight
                                             : std::numeric_limits<double>::infinity();
    scores.emplace_back(score, i);
  }
  std::ranges::stable_sort(scores, {}, &std::pair<double, std::size_t>::first);
  std::vector<Endpoint> order;
  order.reserve(listeners.size());
  for (const auto& [score, i] : scores) order.push_back(std::move(listeners[i].endpoint));
  return order;
}

double part_of_weight(Duration reachable, Duration slow_start) {
  if (reachable >= slow_start) return 1;
  return std::max(static_cast<double>(reachable.count()) / static_cast<double>(slow_start.count()), kLeastPart);
}

}  // namespace railgun::proxy
