#include "railgund/http/body_reader.h"

#include <algorithm>
#include <limits>

#include "railgund/http/syntax.h"
#include "railgund/http/trailers.h"

namespace railgun::http {
namespace {

constexpr std::uint64_t kLargestChunk = std::numeric_limits<std::int64_t>::max();

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

Judged<std::size_t> ChunkedDecoder::read(ByteView bytes, Bytes& to) {
  std::size_t taken = 0;
  while (taken < bytes.size() && state_ != State::kDone) {
    if (state_ != State::kData) {
      if (auto stepped = step(static_cast<char>(bytes[taken++])); !stepped) return std::unexpected(stepped.error());
      continue;
    }
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size() - taken));
    append(to, bytes.subspan(taken, count));
    taken += count;
    left_ -= count;
    if (left_ == 0) state_ = State::kDataCr;
  }
  return taken;
}

Judged<void> ChunkedDecoder::step(char c) {
  static_assert(kLineBytes == kMostTrailerBytes);
  if (++line_bytes_ > kLineBytes) return refuse(400, "a chunk's line or the trailers are too long");
  const auto go_on = [&](State next) -> Judged<void> {
    state_ = next;
    return {};
  };
  switch (state_) {
    case State::kSizeStart:
      left_ = 0;
      state_ = State::kSize;
      return add_digit(c);
    case State::kSize:
      if (c == '\r') return go_on(State::kSizeLineEnd);
      if (c == ';') return go_on(State::kExtension);
      if (is_blank(c)) return go_on(State::kBlank);
      return add_digit(c);
    case State::kBlank:
      if (c == ';') return go_on(State::kExtension);
      if (is_blank(c)) return {};
      break;
    case State::kExtension:
      if (c == '\r') return go_on(State::kSizeLineEnd);
      if (!is_control(c)) return {};
      break;
    case State::kSizeLineEnd:
      if (c != '\n') break;
      line_bytes_ = 0;
      return go_on(left_ > 0 ? State::kData : State::kTrailerStart);
    case State::kDataCr:
      if (c == '\r') return go_on(State::kDataLineEnd);
      return refuse(400, "a chunk is longer than its size");
    case State::kDataLineEnd:
      if (c != '\n') return refuse(400, "a chunk is longer than its size");
      line_bytes_ = 0;
      return go_on(State::kSizeStart);
    case State::kTrailerStart:
      if (c == '\r') return go_on(State::kLastLineEnd);
      if (!is_token_char(c)) return refuse(400, "malformed trailer");
      if (trailers_.size() == kMostTrailerFields) return refuse(400, "too many trailers");
      trailers_.push_back({std::string(1, c), {}});
      return go_on(State::kTrailerName);
    case State::kTrailerName:
      if (c == ':') return go_on(State::kTrailerValue);
      if (!is_token_char(c)) return refuse(400, "malformed trailer");
      trailers_.back().name += c;
      return {};
    case State::kTrailerValue:
      if (c == '\r') return go_on(State::kTrailerLineEnd);
      if (is_control(c)) return refuse(400, "malformed trailer");
      trailers_.back().value += c;
      return {};
    case State::kTrailerLineEnd:
      if (c != '\n') return refuse(400, "malformed trailer");
      finish_trailer();
      return go_on(State::kTrailerStart);
    case State::kLastLineEnd:
      if (c == '\n') return go_on(State::kDone);
      return refuse(400, "malformed trailer");
    case State::kData:
    case State::kDone:
      break;
  }
  return refuse(400, "malformed chunk size");
}

void ChunkedDecoder::finish_trailer() {
  Field& trailer = trailers_.back();
  if (may_be_trailer(trailer.name)) {
    trailer.value = std::string(trim_blanks(trailer.value));
  } else {
    trailers_.pop_back();
  }
}

Judged<void> ChunkedDecoder::add_digit(char c) {
  const int digit = hex_digit(c);
  if (digit < 0) return refuse(400, "malformed chunk size");
  if (left_ > (kLargestChunk >> 4)) return refuse(400, "chunk size out of range");
  left_ = left_ << 4 | static_cast<unsigned>(digit);
  return {};
}

Judged<std::size_t> BodyReader::read(ByteView bytes, Bytes& to) {
  switch (kind_) {
    case BodyLength::Kind::kNone:
      return 0;
    case BodyLength::Kind::kChunked:
      return chunks_.read(bytes, to);
    case BodyLength::Kind::kToClose:
      append(to, bytes);
      return bytes.size();
    case BodyLength::Kind::kKnown:
      break;
  }
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
  append(to, bytes.first(count));
  left_ -= count;
  return count;
}

bool BodyReader::is_complete() const {
  switch (kind_) {
    case BodyLength::Kind::kNone:
      return true;
    case BodyLength::Kind::kKnown:
      return left_ == 0;
    case BodyLength::Kind::kChunked:
      return chunks_.is_complete();
    case BodyLength::Kind::kToClose:
      return false;
  }
  return true;
}

}  // namespace railgun::http
