// Encodes and decodes the frames of a link (doc/PROTOCOL.md, "Frames"). Nearly every header has three bytes: the stream
// is encoded as its distance from the previous frame's stream, and link frames have no stream.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "railgund/base/bytes.h"
#include "railgund/base/result.h"

namespace railgun::link {

// Types 0 to 7 belong to a stream, types 8 to 15 to the link. A type has four bits.
enum class FrameType : std::uint8_t {
  kHead = 1,
  kData = 2,
  kReset = 3,
  kStreamWindow = 4,
  kLinkWindow = 8,
  kPing = 9,
  kPong = 10,
  kGoAway = 11,
};
inline constexpr std::uint8_t kFirstLinkType = 8;

// The upper four bits of a frame's first byte.
inline constexpr std::uint8_t kFlagEnd = 1;   // HEAD, DATA: nothing follows on the stream in this direction
inline constexpr std::uint8_t kFlagMore = 2;  // HEAD: the next frame continues this head
// DATA with END: the payload begins with a trailer and its length. HEAD: fields that belong behind the data.
inline constexpr std::uint8_t kFlagTrailer = 4;
inline constexpr std::uint8_t kFlagInterim = 8;  // HEAD from the answerer: another head follows, this one ends nothing

inline constexpr std::size_t kMaxPayloadBytes = 16 * 1024;
inline constexpr std::size_t kMaxHeaderBytes = 9;
inline constexpr std::uint32_t kMaxStream = 0x7fffffff;
inline constexpr std::size_t kMaxTrailerBytes = 1024;
inline constexpr std::size_t kMaxReasonBytes = 512;

struct FrameHeader {
  std::uint8_t type = 0;  // a FrameType, or a type of a later version
  std::uint8_t flags = 0;
  std::uint32_t stream = 0;  // 0 for link frames
  std::size_t payload_bytes = 0;

  bool is(FrameType wanted) const { return type == static_cast<std::uint8_t>(wanted); }
  bool is_of_link() const { return type >= kFirstLinkType; }
  bool operator==(const FrameHeader&) const = default;
};

// `previous`: the stream of the last stream frame in this direction, 0 before the first; both advance it.
void encode_header(const FrameHeader& header, std::uint32_t& previous, Bytes& to);

struct DecodedHeader {
  FrameHeader header;
  std::size_t bytes;  // size of the header itself
};
// Nothing if `bytes` ends within the header; then `previous` is unchanged.
// Errors: kMalformed if a number is too long or padded, or if the stream is not in 1 to kMaxStream; kTooLarge if the
// payload is larger than kMaxPayloadBytes.
Result<std::optional<DecodedHeader>> decode_header(ByteView bytes, std::uint32_t& previous);

struct Frame {
  FrameHeader header;
  ByteView payload;
};

// Splits the received bytes into frames. Holds at most one incomplete frame.
class FrameReader {
 public:
  // Consumes bytes from the front of `input` and returns the next frame when it is complete. The frame's payload is
  // valid until the next call and as long as the bytes of `input`. Errors: those of decode_header(); after an error the
  // reader must not be used again.
  Result<std::optional<Frame>> next(ByteView& input);

 private:
  Result<std::optional<Frame>> finish_partial(ByteView& input);

  Bytes partial_;                        // header and payload so far
  std::optional<DecodedHeader> header_;  // of partial_, once it is known
  bool delivered_ = false;               // the last call returned partial_
  std::uint32_t previous_stream_ = 0;
};

// The payload of DATA, split into trailer and data.
struct DataPayload {
  ByteView trailer, data;
};
// Errors: kMalformed if flags and payload do not match, kTooLarge for a trailer over kMaxTrailerBytes.
Result<DataPayload> decode_data(const Frame& frame);

// A payload that consists of one number: WINDOW, PING, PONG, RESET. `name` is the frame's name, for the error text.
// Errors: kMalformed.
Result<std::uint64_t> decode_number(ByteView payload, const char* name);

struct GoAway {
  std::uint32_t last = 0;
  std::string reason;  // printable ASCII
};
Bytes encode_go_away(const GoAway& frame);  // cuts the reason at kMaxReasonBytes
// Errors: kMalformed if the number is malformed or over kMaxStream, kTooLarge for a reason over kMaxReasonBytes.
Result<GoAway> decode_go_away(ByteView payload);

}  // namespace railgun::link
