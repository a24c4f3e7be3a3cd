// One request of a client as the access log tells it, and the lines that are made of it. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "railgund/base/time.h"
#include "railgund/config/config.h"

namespace railgun::proxy {

struct AccessRecord {
  // How the answer came. kOwn: from the sender itself, such as a redirect or an error.
  enum class Way : std::uint8_t { kOwn, kDelta, kFull, kStream, kDirect };

  std::string client{}, method{}, host{}, target{}, referer{}, user_agent{};
  std::string id{};        // as in Cf-Railgun
  bool is_secure = false;  // the client's connection is under TLS
  int major_version = 1, minor_version = 1;
  unsigned status = 0;           // 0: the client left before there was one
  bool is_complete = false;      // all of the answer was handed to the client's connection
  std::uint64_t body_bytes = 0;  // of the answer's body as the client got it, compressed or not
  Way way = Way::kOwn;
  // Over a link: of the body as the origin sent it, and what stood for it on the link.
  std::uint64_t page_bytes = 0, link_bytes = 0;
  Duration total{};   // from the request's head to the answer's end
  Duration link{};    // from asking over the link to the answer's head
  Duration origin{};  // from the request to the head of the origin's answer, as seen beside it
};

// "delta", …
const char* name_of(AccessRecord::Way way);

// `time`: when the answer ended. The line has no line end, and no control characters whatever the client sent.
// combined: as Apache and nginx write it. json: one object.
std::string access_line(const AccessRecord& record, config::AccessFormat format, WallTime time);

}  // namespace railgun::proxy
