// The body of one message, unframed: wherever the input is cut, the same bytes come out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "railgund/base/bytes.h"
#include "railgund/base/field.h"
#include "railgund/http/message.h"
#include "railgund/http/refusal.h"

namespace railgun::http {

// Decodes the chunked coding (RFC 9112 7.1). Extensions are read and dropped; so are fields that must not be trailers.
// Refuses sizes that are not plain hexadecimal or over 2^63-1, lines that do not end in CR LF, control characters, lines
// over kLineBytes, and trailers over their limits (http/trailers.h).
class ChunkedDecoder {
 public:
  // Of a size with its extensions.
  static constexpr std::size_t kLineBytes = 8 * 1024;

  // Appends body bytes to `to`, says how many bytes were taken off the front: all, unless the last chunk has ended.
  Judged<std::size_t> read(ByteView bytes, Bytes& to);
  bool is_complete() const { return state_ == State::kDone; }
  // After is_complete(), once.
  Fields take_trailers() { return std::move(trailers_); }

 private:
  enum class State : std::uint8_t {
    kSizeStart,  // the first digit
    kSize,
    kBlank,  // after the size: blanks, then an extension
    kExtension,
    kSizeLineEnd,  // LF
    kData,
    kDataCr,
    kDataLineEnd,
    kTrailerStart,  // a trailer's name, or CR of the empty line
    kTrailerName,
    kTrailerValue,
    kTrailerLineEnd,
    kLastLineEnd,
    kDone,
  };

  // One byte that is not a chunk's data.
  Judged<void> step(char c);
  Judged<void> add_digit(char c);
  void finish_trailer();

  State state_ = State::kSizeStart;
  std::uint64_t left_ = 0;      // of the chunk
  std::size_t line_bytes_ = 0;  // of the line, or of the trailers
  Fields trailers_;
};

class BodyReader {
 public:
  explicit BodyReader(BodyLength length) : kind_(length.kind), left_(length.bytes) {}

  // As ChunkedDecoder::read().
  Judged<std::size_t> read(ByteView bytes, Bytes& to);
  bool is_complete() const;
  // After is_complete(), once.
  Fields take_trailers() { return chunks_.take_trailers(); }
  // The connection has ended: true if that, or what came before it, completes the body.
  bool is_complete_at_end() const { return kind_ == BodyLength::Kind::kToClose || is_complete(); }

 private:
  BodyLength::Kind kind_;
  std::uint64_t left_;
  ChunkedDecoder chunks_;
};

}  // namespace railgun::http
