// What one worker has counted for each host. Written by its thread alone, read by any: places are only ever added.
//
// Hosts come from strangers, so they are bounded: those that the settings name always get a place of their own, others
// the first kMostUnnamed of them; the rest are counted together.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "railgund/proxy/counter.h"

namespace railgun::proxy {

struct SiteCounters {
  explicit SiteCounters(std::string_view name) : host(name) {}
  const std::string host;  // lower case, without port
  Counter requests, delta, full, stream, direct, failed;
  Counter page_bytes, coded_bytes;  // of answers over links
  // A sender's: page bytes that did not cross the link, by how the reference was found.
  Counter saved_exact, saved_address, saved_shape, saved_sibling, saved_store, saved_content;
  // A sender's: what crossed the link whole, in bytes there, by the reason (proxy/exchange_outcome.h).
  Counter whole_type_bytes, whole_large_bytes, whole_unkept_bytes, whole_missing_bytes, whole_unknown_bytes;
  Counter whole_left_bytes;
};

class SiteTable {
 public:
  static constexpr std::size_t kMostUnnamed = 200;
  static constexpr std::size_t kMostSites = 1000;
  // No host has this name.
  static constexpr std::string_view kOther = "(other)";

  SiteTable() : other_(kOther) {}

  // The host's place, made if there is room. `is_named`: the settings name it. By the writing thread alone; the
  // reference is good for as long as the table.
  SiteCounters& at(std::string_view host, bool is_named);
  // Where hosts without a place are counted.
  SiteCounters& other() { return other_; }

  // Calls `look` with each place, kOther last. By any thread.
  template <typename Look>
  void each(Look look) const {
    const std::size_t used = used_.load(std::memory_order_acquire);
    for (std::size_t i = 0; i < used; ++i) look(*places_[i]);
    look(other_);
  }

 private:
  // A place is there before used_ tells of it, and stays.
  std::array<std::unique_ptr<SiteCounters>, kMostSites> places_;
  std::atomic<std::size_t> used_ = 0;
  SiteCounters other_;
  std::unordered_map<std::string_view, SiteCounters*> by_host_;  // keys: the places' own names
  std::size_t unnamed_ = 0;
};

}  // namespace railgun::proxy
