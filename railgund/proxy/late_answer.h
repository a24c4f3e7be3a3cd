// The rest of an answer that its visitor gave up: it is taken all the same if little of it is missing, so that both ends
// keep it and the next visitor's answer is a delta.
#pragma once

#include <cstddef>

#include "railgund/base/time.h"
#include "railgund/page/cache.h"
#include "railgund/proxy/held_bytes.h"
#include "railgund/proxy/over_link.h"
#include "railgund/proxy/sender_request.h"

namespace railgun::proxy {

class LateAnswer {
 public:
  // Of one worker at a time. Without room for more an answer is cancelled.
  static constexpr std::size_t kMost = 16;
  // Bytes on the link after the visitor has left, and how long they may take. Over either the answer is cancelled.
  static constexpr std::size_t kMostBytes = 64 * 1024;
  static constexpr Duration kTimeout = std::chrono::seconds(2);

  // Whether the rest of this answer may be taken.
  static bool is_worth_it(const SenderRequest& request, const OverLink& over);

  // `page_under_way`: what the page counts as, up to now.
  LateAnswer(SenderRequest request, OverLink over, page::Cache::UnderWay page_under_way, Instant now);

  // Takes what has come already. Once, first of all.
  void begin(const Ports& ports) { judge(ports, over_.pump_late()); }
  // An event of the stream.
  void take(const Ports& ports, StreamInput event);
  Instant deadline() const { return deadline_; }
  // It was kept or given up. What is not complete is cancelled with it.
  bool is_finished() const { return finished_; }
  // Once, last of all.
  void count_end(Counters& counters) const;
  void on_deadline(Instant now) { finished_ = finished_ || now >= deadline_; }
  // After every call: what is held now. A page for which there is no room in the cache's share of pages under way is of
  // no use to anybody: it is given up.
  void count_held(Context& context);

 private:
  void judge(const Ports& ports, const Progress& progress);

  SenderRequest request_;
  OverLink over_;
  std::uint64_t bytes_before_;  // that had come when the visitor left
  Instant deadline_;
  bool finished_ = false;
  bool kept_ = false;
  HeldAccount held_account_;
  page::Cache::UnderWay page_under_way_;
};

}  // namespace railgun::proxy
