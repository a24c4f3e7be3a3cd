// Fuzzes: http2 http base
// Arbitrary bytes after a client's opening. Oracles: however the input is cut, the same requests come of it; a request
// that passes is read back, from what would be written to the origin, as the same request; answers that are held stay
// within their limit; every exchange that begins is finished or told that its client has gone.
#include <cstdint>
#include <set>
#include <string>

#include "railgund/base/check.h"
#include "railgund/base/text.h"
#include "railgund/http/client_connection.h"
#include "railgund/http2/preface.h"
#include "railgund/http2/priority.h"
#include "railgund/http2/server_connection.h"

#include "tests/unit/http/transcript.h"
#include "tests/unit/http2/wire.h"

namespace {

using namespace railgun;
using http2::ServerConnection;

// Nobody answers, and events are taken at the end.
std::string heard(ByteView input, std::size_t piece) {
  ServerConnection connection({}, true, Instant{});
  while (!input.empty()) {
    const std::size_t count = std::min(piece, input.size());
    connection.receive(input.first(count), Instant{});
    input = input.subspan(count);
  }
  http::test::Transcript transcript;
  while (auto event = connection.poll()) {
    if (std::holds_alternative<http::RequestReceived>(event->event)) connection.set_tag(event->stream, 1);
    // Of a body that is longer than announced, more or less is given up before that shows.
    if (std::holds_alternative<http::RequestBody>(event->event)) continue;
    transcript.add(event->event);
  }
  return transcript.text();
}

// What the origin would be sent, read again as HTTP/1.1.
void check_round_trip(http::Request request) {
  http::ClientConnection to_origin({}, Instant{});
  to_origin.send_request(request, Instant{});
  Bytes bytes;
  while (to_origin.pull(bytes, 1 << 20, Instant{}) > 0) {
  }
  http::ServerConnection origin({.head_bytes = 1 << 20, .field_count = 10'000}, request.secure, Instant{});
  origin.receive(bytes, Instant{});
  const auto event = origin.poll();
  RAILGUN_CHECK(event && std::holds_alternative<http::RequestReceived>(*event));
  const http::Request& read = std::get<http::RequestReceived>(*event).request;
  // Names are written in another case.
  RAILGUN_CHECK(lower_ascii(http::test::text_of(read)) == lower_ascii(http::test::text_of(request)));
}

// An exchange for each request, which answers, takes its time, or switches to a tunnel; the client's window and the
// clock do what the input makes of them.
void serve(ByteView input, std::size_t piece) {
  const http2::ServerLimits limits;
  const std::size_t most = limits.http.output_bytes + limits.streams * 1024;
  ServerConnection connection(limits, true, Instant{});
  Instant now{};
  std::set<std::uint64_t> exchanges;
  std::uint64_t last = 0;
  const auto finish = [&](http2::StreamId stream, std::uint64_t tag) {
    if (exchanges.erase(tag) > 0) connection.set_tag(stream, 0);
  };
  const auto work = [&] {
    while (auto event = connection.poll()) {
      const http2::StreamId stream = event->stream;
      if (auto* received = std::get_if<http::RequestReceived>(&event->event)) {
        connection.set_tag(stream, ++last);
        exchanges.insert(last);
        check_round_trip(received->request);
        if (!received->request.upgrade.empty()) {
          connection.switch_to_tunnel(stream, {.status = 101}, now);
        } else if (last % 3 == 0) {
          connection.send_error(stream, 527, "no", {}, now);
          finish(stream, last);
        } else {
          connection.send_response(stream, {.status = 200, .body = {http::BodyLength::Kind::kChunked, 0}}, now);
        }
      } else if (auto* body = std::get_if<http::RequestBody>(&event->event)) {
        connection.body_consumed(stream, body->bytes.size(), now);
      } else if (auto* tunnel = std::get_if<http::TunnelBytes>(&event->event)) {
        connection.send_body(stream, tunnel->bytes, now);
        connection.body_consumed(stream, tunnel->bytes.size(), now);
      } else if (std::holds_alternative<http::RequestEnd>(event->event)) {
        const std::size_t room = connection.writable_bytes(stream);
        RAILGUN_CHECK(room <= most);
        connection.send_body(stream, Bytes(room), now);
        if (event->tag % 2 == 0) {
          connection.send_end(stream, now);
          finish(stream, event->tag);
        }
      } else if (std::holds_alternative<http::ClientGone>(event->event)) {
        RAILGUN_CHECK(exchanges.erase(event->tag) == 1);
      }
    }
    while (connection.poll_writable_tag()) {
    }
    Bytes out;
    connection.pull(out, 4096, now);
    now += std::chrono::milliseconds(1 + out.size() % 7);
    if (connection.deadline() <= now) connection.on_deadline(now);
  };
  while (!input.empty() && !connection.wants_close()) {
    const std::size_t count = std::min(piece, input.size());
    connection.receive(input.first(count), now);
    input = input.subspan(count);
    work();
  }
  connection.receive_end(now);
  while (!connection.wants_close()) {
    work();
    for (const std::uint64_t tag : connection.tags()) RAILGUN_CHECK(exchanges.contains(tag));
    if (connection.wants_write()) continue;
    RAILGUN_CHECK(connection.deadline() != kNever || !exchanges.empty());
    if (connection.deadline() == kNever) break;  // it is our turn to answer
    now = std::max(now, connection.deadline());
    connection.on_deadline(now);
  }
  work();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  Bytes opened = to_bytes(as_bytes(http2::test::opening(http2::test::setting(4, 3000))));
  append(opened, input);
  const std::string whole = heard(opened, opened.size());
  RAILGUN_CHECK(heard(opened, 1) == whole);
  RAILGUN_CHECK(heard(opened, 3 + size % 11) == whole);
  serve(opened, opened.size());
  serve(opened, 1 + size % 13);
  http2::judge_opening(input);
  static_cast<void>(http2::parse_priority(as_text(input)));
  return 0;
}
