// Which origins could not be reached a moment ago, and which are not to be tried at all for now. Strangers choose hosts,
// so the table is bounded: it holds targets in trouble only, at most kMost of them. Pure.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "railgund/base/time.h"

namespace railgun::proxy {

class OriginHealth {
 public:
  static constexpr std::size_t kMost = 1000;
  // A target that could not be reached is tried after the others for so long.
  static constexpr Duration kSickFor = std::chrono::seconds(10);
  // A target in trouble that nobody asked for so long is forgotten.
  static constexpr Duration kForgetAfter = std::chrono::minutes(5);
  // So many connections in a row that nobody answered open the breaker: requests are refused at once from then on, and
  // probes find out when the target is back, at most kLongestProbe apart. A target that refuses connections costs
  // nothing to try, so it never opens the breaker.
  static constexpr unsigned kSilentToOpen = 2;
  static constexpr Duration kFirstProbe = std::chrono::seconds(1);
  static constexpr Duration kLongestProbe = std::chrono::seconds(16);

  void reached(const std::string& target) { erase(target); }
  // `silent`: no answer in time, neither yes nor no.
  void failed(const std::string& target, bool silent, Instant now);

  bool is_sick(const std::string& target, Instant now) const;
  bool is_open(const std::string& target) const;
  // The breaker is open and a probe is due: the caller starts one, and reports reached() or failed().
  bool begin_probe(const std::string& target, Instant now);
  // When the next probe is due, after `now`: what a client may be told to wait for.
  Duration until_probe(const std::string& target, Instant now) const;

  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    Instant failed_at{};
    unsigned silent = 0;  // in a row
    bool is_probing = false;
    Duration probe_every = kFirstProbe;
    Instant next_probe{};
  };
  void erase(const std::string& target);
  void make_room(Instant now);

  std::map<std::string, Entry> entries_;
  std::set<std::pair<Instant, std::string>> by_failure_;  // the same, longest ago first
};

}  // namespace railgun::proxy
