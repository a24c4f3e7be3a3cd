// A sender's request on its way to the site's origin itself, because there is no link for it.
#pragma once

#include <string>

#include "railgund/proxy/exchange_outcome.h"
#include "railgund/proxy/held_bytes.h"
#include "railgund/proxy/sender_request.h"

namespace railgun::proxy {

class Direct {
 public:
  // Asks the origin. `reason`: why not over a link, for the Cf-Railgun header. The site must have an origin.
  Direct(SenderRequest& request, const SenderPorts& ports, std::string reason);

  // An event of the call. Not to be called again after Complete or OriginFailed.
  Progress take(SenderRequest& request, const SenderPorts& ports, CallInput event);
  // Moves what can be moved, both ways.
  Progress pump(SenderRequest& request, const SenderPorts& ports);

  HeldBytes held_bytes() const { return {.decoded = body_.size()}; }
  Passed passed() const { return {.page_bytes = bytes_, .coded_bytes = bytes_}; }

 private:
  void pump_request(SenderRequest& request, const SenderPorts& ports);

  OriginCall call_;
  std::string reason_;
  Instant asked_;
  ByteQueue body_;          // held for the client; bounded by the origin connection's limit on unread bytes
  bool ended_ = false;      // by the origin; of a tunnel: its direction
  bool call_over_ = false;  // of a tunnel: both directions
  std::uint64_t bytes_ = 0;
  bool upload_closed_ = false;
};

}  // namespace railgun::proxy
