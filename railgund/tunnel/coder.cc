#include "railgund/tunnel/coder.h"

#include <algorithm>
#include <array>
#include <utility>

#include <zlib.h>

#include "railgund/base/check.h"
#include "railgund/base/hash.h"

namespace railgun::tunnel {
namespace {

// The kind of a chunk: the lower bits of the varint at its front. The others are the length of what follows.
enum class Kind : std::uint8_t { kPlain = 0, kCoded = 1, kContextEnds = 2 };
constexpr unsigned kKindBits = 2;
constexpr std::uint32_t kKindMask = (1 << kKindBits) - 1;
constexpr unsigned kMostHeadShift = 14;  // three bytes of seven bits

// Raw deflate: no head, no check of its own.
constexpr int kWindowBits = -15;
constexpr int kLevel = 6;
// 160 KB for each context; level 9 would take 256 KB and save less than 1 %.
constexpr int kMemoryLevel = 6;
// The end of what Z_SYNC_FLUSH makes, an empty block, which is always the same (RFC 7692 7.2.1).
constexpr std::array<std::uint8_t, 4> kFlushEnd{0x00, 0x00, 0xff, 0xff};
// What no chunk exceeds that is worth coding; others pass as they are. Random bytes become 5 longer for each 4 KB.
constexpr std::size_t kMostLonger = 40;

// A direction that carries so many bytes within such a time is worth a context.
constexpr std::size_t kWorthBytes = 512;
constexpr Duration kPeriod = std::chrono::seconds(30);
// After so many bytes, what the context saves is looked at: less than one part in so many is not worth the time.
constexpr std::size_t kLookBytes = 16 * 1024;
constexpr std::size_t kLeastSavedShare = 8;
constexpr std::size_t kFirstPauseBytes = 256 * 1024;
constexpr std::size_t kMostPauseBytes = 16 * 1024 * 1024;

std::uint8_t check_of(ByteView text) { return static_cast<std::uint8_t>(hash64(text)); }

void write_head(Kind kind, std::size_t length, Bytes& to) {
  ByteWriter(to).varint(length << kKindBits | static_cast<std::size_t>(kind));
}

}  // namespace

struct Encoder::Context {
  Context() {
    is_ready = deflateInit2(&stream, kLevel, Z_DEFLATED, kWindowBits, kMemoryLevel, Z_DEFAULT_STRATEGY) == Z_OK;
  }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  ~Context() { deflateEnd(&stream); }

  z_stream stream{};
  bool is_ready = false;
};

Encoder::Encoder(bool is_websocket) : is_websocket_(is_websocket) {}
Encoder::Encoder(Encoder&&) noexcept = default;
Encoder& Encoder::operator=(Encoder&&) noexcept = default;
Encoder::~Encoder() = default;

void Encoder::encode(ByteView piece, Instant now, bool may_begin, Bytes& to) {
  RAILGUN_CHECK(piece.size() <= kMostPieceBytes);
  if (piece.empty()) return;
  Bytes text = to_bytes(piece);
  if (is_websocket_) masks_.apply(text);
  count(text.size(), now);
  if (context_ == nullptr && may_begin && pause_left_ == 0 && period_bytes_ >= kWorthBytes) {
    context_ = std::make_unique<Context>();
    if (!context_->is_ready) context_.reset();
  }
  if (context_ != nullptr && encode_in_context(text, to)) return;
  write_head(Kind::kPlain, text.size(), to);
  append(to, text);
}

void Encoder::begin_period(Instant now) {
  period_end_ = now + kPeriod;
  period_bytes_ = 0;
}

void Encoder::count(std::size_t bytes, Instant now) {
  if (context_ == nullptr && now >= period_end_) begin_period(now);
  period_bytes_ += bytes;
  if (context_ == nullptr) pause_left_ -= std::min(pause_left_, bytes);
}

// False: the text is to pass as it is, and there is no context any more.
bool Encoder::encode_in_context(ByteView text, Bytes& to) {
  z_stream& stream = context_->stream;
  Bytes coded(text.size() + kMostLonger + kFlushEnd.size());
  // zlib's input is not const, but it does not change it.
  stream.next_in = const_cast<Bytef*>(text.data());
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = coded.data();
  stream.avail_out = static_cast<uInt>(coded.size());
  const int result = deflate(&stream, Z_SYNC_FLUSH);
  // Without room left it may not be complete.
  if (result != Z_OK || stream.avail_in > 0 || stream.avail_out == 0) {
    end_context(to);
    return false;
  }
  coded.resize(coded.size() - stream.avail_out - kFlushEnd.size());
  write_head(Kind::kCoded, 1 + coded.size(), to);
  to.push_back(check_of(text));
  append(to, coded);

  text_bytes_ += text.size();
  coded_bytes_ += coded.size();
  if (text_bytes_ < kLookBytes) return true;
  const bool saves = coded_bytes_ < text_bytes_ - text_bytes_ / kLeastSavedShare;
  text_bytes_ = coded_bytes_ = 0;
  if (saves) {
    pause_bytes_ = 0;
  } else {
    end_context(to);
  }
  return true;
}

void Encoder::end_context(Bytes& to) {
  context_.reset();
  text_bytes_ = coded_bytes_ = 0;
  pause_bytes_ = std::clamp(2 * pause_bytes_, kFirstPauseBytes, kMostPauseBytes);
  pause_left_ = pause_bytes_;
  write_head(Kind::kContextEnds, 0, to);
}

void Encoder::on_deadline(Instant now, Bytes& to) {
  if (now < deadline()) return;
  const bool is_used = period_bytes_ >= kWorthBytes;
  begin_period(now);
  if (is_used) return;
  end_context(to);
  pause_bytes_ = pause_left_ = 0;
}

struct Decoder::Context {
  Context() { is_ready = inflateInit2(&stream, kWindowBits) == Z_OK; }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  ~Context() { inflateEnd(&stream); }

