// HTTP/2 frames by hand, for what no library would send, and the frames that a server has sent.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "railgund/base/bytes.h"
#include "railgund/base/field.h"
#include "railgund/http2/preface.h"

namespace railgun::http2::test {

enum Type : std::uint8_t {
  kData = 0,
  kHeaders = 1,
  kPriority = 2,
  kRstStream = 3,
  kSettings = 4,
  kPushPromise = 5,
  kPing = 6,
  kGoaway = 7,
  kWindowUpdate = 8,
  kContinuation = 9,
  kPriorityUpdate = 16
};
constexpr std::uint8_t kEndStream = 1, kAck = 1, kEndHeaders = 4, kPadded = 8;

inline std::string number(std::uint64_t value, int bytes) {
  std::string text;
  for (int i = bytes - 1; i >= 0; --i) text += static_cast<char>(value >> (8 * i) & 0xff);
  return text;
}

inline std::string frame(std::uint8_t type, std::uint8_t flags, std::uint32_t stream, std::string_view payload) {
  return number(payload.size(), 3) + number(type, 1) + number(flags, 1) + number(stream, 4) + std::string(payload);
}

// HPACK: literals that are not indexed (RFC 7541 6.2.2), names and values under 127 bytes.
inline std::string block(const Fields& fields) {
  std::string text;
  for (const Field& field : fields) {
    text += number(0, 1) + number(field.name.size(), 1) + field.name;
    text += number(field.value.size(), 1) + field.value;
  }
  return text;
}

inline Fields get(std::string_view path = "/", std::string_view host = "a") {
  return {{":method", "GET"}, {":scheme", "https"}, {":authority", std::string(host)}, {":path", std::string(path)}};
}

inline std::string headers(std::uint32_t stream, const Fields& fields, bool ends = true) {
  return frame(kHeaders, kEndHeaders | (ends ? kEndStream : 0), stream, block(fields));
}

// What a client begins with: the preface, its SETTINGS, and the acknowledgement of the server's.
inline std::string opening(std::string_view settings = {}) {
  return std::string(kPreface) + frame(kSettings, 0, 0, settings) + frame(kSettings, kAck, 0, {});
}

inline std::string setting(std::uint16_t id, std::uint32_t value) { return number(id, 2) + number(value, 4); }

struct Frame {
  std::uint8_t type = 0;
  std::uint8_t flags = 0;
  std::uint32_t stream = 0;
  std::string payload;
  // The number in the payload at this place, of four bytes.
  std::uint32_t u32(std::size_t at) const {
    ByteReader in(as_bytes(std::string_view(payload).substr(at)));
    return in.u32();
  }
};

// Takes whole frames off the front of `bytes`.
inline std::vector<Frame> take_frames(std::string& bytes) {
  std::vector<Frame> frames;
  for (;;) {
    ByteReader in(as_bytes(bytes));
    const std::size_t size = in.u8() << 16 | in.u16();
    Frame next{.type = in.u8(), .flags = in.u8(), .stream = in.u32(), .payload = {}};
    next.payload = as_text(in.bytes(size));
    if (!in.ok()) return frames;
    bytes.erase(0, 9 + size);
    frames.push_back(std::move(next));
  }
}

}  // namespace railgun::http2::test
