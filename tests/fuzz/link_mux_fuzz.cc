// Fuzzes: link
// A mux that hears anything. The first byte: role, whether it is greeted properly first, and how its input is cut; then
// what the peer sends. Each event is acted on, so that answers, credits and resets are exercised too.
#include <cstddef>
#include <cstdint>

#include "railgund/base/check.h"
#include "railgund/link/greeting.h"
#include "railgund/link/mux.h"

using namespace railgun;
using namespace railgun::link;

namespace {

Limits small_limits() {
  Limits limits;
  limits.streams = 8;
  limits.stream_window_bytes = 4096;
  limits.link_window_bytes = 16 * 1024;
  limits.stream_queue_bytes = 2048;
  limits.head_bytes = 4096;
  return limits;
}

void answer(Mux& mux, Role role, const Event& event) {
  if (const auto* head = std::get_if<HeadReceived>(&event); head != nullptr && role == Role::kAnswerer) {
    RAILGUN_CHECK(mux.send_head(head->stream, {}, {}));
    mux.send_data(head->stream, Bytes(mux.sendable(head->stream)));
  } else if (const auto* data = std::get_if<DataReceived>(&event)) {
    if (data->data.front() == 'r') mux.reset(data->stream, ResetCode::kCancelled);
    mux.consumed(data->stream, data->data.size());
  } else if (const auto* end = std::get_if<EndReceived>(&event)) {
    mux.send_end(end->stream, end->trailer);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::uint8_t how = data[0];
  ByteView rest = ByteView(data, size).subspan(1);
  const Role role = (how & 1) != 0 ? Role::kAsker : Role::kAnswerer;
  const std::size_t piece = (how & 4) != 0 ? 1 + (how >> 3) : rest.size();
  Instant now{};
  Mux mux(role, small_limits(), as_bytes("us"), now);
  if ((how & 2) != 0) {
    Greeting greeting;
    greeting.role = role == Role::kAsker ? Role::kAnswerer : Role::kAsker;
    greeting.streams = 8;
    greeting.stream_window_bytes = 1000;
    greeting.link_window_bytes = 3000;
    greeting.head_bytes = 1000;
    RAILGUN_CHECK(mux.receive(encode_greeting(greeting), now));
    while (role == Role::kAsker && mux.can_open()) {
      const auto stream = mux.open({}, {{"a", "b"}});
      RAILGUN_CHECK(stream);
      mux.send_data(*stream, Bytes(2000));
    }
  }
  std::size_t events = 0;
  while (!rest.empty()) {
    const ByteView next = rest.first(std::min(piece, rest.size()));
    rest = rest.subspan(next.size());
    const bool goes_on = mux.receive(next, now).has_value();
    while (const auto event = mux.poll()) {
      answer(mux, role, *event);
      ++events;
    }
    Bytes out;
    while (mux.wants_write()) RAILGUN_CHECK(mux.pull(out, 1000, now) > 0);
    if (!goes_on) break;
    now += std::chrono::milliseconds(100);
    if (!mux.on_deadline(now)) break;
  }
  RAILGUN_CHECK(mux.open_streams() <= 8);
  RAILGUN_CHECK(events <= size + 32);
  return 0;
}
