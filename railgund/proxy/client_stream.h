// One request's way back to its client, in whichever protocol it came. An exchange answers through it and does not know
// more. Made for each call; see http::ServerConnection for what each command means.
#pragma once

#include <cstddef>
#include <string_view>

#include "railgund/base/bytes.h"
#include "railgund/base/time.h"
#include "railgund/http/server_connection.h"
#include "railgund/http2/server_connection.h"

namespace railgun::proxy {

class ClientStream {
 public:
  // The connection outlives the stream.
  explicit ClientStream(http::ServerConnection& connection) : http1_(&connection) {}
  ClientStream(http2::ServerConnection& connection, http2::StreamId stream) : http2_(&connection), stream_(stream) {}

  bool is_http2() const { return http2_ != nullptr; }
  void send_interim(unsigned status, const Fields& fields, Instant now) const {
    http2_ != nullptr ? http2_->send_interim(stream_, status, fields, now) : http1_->send_interim(status, fields, now);
  }
  void send_response(const http::Response& response, Instant now) const {
    http2_ != nullptr ? http2_->send_response(stream_, response, now) : http1_->send_response(response, now);
  }
  void switch_to_tunnel(const http::Response& response, Instant now) const {
    http2_ != nullptr ? http2_->switch_to_tunnel(stream_, response, now) : http1_->switch_to_tunnel(response, now);
  }
  std::size_t writable_bytes() const {
    return http2_ != nullptr ? http2_->writable_bytes(stream_) : http1_->writable_bytes();
  }
  std::size_t waiting_bytes() const {
    return http2_ != nullptr ? http2_->waiting_bytes(stream_) : http1_->waiting_bytes();
  }
  void send_body(ByteView bytes, Instant now) const {
    http2_ != nullptr ? http2_->send_body(stream_, bytes, now) : http1_->send_body(bytes, now);
  }
  void send_end(Instant now, const Fields& trailers = {}) const {
    http2_ != nullptr ? http2_->send_end(stream_, now, trailers) : http1_->send_end(now, trailers);
  }
  void abort() const { http2_ != nullptr ? http2_->abort(stream_) : http1_->abort(); }
  void send_error(unsigned status, std::string_view line, const Fields& extra, Instant now) const {
    http2_ != nullptr ? http2_->send_error(stream_, status, line, extra, now)
                      : http1_->send_error(status, line, extra, now);
  }
  void body_consumed(std::size_t bytes, Instant now) const {
    http2_ != nullptr ? http2_->body_consumed(stream_, bytes, now) : http1_->body_consumed(bytes, now);
  }

 private:
  http::ServerConnection* http1_ = nullptr;  // one of the two
  http2::ServerConnection* http2_ = nullptr;
  http2::StreamId stream_{};
};

}  // namespace railgun::proxy
