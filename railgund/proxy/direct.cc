#include "railgund/proxy/direct.h"

#include <algorithm>
#include <utility>

#include "railgund/proxy/cf_railgun.h"
#include "railgund/proxy/forwarding.h"

namespace railgun::proxy {
namespace {

// `asks_for_identity`: an answer that the origin has coded cannot be coded against a dictionary.
http::Request with_our_hop(const SenderRequest& request, bool asks_for_identity) {
  http::Request asked = request.http;
  add_via(asked, request.direct_name());
  if (asks_for_identity) set_field(asked.fields, "accept-encoding", "identity");
  return asked;
}

}  // namespace

// The visitor's own Accept-Encoding goes on, unless its browser may have use for a dictionary: nothing is to be compared
// here.
Direct::Direct(SenderRequest& request, const SenderPorts& ports, std::string reason)
    : call_(ports.ask_origin(config::MappedOrigin{.targets = {*request.site->origin}},
                             with_our_hop(request, request.dictionary.wants_identity() && ports.compression.is_on()),
                             0)),
      reason_(std::move(reason)),
      asked_(ports.now()) {
  ports.counters().answers_direct.add();
  request.counts->direct.add();
}

Progress Direct::take(SenderRequest& request, const SenderPorts& ports, CallInput event) {
  if (auto* received = std::get_if<http::ResponseReceived>(&event)) {
    record(ports.counters().spread.origin_time, ports.now() - asked_);
    request.way = AccessRecord::Way::kDirect;
    request.origin_time = ports.now() - asked_;
    request.send_head(ports, std::move(received->response),
                      format_cf_railgun({.passage = Passage::kDirect, .reason = reason_}));
  } else if (const auto* interim = std::get_if<http::InterimReceived>(&event)) {
    if (interim->status != 100) ports.client.send_interim(interim->status, interim->fields, ports.now());
  } else if (auto* body = std::get_if<http::ResponseBody>(&event)) {
    bytes_ += body->bytes.size();
    body_.append(std::move(body->bytes));
  } else if (std::holds_alternative<http::TunnelEnd>(event)) {
    ended_ = true;
  } else if (auto* end = std::get_if<http::ResponseEnd>(&event)) {
    request.answer_trailers = std::move(end->trailers);
    ended_ = call_over_ = true;
  } else if (auto* busy = std::get_if<OriginBusy>(&event)) {
    return std::move(*busy);
  } else if (auto* failure = std::get_if<http::ExchangeFailed>(&event)) {
    return OriginFailed{std::move(failure->error)};
  }
  return pump(request, ports);
}

Progress Direct::pump(SenderRequest& request, const SenderPorts& ports) {
  pump_request(request, ports);
  const std::size_t count = request.send_body(ports, body_.view());
  if (count > 0) {
    body_.consume(count);
    call_.consumed(count);
  }
  if (!ended_ || !body_.empty()) return UnderWay{};
  if (call_over_) return Complete{};
  ports.client.send_end(ports.now());
  return UnderWay{};
}

void Direct::pump_request(SenderRequest& request, const SenderPorts& ports) {
  if (!request.has_body() || upload_closed_) return;
  if (request.upload_ended) call_.upload_at_hand();
  const std::size_t moved = std::min(request.upload.size(), call_.writable_bytes());
  if (moved > 0) call_.send(request.upload.view().first(moved));
  request.upload_taken(ports, moved);
  // An end before the connection is up would be lost: the bytes before it could not be written either.
  if (!request.upload_ended || !request.upload.empty() || call_.writable_bytes() == 0) return;
  call_.end(request.upload_trailers);
  upload_closed_ = true;
}

}  // namespace railgun::proxy
