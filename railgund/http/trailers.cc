#include "railgund/http/trailers.h"

#include <algorithm>
#include <iterator>

#include "railgund/base/text.h"
#include "railgund/http/policy.h"
#include "railgund/http/syntax.h"

namespace railgun::http {

bool may_be_trailer(std::string_view name) {
  constexpr std::string_view kForbidden[] = {
      // Routing and framing, besides the fields of one hop.
      "Host", "Expect", "Max-Forwards", "Via", "Forwarded", "HTTP2-Settings",
      // Request modifiers.
      "Cache-Control", "Pragma", "Range", "Priority",
      // Authentication and state.
      "Authorization", "Authentication-Info", "Cookie", "Set-Cookie", "WWW-Authenticate",
      // Response control.
      "Age", "Alt-Svc", "Date", "Expires", "Location", "Retry-After", "Status", "Strict-Transport-Security", "Vary",
      "Warning",
      // The body's format.
      "Content-Disposition", "Content-Encoding", "Content-Location", "Content-Range", "Content-Type"};
  if (name.empty() || name.front() == ':' || is_hop_by_hop(name)) return false;
  constexpr std::string_view kConditional = "If-";
  if (same_name(name.substr(0, kConditional.size()), kConditional)) return false;
  return std::none_of(std::begin(kForbidden), std::end(kForbidden),
                      [&](std::string_view forbidden) { return same_name(forbidden, name); });
}

void keep_trailers(Fields& fields) {
  std::erase_if(fields, [](const Field& field) {
    return !is_token(field.name) || !is_field_value(field.value) || !may_be_trailer(field.name);
  });
  if (fields.size() > kMostTrailerFields) fields.resize(kMostTrailerFields);
}

bool accepts_trailers(const Fields& fields) {
  return std::any_of(fields.begin(), fields.end(), [](const Field& field) {
    if (!same_name(field.name, "TE")) return false;
    const auto codings = split_list(field.value);
    return std::any_of(codings.begin(), codings.end(), [](std::string_view coding) {
      return same_name(trim_blanks(coding.substr(0, coding.find(';'))), "trailers");
    });
  });
}

}  // namespace railgun::http
