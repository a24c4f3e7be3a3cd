// The inside of ClientConnection: for client_connection*.cc only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "railgund/base/byte_queue.h"
#include "railgund/http/body_reader.h"
#include "railgund/http/body_writer.h"
#include "railgund/http/client_connection.h"
#include "railgund/http/deadline.h"
#include "railgund/http/event_list.h"
#include "railgund/http/head_reader.h"
#include "railgund/http/policy.h"

namespace railgun::http {

struct ClientConnection::State {
  enum class Reading : std::uint8_t {
    kIdle,  // nothing may come
    kHead,  // of the answer, or of an interim one
    kBody,
    kTunnel,
    kBroken,  // of no more use: whatever comes is thrown away
  };

  State(ClientLimits l, Instant now) : limits(l), read_at(now), write_at(now) {}

  ClientLimits limits;
  Reading reading = Reading::kIdle;
  unsigned exchanges = 0;
  Instant read_at;   // the answer's last progress, or the time from which it is waited for
  Instant write_at;  // the request's last progress
  ByteQueue output;
  EventList<ClientEvent> events;
  std::size_t unread = 0;

  // Of the exchange under way.
  BodyWriter request_body;
  bool request_complete = true;  // of a tunnel: our direction has ended
  bool tunnel_ended = false;     // by the origin
  bool request_pulled = false;   // a byte of it
  bool awaits_continue = false;
  bool answer_begun = false;
  bool keep_alive = false;
  std::optional<Duration> announced_idle;
  unsigned interims = 0;
  Asked asked;
  std::unique_ptr<HeadReader> head;
  BodyReader body{BodyLength{}};

  void begin_head();
  std::size_t read(ByteView bytes, Instant now);
  std::size_t read_head(ByteView bytes);
  std::size_t read_body(ByteView bytes);
  void accept_head(RawHead raw);
  void finish_answer();
  void end_tunnel();
  void break_off();
  void fail(Errc code, std::string text);

  bool is_asking() const { return reading == Reading::kHead || reading == Reading::kBody; }
  // What an end means that comes before the head of the answer has.
  Errc ended_before_answer() const {
    return !answer_begun && (exchanges > 1 || !request_pulled) ? Errc::kUnavailable : Errc::kMalformed;
  }
  Instant read_deadline() const;
  Instant write_deadline() const { return output.empty() ? kNever : deadline_after(write_at, limits.write_timeout); }
};

}  // namespace railgun::http
