#include "railgund/proxy/late_answer.h"

#include <utility>

#include "railgund/proxy/forwarding.h"

namespace railgun::proxy {

bool LateAnswer::is_worth_it(const SenderRequest& request, const OverLink& over) {
  return is_plain_get(request.http) && over.may_be_kept();
}

LateAnswer::LateAnswer(SenderRequest request, OverLink over, page::Cache::UnderWay page_under_way, Instant now)
    : request_(std::move(request)),
      over_(std::move(over)),
      bytes_before_(over_.passed().coded_bytes),
      deadline_(now + kTimeout),
      page_under_way_(std::move(page_under_way)) {
  // Nobody gets it, so nothing is compressed for a client or sampled.
  request_.encoder.reset();
  request_.dictionary = {};
}

void LateAnswer::take(const Ports& ports, StreamInput event) {
  if (!finished_) judge(ports, over_.take_late(request_, ports, std::move(event)));
}

void LateAnswer::count_held(Context& context) {
  const HeldBytes held = over_.held_bytes();
  if (!page_under_way_.set(context.cache, held.page)) finished_ = true;
  held_account_.update(context.counters, context.most_held, held);
}

void LateAnswer::count_end(Counters& counters) const {
  if (!kept_) over_.count_left(request_, counters);
}

void LateAnswer::judge(const Ports& ports, const Progress& progress) {
  if (std::holds_alternative<Complete>(progress)) {
    ports.counters().answers_late.add();
    over_.keep_late(request_, ports);
    kept_ = finished_ = true;
  } else if (!std::holds_alternative<UnderWay>(progress) || over_.passed().coded_bytes > bytes_before_ + kMostBytes) {
    finished_ = true;
  }
}

}  // namespace railgun::proxy
