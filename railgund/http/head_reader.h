// Gathers the bytes of one head until its end, wherever the input is cut, and refuses at once what no head may hold:
// NUL and other control characters, a CR or LF that is not half of a line's end, a first line that cannot be right,
// more bytes or fields than allowed. So the parser behind it only ever sees whole heads, and what is refused, and with
// which status, does not depend on how the bytes came in.
#pragma once

#include <cstddef>

#include "railgund/base/bytes.h"
#include "railgund/http/refusal.h"

namespace railgun::http {

enum class HeadKind : std::uint8_t { kRequest, kResponse };

struct HeadLimits {
  std::size_t head_bytes;
  std::size_t field_count;
};

class HeadReader {
 public:
  HeadReader(HeadKind kind, HeadLimits limits) : kind_(kind), limits_(limits) {}

  // Takes bytes off the front of `bytes`, up to the head's end, and says how many. After a refusal the reader is spent.
  Judged<std::size_t> read(ByteView bytes);

  bool is_complete() const { return complete_; }
  // The head with its last empty line, without the empty line that may come before it (RFC 9112 2.2).
  ByteView head() const { return head_; }

 private:
  // How many of `bytes` are inside a line and may be taken without a look at each: all that check() lets through.
  std::size_t plain_run(ByteView bytes) const;
  // The refusal that `c` as the next byte brings, if any.
  Judged<void> check(char c) const;
  Judged<void> finish_line();

  HeadKind kind_;
  HeadLimits limits_;
  Bytes head_;
  std::size_t line_start_ = 0;
  std::size_t lines_ = 0;  // that are not empty
  bool skipped_empty_line_ = false;
  bool complete_ = false;
};

}  // namespace railgun::http
