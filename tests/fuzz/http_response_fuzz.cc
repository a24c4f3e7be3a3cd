// Fuzzes: http base
// Arbitrary bytes from an origin; the first one chooses the request they answer. Oracles: however the input is cut, the
// same events come of it; and an answer that passes is read back, from what a client would be sent, with the same
// status and body.
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

struct Answer {
  std::optional<Response> response;
  std::string body;
  bool complete = false;
  std::string transcript;
};

Bytes pulled(auto& connection) {
  Bytes bytes;
  while (connection.wants_write()) {
    Bytes piece;
    connection.pull(piece, 1 << 20, Instant{});
    append(bytes, piece);
  }
  return bytes;
}

Answer run(const Request& request, ByteView input, std::size_t piece) {
  ClientConnection connection({}, Instant{});
  connection.send_request(request, Instant{});
  pulled(connection);
  Answer answer;
  test::Transcript transcript;
  const auto take = [&] {
    while (auto event = connection.poll()) {
      transcript.add(*event);
      if (auto* received = std::get_if<ResponseReceived>(&*event)) answer.response = received->response;
      if (auto* body = std::get_if<ResponseBody>(&*event)) {
        answer.body += railgun::as_text(body->bytes);
        connection.body_consumed(body->bytes.size(), Instant{});
      }
      if (std::holds_alternative<ResponseEnd>(*event)) answer.complete = true;
    }
  };
  while (!input.empty()) {
    const std::size_t count = std::min(piece, input.size());
    connection.receive(input.first(count), Instant{});
    input = input.subspan(count);
    take();
  }
  const bool reusable = connection.is_reusable();
  connection.receive_end(Instant{});
  take();
  answer.transcript = transcript.text() + (reusable ? "reusable" : "not reusable");
  return answer;
}

// What the client would be sent, read again.
void check_round_trip(const Request& request, const Answer& answer) {
  if (!answer.complete || !answer.response || answer.response->status == 101) return;
  ServerConnection to_client({}, false, Instant{});
  to_client.receive(railgun::as_bytes(request.method + " / HTTP/1.1\r\nHost: a\r\n\r\n"), Instant{});
  to_client.send_response(*answer.response, Instant{});
  to_client.send_body(railgun::as_bytes(answer.body), Instant{});
  to_client.send_end(Instant{});
  RAILGUN_CHECK(!to_client.wants_reset());
  const Bytes written = pulled(to_client);
  const Answer again = run(request, written, written.size() + 1);
  RAILGUN_CHECK(again.complete && again.response->status == answer.response->status && again.body == answer.body);
  RAILGUN_CHECK(test::text_of(again.response->fields) == test::text_of(answer.response->fields));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  Request request{.method = data[0] % 4 == 1 ? "HEAD" : "GET", .target = "/", .host = "a"};
  if (data[0] % 4 == 2) request.upgrade = "websocket";
  const ByteView input(data + 1, size - 1);
  const Answer whole = run(request, input, size);
  RAILGUN_CHECK(run(request, input, 1).transcript == whole.transcript);
  RAILGUN_CHECK(run(request, input, 3 + size % 11).transcript == whole.transcript);
  check_round_trip(request, whole);
  return 0;
}
