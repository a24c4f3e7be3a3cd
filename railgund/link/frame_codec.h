// Frames on the link, to bytes and back (doc/PROTOCOL.md, "Frames"). A header is three bytes for nearly every frame:
// the stream is written as its distance from the stream of the frame before, and link frames name none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "railgund/base/bytes.h"
#include "railgund/base/result.h"

namespace railgun::link {

// Types below 8 belong to a stream, those from 8 on to the link. 16 and more do not exist: a type is four bits.
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
inline constexpr std::uint8_t kFlagEnd = 1;      // HEAD, DATA: nothing follows on the stream in this direction
inline constexpr std::uint8_t kFlagMore = 2;     // HEAD: the next frame continues this head
inline constexpr std::uint8_t kFlagTrailer = 4;  // DATA with END: the payload begins with a trailer and its length

inline constexpr std::size_t kMaxPayloadBytes = 16 * 1024;
inline constexpr std::size_t kMaxHeaderBytes = 9;
inline constexpr std::uint32_t kMaxStream = 0x7fffffff;
inline constexpr std::size_t kMaxTrailerBytes = 1024;
inline constexpr std::size_t kMaxReasonBytes = 512;

struct FrameHeader {
  std::uint8_t type = 0;  // a FrameType, or one that a later version has
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
  std::size_t bytes;  // that the header itself takes
};
// Nothing if `bytes` ends within the header; `previous` is then as before.
// Errors: kMalformed for a number that is too long or padded, or a stream outside 1 to kMaxStream; kTooLarge for a
// payload over kMaxPayloadBytes.
Result<std::optional<DecodedHeader>> decode_header(ByteView bytes, std::uint32_t& previous);

struct Frame {
  FrameHeader header;
  ByteView payload;
};

// Cuts what arrives into frames. Holds at most one unfinished frame.
class FrameReader {
 public:
  // Takes bytes off the front of `input` and gives the next frame once it is whole; its payload lives until the next
  // call, or as long as `input`'s bytes. Errors: those of decode_header(); the reader is then done for.
  Result<std::optional<Frame>> next(ByteView& input);

 private:
  Result<std::optional<Frame>> finish_partial(ByteView& input);

  Bytes partial_;                        // header and payload so far
  std::optional<DecodedHeader> header_;  // of partial_, once it is known
  bool delivered_ = false;               // partial_ was given out by the last call
  std::uint32_t previous_stream_ = 0;
};

// The payload of DATA with its trailer taken off ("Frames: DATA").
struct DataPayload {
  ByteView trailer, data;
};
// Errors: kMalformed if flags and payload do not go together, kTooLarge for a trailer over kMaxTrailerBytes.
Result<DataPayload> decode_data(const Frame& frame);

// A payload that is one number and nothing else: WINDOW, PING, PONG, RESET. `name`: the frame's, for the error.
// Errors: kMalformed.
Result<std::uint64_t> decode_number(ByteView payload, const char* name);

struct GoAway {
  std::uint32_t last = 0;
  std::string reason;  // printable ASCII
};
Bytes encode_go_away(const GoAway& frame);  // cuts the reason at kMaxReasonBytes
// Errors: kMalformed if the number is broken or over kMaxStream, kTooLarge for a reason over kMaxReasonBytes.
Result<GoAway> decode_go_away(ByteView payload);

// `text` with all but printable ASCII replaced, so that a peer's bytes can stand in a log.
std::string printable(std::string_view text);

}  // namespace railgun::link
