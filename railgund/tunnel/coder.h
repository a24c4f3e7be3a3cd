// The bytes of one direction of a tunnel (a WebSocket, or another protocol after an upgrade) as they cross a link: chunks,
// coded against what went before in the same direction (doc/PROTOCOL.md, "Tunnels"). Two cores: what the encoder makes,
// the decoder undoes. Nothing waits: each piece can be decoded as soon as it has come.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "railgund/base/bytes.h"
#include "railgund/base/result.h"
#include "railgund/base/time.h"
#include "railgund/tunnel/frame_masks.h"

namespace railgun::tunnel {

// The most bytes of the tunnel that a chunk stands for.
inline constexpr std::size_t kMostPieceBytes = 16 * 1024;
// The most that a piece becomes longer.
inline constexpr std::size_t kMostAddedBytes = 64;
// What a context takes: zlib's deflate with a window of 32 KB, and its inflate.
inline constexpr std::size_t kEncoderContextBytes = 164 * 1024;
inline constexpr std::size_t kDecoderContextBytes = 40 * 1024;

// A context, which holds the last 32 KB, exists only while the direction carries enough that coding makes smaller. So idle
// tunnels hold none, and those whose bytes are compressed or encrypted already cost little time.
class Encoder {
 public:
  // `is_websocket`: the masks of the frames are removed.
  explicit Encoder(bool is_websocket);
  Encoder(Encoder&&) noexcept;
  Encoder& operator=(Encoder&&) noexcept;
  ~Encoder();

  // Appends the chunk that stands for `piece`, at most kMostPieceBytes, to `to`. `may_begin`: there is room for a
  // context, if it has none.
  void encode(ByteView piece, Instant now, bool may_begin, Bytes& to);
  bool has_context() const { return context_ != nullptr; }

  // A context that is hardly used ends then.
  Instant deadline() const { return context_ == nullptr ? kNever : period_end_; }
  // Appends what the other end has to know, if anything.
  void on_deadline(Instant now, Bytes& to);

 private:
  struct Context;

  void count(std::size_t bytes, Instant now);
  void begin_period(Instant now);
  bool encode_in_context(ByteView text, Bytes& to);
  void end_context(Bytes& to);

  bool is_websocket_;
  FrameMasks masks_;
  std::unique_ptr<Context> context_;  // null: none at the moment
  Instant period_end_{};
  std::size_t period_bytes_ = 0;  // of the tunnel, since the period began
  // Since the last look at what the context saves: bytes before coding and after.
  std::size_t text_bytes_ = 0, coded_bytes_ = 0;
  // After a context that saved nothing: so many bytes pass before the next one, each time twice as many.
  std::size_t pause_bytes_ = 0, pause_left_ = 0;
};

class Decoder {
 public:
  explicit Decoder(bool is_websocket);
  Decoder(Decoder&&) noexcept;
  Decoder& operator=(Decoder&&) noexcept;
  ~Decoder();

  // Takes bytes of the link, split anywhere, and appends those of the tunnel to `to`. Stops when it has appended `room`
  // bytes; the last chunk may make it kMostPieceBytes more. Says how many bytes it took. Errors, after which nothing
  // more can be decoded: kMalformed, and kDenied if a chunk fails its check.
  Result<std::size_t> decode(ByteView coded, std::size_t room, Bytes& to);
  bool has_context() const { return context_ != nullptr; }
  // No chunk is incomplete: the direction may end here.
  bool is_between_chunks() const { return state_ == State::kHead && head_shift_ == 0; }
  // Of an incomplete chunk, at most kMostPieceBytes.
  std::size_t held_bytes() const { return text_.size(); }

 private:
  struct Context;
  enum class State : std::uint8_t { kHead, kPlain, kCheck, kCoded };

  Result<void> take_head(std::uint8_t byte);
  Result<void> begin_chunk();
  Result<void> add_coded(ByteView bytes, Bytes& to);
  void give(Bytes text, Bytes& to);

  bool is_websocket_;
  FrameMasks masks_;
  std::unique_ptr<Context> context_;  // null: none at the moment
  State state_ = State::kHead;
  std::uint32_t head_ = 0;  // the varint at a chunk's front, as far as it has come
  unsigned head_shift_ = 0;
  std::size_t left_ = 0;  // of the chunk
  std::uint8_t check_ = 0;
  Bytes text_;  // of a coded chunk, as far as it has come
};

}  // namespace railgun::tunnel
