// Heads under HPACK (RFC 7541, by libnghttp2): fields that were sent before on the link cost a byte or two
// (doc/PROTOCOL.md, "Heads"). One encoder and one decoder a direction, alive as long as the link; blocks are decoded in
// the order they were encoded, all of them.
#pragma once

#include <cstddef>
#include <memory>

#include "railgund/base/bytes.h"
#include "railgund/base/field.h"
#include "railgund/base/result.h"

namespace railgun::link {

// Of the table of fields that each end remembers, a direction; part of the protocol's version.
inline constexpr std::size_t kHeadTableBytes = 64 * 1024;
inline constexpr std::size_t kMaxHeadFields = 1000;
// Of one name or one value: what libnghttp2's decoder takes.
inline constexpr std::size_t kMaxHeadTextBytes = 64 * 1024;

class HeadEncoder {
 public:
  HeadEncoder();
  ~HeadEncoder();
  HeadEncoder(HeadEncoder&&) noexcept;
  HeadEncoder& operator=(HeadEncoder&&) noexcept;

  // Appends the block to `to`. Names are sent in lower case.
  // Errors: kTooLarge over kMaxHeadFields or kMaxHeadTextBytes; nothing is then encoded.
  Result<void> encode(const Fields& fields, Bytes& to);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

class HeadDecoder {
 public:
  HeadDecoder();
  ~HeadDecoder();
  HeadDecoder(HeadDecoder&&) noexcept;
  HeadDecoder& operator=(HeadDecoder&&) noexcept;

  // `most_bytes`: of names and values together. After an error the decoder is of no more use.
  // Errors: kMalformed for a block that is no HPACK or a name with upper-case letters or none; kTooLarge.
  Result<Fields> decode(ByteView block, std::size_t most_bytes);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace railgun::link
