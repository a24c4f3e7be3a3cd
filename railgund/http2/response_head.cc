#include "railgund/http2/response_head.h"

#include "railgund/base/text.h"
#include "railgund/http/policy.h"
#include "railgund/http/syntax.h"

namespace railgun::http2 {
namespace {

bool may_be_written(const Field& field) {
  return http::is_token(field.name) && http::is_field_value(field.value) && !http::is_hop_by_hop(field.name);
}

}  // namespace

ResponseHead::ResponseHead(unsigned status, const Fields& fields, const http::BodyLength& length, bool is_tunnel)
    : status_{static_cast<char>('0' + status / 100 % 10), static_cast<char>('0' + status / 10 % 10),
              static_cast<char>('0' + status % 10)} {
  fields_.reserve(fields.size() + 2);
  fields_.push_back({":status", {status_.data(), status_.size()}});
  for (const Field& field : fields) {
    if (!may_be_written(field) || (is_tunnel && same_name(field.name, "Sec-WebSocket-Accept"))) continue;
    fields_.push_back({field.name, http::trim_blanks(field.value)});
  }
  if (length.kind != http::BodyLength::Kind::kKnown) return;
  length_ = std::to_string(length.bytes);
  fields_.push_back({"content-length", length_});
}

}  // namespace railgun::http2
