#include "railgund/http/answer.h"

#include "railgund/base/check.h"

namespace railgun::http {

bool is_bodyless(unsigned status, bool is_head) { return is_head || status == 204 || status == 304; }

BodyLength framed_length(const Response& response, bool is_head, int minor_version) {
  BodyLength length = response.body;
  if (is_bodyless(response.status, is_head)) {
    // What a GET would have brought may be told, but not with 204.
    const bool is_told = length.kind == BodyLength::Kind::kKnown && response.status != 204;
    return is_told ? length : BodyLength{};
  }
  if (length.kind == BodyLength::Kind::kNone) return {BodyLength::Kind::kKnown, 0};
  if (length.kind != BodyLength::Kind::kKnown) {
    length.kind = minor_version == 0 ? BodyLength::Kind::kToClose : BodyLength::Kind::kChunked;
  }
  return length;
}

Framing::Connection connection_field(bool keep_alive, int minor_version) {
  if (!keep_alive) return Framing::Connection::kClose;
  return minor_version == 0 ? Framing::Connection::kKeepAlive : Framing::Connection::kUnsaid;
}

Bytes small_answer(unsigned status, std::string_view line, const Fields& extra, bool with_body,
                   Framing::Connection connection) {
  Fields fields{{"Content-Type", "text/plain; charset=utf-8"}};
  fields.insert(fields.end(), extra.begin(), extra.end());
  const Framing framing{.body = {BodyLength::Kind::kKnown, line.size() + 1}, .connection = connection};
  const unsigned final_status = status >= 200 && status <= 999 ? status : 502;
  Bytes bytes;
  RAILGUN_CHECK(write_response_head(bytes, final_status, {}, fields, framing).has_value());
  if (with_body) {
    append(bytes, as_bytes(line));
    bytes.push_back('\n');
  }
  return bytes;
}

}  // namespace railgun::http
