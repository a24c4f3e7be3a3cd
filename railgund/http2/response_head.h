// The head of an answer in HTTP/2's form (RFC 9113 8.3.2). A codec.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "railgund/base/field.h"
#include "railgund/http/message.h"

namespace railgun::http2 {

struct FieldView {
  std::string_view name;  // in any case: the encoder writes it in lower case
  std::string_view value;
};

// Views into the fields it was made from, and into itself.
class ResponseHead {
 public:
  // `status`: 100 to 999. `length`: kKnown is told, other kinds are not. Left out: fields that cannot be written, fields
  // of one hop, and, with `is_tunnel`, the answer to the key that RFC 8441 has no use for.
  ResponseHead(unsigned status, const Fields& fields, const http::BodyLength& length, bool is_tunnel = false);
  ResponseHead(const ResponseHead&) = delete;
  ResponseHead& operator=(const ResponseHead&) = delete;

  const std::vector<FieldView>& fields() const { return fields_; }

 private:
  std::array<char, 3> status_{};
  std::string length_;
  std::vector<FieldView> fields_;
};

}  // namespace railgun::http2
