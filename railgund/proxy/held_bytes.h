// The bytes that one exchange holds in memory while somebody is slow. The statistics show the sums, and the simulator
// checks each exchange against held_limits() after every step.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>

#include "railgund/proxy/counters.h"

namespace railgun::proxy {

struct HeldBytes {
  std::size_t upload = 0;   // of the request's body, on its way to the origin
  std::size_t decoded = 0;  // of the answer's body as the origin sent it or as the client gets it
  std::size_t coded = 0;    // what stands for it on the link
  std::size_t page = 0;     // the page so far, which may become a version; not counted in `decoded`
  std::size_t sample = 0;   // the page so far, which a dictionary may be made from
};

// One exchange's part in its worker's gauges. Ends with the exchange.
class HeldAccount {
 public:
  HeldAccount() = default;
  HeldAccount(HeldAccount&& other) noexcept
      : counters_(std::exchange(other.counters_, nullptr)), counted_(other.counted_) {}
  HeldAccount& operator=(HeldAccount&&) = delete;
  ~HeldAccount() {
    if (counters_ != nullptr) set(*counters_, {});
  }

  // `counters`: the same each time; they outlive the account. `most`: the most that one exchange has held, made true.
  void update(Counters& counters, HeldBytes& most, const HeldBytes& held) {
    counters_ = &counters;
    set(counters, held);
    most = {.upload = std::max(most.upload, held.upload),
            .decoded = std::max(most.decoded, held.decoded),
            .coded = std::max(most.coded, held.coded),
            .page = std::max(most.page, held.page),
            .sample = std::max(most.sample, held.sample)};
  }

 private:
  void set(Counters& counters, const HeldBytes& held) {
    const auto change = [](Counter& gauge, std::size_t before, std::size_t now) {
      if (before != now) gauge.set(gauge.get() + now - before);
    };
    change(counters.held_upload, counted_.upload, held.upload);
    change(counters.held_decoded, counted_.decoded, held.decoded);
    change(counters.held_coded, counted_.coded, held.coded);
    change(counters.held_page, counted_.page, held.page);
    change(counters.held_sample, counted_.sample, held.sample);
    counted_ = held;
  }

  Counters* counters_ = nullptr;  // null: nothing counted yet
  HeldBytes counted_;
};

}  // namespace railgun::proxy
