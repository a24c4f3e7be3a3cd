// What a ServerConnection holds, and how its reading and its writing side move on. For server_connection.cc alone.
#pragma once

#include <memory>

#include "railgund/base/byte_queue.h"
#include "railgund/http/body_reader.h"
#include "railgund/http/body_writer.h"
#include "railgund/http/event_list.h"
#include "railgund/http/head_reader.h"
#include "railgund/http/policy.h"
#include "railgund/http/server_connection.h"

namespace railgun::http {

struct ServerConnection::State {
  // What the connection reads.
  enum class Reading : std::uint8_t {
    kIdle,  // nothing of a request yet
    kHead,
    kBody,
    kHeld,  // the request is complete: what comes is the next one's, and kept until this one is answered
    kTunnel,
    kDropped,  // whatever comes is thrown away
  };

  enum class Answering : std::uint8_t {
    kNothing,  // no request
    kAwaited,  // the layer above has the request
    kBody,     // the head is written
    kTunnel,
  };

  // One request and its answer.
  struct Exchange {
    Exchange(const Request& request, BodyReader reader)
        : body(reader),
          is_head(request.method == "HEAD"),
          minor_version(request.minor_version),
          keep_alive(request.keep_alive),
          awaits_continue(request.expects_continue),
          accepts_trailers(request.accepts_trailers) {}

    BodyReader body;
    bool is_head;
    int minor_version;
    bool keep_alive;
    bool awaits_continue;  // the client may hold its body back until it is told to go on
    bool accepts_trailers;
    BodyWriter answer;
    bool drops_body = false;  // the answer is to HEAD, or 204 or 304
  };

  State(ServerLimits l, bool is_secure, Instant n)
      : limits(l), secure(is_secure), now(n), read_at(n), write_at(n), pulled_at(n) {}

  ServerLimits limits;
  bool secure;
  Reading reading = Reading::kIdle;
  Answering answering = Answering::kNothing;
  bool draining = false;  // no request after this one
  bool client_ended = false;
  bool output_ended = false;  // of a tunnel: nothing more is to be sent
  bool closing = false;       // nothing will be written but what `output` holds
  bool reset = false;
  Instant idle_end{};  // draining: until then one may still begin
  Instant now;         // as last told
  Instant read_at;     // the reading side's last progress, see http/progress.h
  Instant write_at;    // the writing side's
  Instant pulled_at;   // the last pull
  std::uint64_t requests = 0;
  std::size_t unread = 0;  // body bytes given and not yet consumed
  ByteQueue input;
  ByteQueue output;
  EventList<ServerEvent> events;
  std::unique_ptr<HeadReader> head;
  std::unique_ptr<Exchange> exchange;

  void consume_input();
  std::size_t read(ByteView bytes);
  std::size_t read_head(ByteView bytes);
  std::size_t read_body(ByteView bytes);
  void begin_exchange(RawHead raw);
  void settle_end();

  // Another request may be begun: not so many answers are waiting to be taken.
  bool has_room_for_answer() const { return output.size() < limits.finished_output_bytes; }
  bool will_keep_alive(BodyLength::Kind framing) const;
  void write(Bytes&& bytes);
  void finish_answer();
  void answer_refusal(const Refusal& refusal, bool with_body);
  void cut_answer();
  void lose_client();
  void close();

  Instant tunnel_deadline() const;
  Instant read_deadline() const;
  Instant write_deadline() const;
  void on_read_timeout();

  bool is_awaiting_body() const {
    return reading == Reading::kBody && !exchange->awaits_continue && unread < limits.unread_bytes;
  }
};

}  // namespace railgun::http
