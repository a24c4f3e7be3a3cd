#include "railgund/link/frame_codec.h"

#include <algorithm>

#include "railgund/base/check.h"
#include "railgund/base/text.h"

namespace railgun::link {
namespace {

// Size of the varint at the front; 0 if `bytes` ends within it, `most` + 1 if it is longer than `most`.
std::size_t varint_bytes(ByteView bytes, std::size_t most) {
  for (std::size_t i = 0; i < std::min(bytes.size(), most); ++i) {
    if ((bytes[i] & 0x80U) == 0) return i + 1;
  }
  return bytes.size() < most ? 0 : most + 1;
}

constexpr std::size_t kStreamFieldBytes = 5;  // a signed difference of two 31-bit numbers
constexpr std::size_t kLengthFieldBytes = 3;  // up to 16,384
static_assert(1 + kStreamFieldBytes + kLengthFieldBytes == kMaxHeaderBytes);

// Maps 0, -1, 1, -2, … to 0, 1, 2, 3, …
std::uint64_t zigzag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}
std::int64_t unzigzag(std::uint64_t value) {
  return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
}

}  // namespace

void encode_header(const FrameHeader& header, std::uint32_t& previous, Bytes& to) {
  RAILGUN_CHECK(header.payload_bytes <= kMaxPayloadBytes && header.type < 16 && header.flags < 16);
  ByteWriter out(to);
  out.u8(static_cast<std::uint8_t>(header.flags << 4 | header.type));
  if (!header.is_of_link()) {
    RAILGUN_CHECK(header.stream >= 1 && header.stream <= kMaxStream);
    out.varint(zigzag(std::int64_t{header.stream} - std::int64_t{previous}));
    previous = header.stream;
  }
  out.varint(header.payload_bytes);
}

Result<std::optional<DecodedHeader>> decode_header(ByteView bytes, std::uint32_t& previous) {
  if (bytes.empty()) return std::nullopt;
  FrameHeader header{.type = static_cast<std::uint8_t>(bytes[0] & 0x0f),
                     .flags = static_cast<std::uint8_t>(bytes[0] >> 4)};
  std::size_t at = 1;
  if (!header.is_of_link()) {
    const std::size_t width = varint_bytes(bytes.subspan(at), kStreamFieldBytes);
    if (width == 0) return std::nullopt;
    ByteReader in(bytes.subspan(at, std::min(width, bytes.size() - at)));
    const std::uint64_t coded = width <= kStreamFieldBytes ? in.varint() : ~0ULL;
    const std::int64_t stream = in.ok() && coded <= 2ULL * kMaxStream + 1 ? previous + unzigzag(coded) : 0;
    if (stream < 1 || stream > kMaxStream) return fail(Errc::kMalformed, "frame: its stream is no stream number");
    header.stream = static_cast<std::uint32_t>(stream);
    at += width;
  }
  const std::size_t width = varint_bytes(bytes.subspan(at), kLengthFieldBytes);
  if (width == 0) return std::nullopt;
  if (width > kLengthFieldBytes) return fail(Errc::kTooLarge, "frame: its length is over 16384 bytes");
  ByteReader in(bytes.subspan(at, width));
  header.payload_bytes = in.varint();
  if (!in.ok()) return fail(Errc::kMalformed, "frame: its length is padded");
  if (header.payload_bytes > kMaxPayloadBytes) {
    return fail(Errc::kTooLarge, "frame: " + std::to_string(header.payload_bytes) + " bytes, at most 16384 may be");
  }
  if (!header.is_of_link()) previous = header.stream;
  return DecodedHeader{.header = header, .bytes = at + width};
}

Result<std::optional<Frame>> FrameReader::next(ByteView& input) {
  if (delivered_) {
    partial_.clear();
    header_.reset();
    delivered_ = false;
  }
  if (!partial_.empty()) return finish_partial(input);
  auto decoded = decode_header(input, previous_stream_);
  if (!decoded) return std::unexpected(std::move(decoded.error()));
  header_ = *decoded;
  if (!header_ || input.size() - header_->bytes < header_->header.payload_bytes) {
    append(partial_, input);
    input = {};
    return std::nullopt;
  }
  const Frame frame{.header = header_->header, .payload = input.subspan(header_->bytes, header_->header.payload_bytes)};
  input = input.subspan(header_->bytes + frame.payload.size());
  header_.reset();
  return frame;
}

Result<std::optional<Frame>> FrameReader::finish_partial(ByteView& input) {
  while (!header_) {
    if (input.empty()) return std::nullopt;
    partial_.push_back(input.front());
    input = input.subspan(1);
    auto decoded = decode_header(partial_, previous_stream_);
    if (!decoded) return std::unexpected(std::move(decoded.error()));
    header_ = *decoded;
  }
  const std::size_t whole = header_->bytes + header_->header.payload_bytes;
  const std::size_t taken = std::min(whole - partial_.size(), input.size());
  append(partial_, input.first(taken));
  input = input.subspan(taken);
  if (partial_.size() < whole) return std::nullopt;
  delivered_ = true;
  return Frame{.header = header_->header, .payload = ByteView(partial_).subspan(header_->bytes)};
}

Result<DataPayload> decode_data(const Frame& frame) {
  const std::uint8_t flags = frame.header.flags;
  if (flags != 0 && flags != kFlagEnd && flags != (kFlagEnd | kFlagTrailer)) {
    return fail(Errc::kMalformed, "DATA: flags " + std::to_string(flags));
  }
  if ((flags & kFlagTrailer) == 0) return DataPayload{.trailer = {}, .data = frame.payload};
  ByteReader in(frame.payload);
  const std::uint64_t trailer_bytes = in.varint();
  if (in.ok() && trailer_bytes > kMaxTrailerBytes) return fail(Errc::kTooLarge, "DATA: its trailer is over 1024 bytes");
  const ByteView trailer = in.bytes(trailer_bytes);
  const ByteView data = in.rest();
  if (!in.ok() || trailer.empty()) return fail(Errc::kMalformed, "DATA: its trailer is empty or cut short");
  return DataPayload{.trailer = trailer, .data = data};
}

Result<std::uint64_t> decode_number(ByteView payload, const char* name) {
  ByteReader in(payload);
  const std::uint64_t number = in.varint();
  if (!in.ok() || !in.at_end()) return fail(Errc::kMalformed, std::string(name) + ": its payload is not one number");
  return number;
}

Bytes encode_go_away(const GoAway& frame) {
  Bytes payload;
  ByteWriter out(payload);
  out.varint(frame.last);
  out.bytes(as_bytes(std::string_view(frame.reason).substr(0, kMaxReasonBytes)));
  return payload;
}

Result<GoAway> decode_go_away(ByteView payload) {
  ByteReader in(payload);
  const std::uint64_t last = in.varint();
  const ByteView reason = in.rest();
  if (!in.ok() || last > kMaxStream) return fail(Errc::kMalformed, "GOAWAY: its last stream is no stream number");
  if (reason.size() > kMaxReasonBytes) return fail(Errc::kTooLarge, "GOAWAY: its reason is over 512 bytes");
  return GoAway{.last = static_cast<std::uint32_t>(last), .reason = printable_ascii(as_text(reason))};
}

}  // namespace railgun::link
