// One request and its answer, as a ServerConnection holds them. For server_connection*.cc alone.
#pragma once

#include <cstdint>
#include <memory>

#include "railgund/base/byte_queue.h"
#include "railgund/base/time.h"
#include "railgund/http/body_writer.h"
#include "railgund/http2/priority.h"
#include "railgund/http2/request_head.h"
#include "railgund/http2/server_connection.h"

namespace railgun::http2 {

struct Stream {
  enum class Reading : std::uint8_t {
    kHead,
    kBody,
    kTunnel,
    kIgnored,  // what was to go through a tunnel that was refused
    kEnded,    // the client has sent END_STREAM
  };
  enum class Answering : std::uint8_t {
    kNothing,  // the head is not complete
    kAwaited,  // the layer above has the request
    kBody,     // the head is written
    kTunnel,
    kEnded,  // all was given to us
  };

  Stream(StreamId its_id, RequestHeadLimits limits, Instant now)
      : id(its_id), head(std::make_unique<RequestHead>(limits)), read_at(now), write_at(now) {}

  bool is_answering() const { return answering == Answering::kBody || answering == Answering::kTunnel; }
  // There are, or may be, bytes of the answer that the client has not been sent.
  bool has_more_to_send() const { return is_answering() || (answering == Answering::kEnded && !end_sent); }

  StreamId id;
  std::uint64_t tag = 0;
  Reading reading = Reading::kHead;
  Answering answering = Answering::kNothing;
  Priority priority = {};
  bool is_head = false;
  bool is_connect = false;  // asked for a tunnel
  bool is_long = false;     // may be silent as long as a tunnel: a request of gRPC
  bool accepts_trailers = false;
  bool awaits_continue = false;  // the client may hold its body back until it is told to go on
  bool is_tunnel = false;        // got one
  bool has_too_many_trailers = false;
  bool drops_body = false;  // the answer is to HEAD, or 204 or 304
  bool end_sent = false;    // END_STREAM has been pulled
  bool is_writable_noted = false;
  std::unique_ptr<RequestHead> head;  // while it comes
  std::size_t trailer_bytes = 0;      // of the request, also of trailers that are not kept
  Fields trailers = {};               // of the request, within http::kMostTrailerBytes

  std::size_t unread = 0;                          // bytes given up, or held in `early`, and not yet consumed
  ByteQueue early;                                 // of a tunnel, before there is one; within the stream's window
  std::unique_ptr<http::Response> held_head = {};  // of an answer without a body: sent when it ends
  http::BodyWriter answer;
  Fields answer_trailers = {};
  ByteQueue output;

  Instant read_at;   // the last progress of the request's body, see http/progress.h
  Instant write_at;  // of the answer
  // The client's window is used up: the answer cannot go on.
  bool is_blocked = false;
  // All that was given to us was sent, and there was window left: what comes next is not late.
  bool caught_up = true;
};

}  // namespace railgun::http2
