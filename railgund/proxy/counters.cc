#include "railgund/proxy/counters.h"

#include <algorithm>

namespace railgun::proxy {

void record(Histogram& histogram, Duration time) {
  histogram.record(static_cast<std::uint64_t>(std::max<Duration::rep>(time.count(), 0)));
}

void record_sizes(Distributions& spread, std::uint64_t page_bytes, std::uint64_t coded_bytes, bool is_delta) {
  spread.page_bytes.record(page_bytes);
  if (!is_delta) return;
  spread.delta_bytes.record(coded_bytes);
  if (page_bytes > 0) spread.delta_parts.record(coded_bytes * 1'000'000 / page_bytes);
}

}  // namespace railgun::proxy
