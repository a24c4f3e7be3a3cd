// Fuzzes: http base
// Arbitrary bytes from a client. Oracles: however the input is cut, the same events and the same output come of it; and
// a request that passes is read back, from what would be written to the origin, as the same request.
#include <cstdint>
#include <string>

#include "railgund/base/check.h"
#include "railgund/http/client_connection.h"
#include "railgund/http/server_connection.h"

#include "tests/unit/http/transcript.h"

namespace {

using railgun::append;
using railgun::Bytes;
using railgun::ByteView;
using railgun::Instant;
using namespace railgun::http;

std::string pulled(auto& connection) {
  Bytes bytes;
  while (connection.wants_write()) {
    Bytes piece;
    connection.pull(piece, 1000, Instant{});
    append(bytes, piece);
  }
  return std::string(railgun::as_text(bytes));
}

// What the origin would be sent, read again.
void check_round_trip(Request request) {
  if (request.host.empty()) return;  // an origin is asked in HTTP/1.1, so whoever forwards it settles the host first
  request.minor_version = 1;
  ClientConnection to_origin({}, Instant{});
  to_origin.send_request(request, Instant{});
  ServerConnection origin({.head_bytes = 1 << 20, .field_count = 10'000}, request.secure, Instant{});
  origin.receive(railgun::as_bytes(pulled(to_origin)), Instant{});
  const auto event = origin.poll();
  RAILGUN_CHECK(event && std::holds_alternative<RequestReceived>(*event));
  if (!request.upgrade.empty()) request.keep_alive = true;  // there is one Connection field, and it says upgrade
  RAILGUN_CHECK(test::text_of(std::get<RequestReceived>(*event).request) == test::text_of(request));
}

// Feeds `input` in pieces to a connection whose requests are all answered at once, or switched to a tunnel.
std::string run(ByteView input, std::size_t piece, bool is_whole) {
  ServerConnection connection({}, false, Instant{});
  test::Transcript transcript;
  std::string output;
  std::string upgrade;
  const auto serve = [&] {
    while (auto event = connection.poll()) {
      transcript.add(*event);
      if (const auto* received = std::get_if<RequestReceived>(&*event)) {
        upgrade = received->request.upgrade;
        if (is_whole) check_round_trip(received->request);
      } else if (const auto* body = std::get_if<RequestBody>(&*event)) {
        connection.body_consumed(body->bytes.size(), Instant{});
      } else if (std::holds_alternative<RequestEnd>(*event) && !upgrade.empty()) {
        connection.switch_to_tunnel({.status = 101, .upgrade = upgrade}, Instant{});
      } else if (std::holds_alternative<RequestEnd>(*event)) {
        connection.send_response({.status = 200, .body = {BodyLength::Kind::kChunked}}, Instant{});
        connection.send_body(railgun::as_bytes("ok"), Instant{});
        connection.send_end(Instant{});
      }
    }
    output += pulled(connection);
  };
  while (!input.empty()) {
    const std::size_t count = std::min(piece, input.size());
    connection.receive(input.first(count), Instant{});
    input = input.subspan(count);
    serve();
  }
  const bool closed_before = connection.wants_close();
  connection.receive_end(Instant{});
  serve();
  return transcript.text() + "---\n" + output + (closed_before ? "closed" : "open");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  const std::string whole = run(input, size + 1, true);
  RAILGUN_CHECK(run(input, 1, false) == whole);
  RAILGUN_CHECK(run(input, 3 + size % 11, false) == whole);
  return 0;
}
