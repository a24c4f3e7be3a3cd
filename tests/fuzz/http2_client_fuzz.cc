// Fuzzes: http2
// An origin sends any bytes: each request has one end, nothing is given after it, and what is asked for is always
// consumed in the end.
#include <algorithm>
#include <cstdint>
#include <map>

#include "railgund/base/check.h"
#include "railgund/http2/client_connection.h"

using namespace railgun;
using namespace railgun::http2;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::size_t piece = 1 + data[0];
  const bool uploads = (data[1] & 1) != 0;
  ByteView rest = ByteView(data, size).subspan(2);
  Instant now{};
  ClientConnection connection({}, now);
  std::map<std::uint64_t, bool> ended;
  for (std::uint64_t tag = 1; tag <= 3; ++tag) {
    http::Request request{.method = uploads ? "POST" : "GET", .target = "/", .host = "a"};
    if (uploads) request.body = {http::BodyLength::Kind::kChunked, 0};
    connection.send_request(tag, request, tag == 3, now);
    ended[tag] = false;
  }
  const auto take = [&] {
    while (auto event = connection.poll()) {
      RAILGUN_CHECK(ended.contains(event->tag) && !ended[event->tag]);
      if (const auto* body = std::get_if<http::ResponseBody>(&event->event))
        connection.body_consumed(event->tag, body->bytes.size(), now);
      ended[event->tag] = std::holds_alternative<http::ResponseEnd>(event->event) ||
                          std::holds_alternative<http::ExchangeFailed>(event->event);
    }
    while (const auto tag = connection.poll_writable())
      connection.send_body(*tag, Bytes(std::min<std::size_t>(connection.writable_bytes(*tag), 100), 'x'), now);
    Bytes out;
    connection.pull(out, 4096, now);
  };
  take();
  while (!rest.empty()) {
    const ByteView next = rest.first(std::min(piece, rest.size()));
    rest = rest.subspan(next.size());
    connection.receive(next, now);
    take();
  }
  connection.cancel(2);
  ended[2] = true;
  now += std::chrono::hours(2);
  connection.on_deadline(now);
  take();
  connection.connection_lost({Errc::kUnavailable, "end"});
  take();
  for (const auto& [tag, is_over] : ended) RAILGUN_CHECK(is_over);
  return 0;
}
