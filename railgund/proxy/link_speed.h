// How many bytes a second a link carries, from what its shell measures now and then. Most of the time a link has little
// to carry, and such a rate says only that it is at least so fast.
#pragma once

#include <algorithm>
#include <cstdint>

namespace railgun::proxy {

struct LinkRate {
  std::uint64_t bytes_per_second = 0;
  bool is_least = false;  // the link had too little to carry
};

class LinkSpeed {
 public:
  void add(const LinkRate& rate) {
    if (rate.is_least) {
      // What was measured under load counts, unless this shows that it was too low.
      if (bytes_per_second_ != 0) bytes_per_second_ = std::max(bytes_per_second_, rate.bytes_per_second);
    } else {
      bytes_per_second_ =
          bytes_per_second_ == 0 ? rate.bytes_per_second : (3 * bytes_per_second_ + rate.bytes_per_second) / 4;
    }
  }
  // 0: not known.
  std::uint64_t bytes_per_second() const { return bytes_per_second_; }

 private:
  std::uint64_t bytes_per_second_ = 0;
};

}  // namespace railgun::proxy
