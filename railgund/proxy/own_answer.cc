#include "railgund/proxy/own_answer.h"

#include "railgund/proxy/cf_railgun.h"
#include "railgund/proxy/dictionaries.h"

namespace railgun::proxy {

Progress OwnAnswer::pump(SenderRequest& request, const SenderPorts& ports) {
  if (!request.head_sent) {
    ports.counters().dictionaries_sent.add();
    request.send_head(ports, Dictionaries::head_of(*dictionary_),
                      format_cf_railgun({.passage = Passage::kNormal, .id = request.id(), .version = "0000"}));
  }
  const ByteView bytes = dictionary_->bytes();
  if (request.http.method == "HEAD") return Complete{};
  for (;;) {
    const std::size_t count = request.send_body(ports, bytes.subspan(sent_));
    if (count == 0) break;
    sent_ += count;
  }
  if (sent_ < bytes.size()) return UnderWay{};
  return Complete{};
}

}  // namespace railgun::proxy
