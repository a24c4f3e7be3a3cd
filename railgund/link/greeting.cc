#include "railgund/link/greeting.h"

#include <algorithm>
#include <string>

#include "railgund/base/check.h"
#include "railgund/base/text.h"
#include "railgund/link/frame_codec.h"

namespace railgun::link {
namespace {

constexpr std::string_view kMagic = "RAILGUN\n";
constexpr std::size_t kFixedBytes = kMagic.size() + 4;  // with the versions and the length of the rest
constexpr std::size_t kShownBytes = 24;                 // of the bytes that an unknown peer sent, in the error

std::string versions(unsigned lowest, unsigned highest) {
  return lowest == highest ? std::to_string(lowest) : std::to_string(lowest) + " to " + std::to_string(highest);
}

// The part that later versions may extend by appending fields; remaining bytes are such fields.
Result<Greeting> decode_body(ByteView body) {
  ByteReader in(body);
  const std::uint8_t role = in.u8();
  const std::uint64_t streams = in.varint();
  const std::uint64_t stream_window = in.varint();
  const std::uint64_t link_window = in.varint();
  const std::uint64_t head_bytes = in.varint();
  const std::uint64_t payload_bytes = in.varint();
  if (in.ok() && payload_bytes > kMaxHelloPayloadBytes) {
    return fail(Errc::kTooLarge, "greeting: its payload is over 1024 bytes");
  }
  const ByteView payload = in.bytes(payload_bytes);
  if (!in.ok()) return fail(Errc::kMalformed, "greeting: cut short");
  // Older ends send neither.
  const std::uint64_t features = in.at_end() ? 0 : in.varint();
  AskingProcess process;
  if (!in.at_end()) process = {.number = in.varint(), .rules = in.varint()};
  if (!in.ok()) return fail(Errc::kMalformed, "greeting: malformed features or process");
  if (role > 1) return fail(Errc::kMalformed, "greeting: role " + std::to_string(role));
  if (std::max({streams, stream_window, link_window, head_bytes}) > kMaxAnnounced ||
      std::min({stream_window, link_window, head_bytes}) == 0) {
    return fail(Errc::kMalformed, "greeting: a window or limit is zero or over 31 bits");
  }
  Greeting greeting;
  greeting.role = role == 0 ? Role::kAsker : Role::kAnswerer;
  greeting.streams = static_cast<std::uint32_t>(streams);
  greeting.stream_window_bytes = static_cast<std::uint32_t>(stream_window);
  greeting.link_window_bytes = static_cast<std::uint32_t>(link_window);
  greeting.head_bytes = static_cast<std::uint32_t>(head_bytes);
  greeting.payload = to_bytes(payload);
  greeting.features = features;
  greeting.process = process;
  return greeting;
}

}  // namespace

Bytes encode_greeting(const Greeting& greeting) {
  RAILGUN_CHECK(greeting.payload.size() <= kMaxHelloPayloadBytes);
  Bytes body;
  ByteWriter out(body);
  out.u8(greeting.role == Role::kAsker ? 0 : 1);
  out.varint(greeting.streams);
  out.varint(greeting.stream_window_bytes);
  out.varint(greeting.link_window_bytes);
  out.varint(greeting.head_bytes);
  out.varint(greeting.payload.size());
  out.bytes(greeting.payload);
  const bool tells_process = greeting.process.number != 0;
  if (greeting.features != 0 || tells_process) out.varint(greeting.features);
  if (tells_process) {
    out.varint(greeting.process.number);
    out.varint(greeting.process.rules);
  }

  Bytes bytes = to_bytes(as_bytes(kMagic));
  ByteWriter front(bytes);
  front.u8(greeting.lowest_version);
  front.u8(greeting.highest_version);
  front.u16(static_cast<std::uint16_t>(body.size()));
  front.bytes(body);
  return bytes;
}

Result<std::optional<DecodedGreeting>> decode_greeting(ByteView bytes) {
  const std::size_t compared = std::min(bytes.size(), kMagic.size());
  if (as_text(bytes.first(compared)) != kMagic.substr(0, compared)) {
    const auto shown = as_text(bytes.first(std::min(bytes.size(), kShownBytes)));
    return fail(Errc::kMalformed, "not a Railgun peer (got \"" + printable_ascii(shown) + "\")");
  }
  if (bytes.size() < kFixedBytes) return std::nullopt;
  ByteReader in(bytes.subspan(kMagic.size()));
  const std::uint8_t lowest = in.u8();
  const std::uint8_t highest = in.u8();
  const std::size_t body_bytes = in.u16();
  if (lowest > highest) return fail(Errc::kMalformed, "greeting: versions " + versions(lowest, highest));
  if (highest < kLowestVersion || lowest > kHighestVersion) {
    return fail(Errc::kUnsupported, "the peer speaks link protocol " + versions(lowest, highest) + ", this end " +
                                        versions(kLowestVersion, kHighestVersion) + ": update the older of the two");
  }
  if (kFixedBytes + body_bytes > kMaxGreetingBytes) return fail(Errc::kTooLarge, "greeting: over 2060 bytes");
  if (in.left() < body_bytes) return std::nullopt;
  auto greeting = decode_body(in.bytes(body_bytes));
  if (!greeting) return std::unexpected(std::move(greeting.error()));
  greeting->lowest_version = lowest;
  greeting->highest_version = highest;
  return DecodedGreeting{.greeting = *std::move(greeting), .bytes = kFixedBytes + body_bytes};
}

}  // namespace railgun::link