  // Appends what `bytes` stand for. False: they are no deflate, have an end, or make the text longer than a piece.
  bool add(ByteView bytes, Bytes& text);

  z_stream stream{};
  bool is_ready = false;
};

bool Decoder::Context::add(ByteView bytes, Bytes& text) {
  std::array<std::uint8_t, 4 * 1024> made;
  stream.next_in = const_cast<Bytef*>(bytes.data());
  stream.avail_in = static_cast<uInt>(bytes.size());
  do {
    const std::size_t room = std::min(made.size(), kMostPieceBytes + 1 - text.size());
    stream.next_out = made.data();
    stream.avail_out = static_cast<uInt>(room);
    const int result = inflate(&stream, Z_SYNC_FLUSH);
    append(text, ByteView(made).first(room - stream.avail_out));
    // Z_BUF_ERROR: there was nothing to do.
    if ((result != Z_OK && result != Z_BUF_ERROR) || text.size() > kMostPieceBytes) return false;
  } while (stream.avail_out == 0);
  return stream.avail_in == 0;
}

Decoder::Decoder(bool is_websocket) : is_websocket_(is_websocket) {}
Decoder::Decoder(Decoder&&) noexcept = default;
Decoder& Decoder::operator=(Decoder&&) noexcept = default;
Decoder::~Decoder() = default;

Result<std::size_t> Decoder::decode(ByteView coded, std::size_t room, Bytes& to) {
  const std::size_t size = coded.size();
  const std::size_t before = to.size();
  while (!coded.empty() && to.size() - before < room) {
    std::size_t taken = 1;
    Result<void> done;
    switch (state_) {
      case State::kHead:
        done = take_head(coded.front());
        break;
      case State::kPlain:
        taken = std::min({left_, coded.size(), room - (to.size() - before)});
        give(to_bytes(coded.first(taken)), to);
        left_ -= taken;
        if (left_ == 0) state_ = State::kHead;
        break;
      case State::kCheck:
        check_ = coded.front();
        --left_;
        state_ = State::kCoded;
        break;
      case State::kCoded:
        taken = std::min(left_, coded.size());
        done = add_coded(coded.first(taken), to);
        break;
    }
    if (!done) return std::unexpected(std::move(done.error()));
    coded = coded.subspan(taken);
  }
  return size - coded.size();
}

Result<void> Decoder::take_head(std::uint8_t byte) {
  head_ |= static_cast<std::uint32_t>(byte & 0x7f) << head_shift_;
  if ((byte & 0x80) != 0) {
    head_shift_ += 7;
    if (head_shift_ > kMostHeadShift) return fail(Errc::kMalformed, "tunnel: a chunk's head is too long");
    return {};
  }
  if (byte == 0 && head_shift_ > 0) return fail(Errc::kMalformed, "tunnel: a chunk's head is not the shortest");
  auto begun = begin_chunk();
  head_ = 0;
  head_shift_ = 0;
  return begun;
}

Result<void> Decoder::begin_chunk() {
  left_ = head_ >> kKindBits;
  const auto kind = static_cast<Kind>(head_ & kKindMask);
  if (kind == Kind::kPlain && left_ > 0 && left_ <= kMostPieceBytes) {
    state_ = State::kPlain;
    return {};
  }
  // The check, and at least one byte.
  if (kind == Kind::kCoded && left_ >= 2 && left_ <= 1 + kMostPieceBytes + kMostLonger) {
    if (context_ == nullptr) context_ = std::make_unique<Context>();
    if (!context_->is_ready) return fail(Errc::kUnavailable, "tunnel: no memory for a context");
    state_ = State::kCheck;
    return {};
  }
  if (kind == Kind::kContextEnds && left_ == 0 && context_ != nullptr) {
    context_.reset();
    return {};
  }
  return fail(Errc::kMalformed, "tunnel: a chunk of an unknown kind or length");
}

Result<void> Decoder::add_coded(ByteView bytes, Bytes& to) {
  left_ -= bytes.size();
  if (!context_->add(bytes, text_) || (left_ == 0 && !context_->add(kFlushEnd, text_)))
    return fail(Errc::kMalformed, "tunnel: a coded chunk is malformed or too long");
  if (left_ > 0) return {};
  if (text_.empty()) return fail(Errc::kMalformed, "tunnel: a coded chunk is empty");
  if (check_of(text_) != check_) return fail(Errc::kDenied, "tunnel: a chunk fails its check");
  state_ = State::kHead;
  give(std::exchange(text_, {}), to);
  return {};
}

void Decoder::give(Bytes text, Bytes& to) {
  if (is_websocket_) masks_.apply(text);
  append(to, text);
}

}  // namespace railgun::tunnel
