#include "railgund/proxy/urgency.h"

#include "railgund/http2/priority.h"
#include "railgund/page/media_class.h"

namespace railgun::proxy {
namespace {

std::uint8_t urgency_of_kind(const http::Response& response) {
  switch (page::media_class_of(response.status, field_value(response.fields, "content-type"))) {
    case page::MediaClass::kPage:
    case page::MediaClass::kStyle:
      return 2;
    case page::MediaClass::kImage:
      return 4;
    case page::MediaClass::kOther:
      return 5;
    case page::MediaClass::kUnknown:
    case page::MediaClass::kScript:
    case page::MediaClass::kData:
    case page::MediaClass::kFeed:
    case page::MediaClass::kFont:
    case page::MediaClass::kError:
      break;
  }
  return http2::Priority{}.urgency;
}

}  // namespace

std::uint8_t urgency_of(const http::Request& request, const http::Response& response) {
  http2::Priority priority{.urgency = urgency_of_kind(response)};
  if (const Field* const asked = find_field(request.fields, "priority")) {
    if (const auto parsed = http2::parse_priority(asked->value)) priority = *parsed;
  }
  http2::apply_priority(field_value(response.fields, "priority"), priority);
  return priority.urgency;
}

}  // namespace railgun::proxy
