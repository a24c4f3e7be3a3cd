// The head of a request as HTTP/2 brings it, field by field, and the Request that it means. A codec.
//
// A head is rewritten as the HTTP/1.1 head that says the same (RFC 9113 8.3), and http/policy.h judges that one: there
// is one policy for both protocols. What HTTP/2 alone forbids or allows is settled here.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "railgund/base/field.h"
#include "railgund/http/message.h"
#include "railgund/http/refusal.h"
#include "railgund/http2/priority.h"

namespace railgun::http2 {

struct RequestHeadLimits {
  std::size_t bytes;        // names and values, and four for each field, as in HTTP/1.1
  std::size_t field_count;  // cookie crumbs count one each
};

class RequestHead {
 public:
  explicit RequestHead(RequestHeadLimits limits) : limits_(limits) {}

  // The next field, pseudo-fields included. Over the limits nothing more is kept.
  void add(std::string_view name, std::string_view value);
  // Of all that was added, kept or not.
  std::size_t bytes() const { return bytes_; }
  bool is_too_large() const { return bytes_ > limits_.bytes || count_ > limits_.field_count; }
  bool is_head_request() const { return method_ == "HEAD"; }

  // What the Priority field says; nothing if there is none or it is malformed.
  std::optional<Priority> priority() const;

  // The request. `ends`: no body follows. `secure`: the connection came in over TLS. Refusals, besides those of
  // http::judge_request():
  //   400  a pseudo-field missing, twice, unknown or after a regular one; a scheme other than http and https; a path
  //        that is none; names in upper case; fields of one connection (Connection and its kin); "TE" other than
  //        "trailers"; Host that differs from :authority; Content-Length that is not what follows
  //   431  too large
  //   501  CONNECT, but for WebSockets (RFC 8441), which becomes a GET with an upgrade
  // Cookie crumbs are joined (RFC 9113 8.2.3).
  http::Judged<http::Request> finish(bool ends, bool secure) &&;

 private:
  void add_pseudo(std::string_view name, std::string_view value);
  void add_regular(std::string_view name, std::string_view value);
  void refuse_as(std::string text);
  http::Judged<void> settle_authority();
  http::Judged<void> settle_target() const;

  RequestHeadLimits limits_;
  std::size_t bytes_ = 0;
  std::size_t count_ = 0;
  std::optional<std::string> method_, scheme_, authority_, path_, protocol_;
  Fields fields_;
  std::optional<std::size_t> cookie_;  // its place in fields_
  std::optional<std::string> fault_;   // the first one
};

}  // namespace railgun::http2
