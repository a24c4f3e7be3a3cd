// Encodes and decodes heads by HPACK (RFC 7541, libnghttp2): a field that was sent before on the link costs one or two
// bytes (doc/PROTOCOL.md, "Heads"). Each direction has one encoder and one decoder, which live as long as the link.
// Every block must be decoded, in the order of encoding.
#pragma once

#include <cstddef>
#include <memory>

#include "railgund/base/bytes.h"
#include "railgund/base/field.h"
#include "railgund/base/result.h"

namespace railgun::link {

// Size of the table of fields, per direction. Part of the protocol's version.
inline constexpr std::size_t kHeadTableBytes = 64 * 1024;
inline constexpr std::size_t kMaxHeadFields = 1000;
// Of one name or one value: the limit of libnghttp2's decoder.
inline constexpr std::size_t kMaxHeadTextBytes = 64 * 1024;

class HeadEncoder {
 public:
  HeadEncoder();
  ~HeadEncoder();
  HeadEncoder(HeadEncoder&&) noexcept;
  HeadEncoder& operator=(HeadEncoder&&) noexcept;

  // Appends the block to `to`. Names are sent in lower case.
  // Errors: kTooLarge over kMaxHeadFields or kMaxHeadTextBytes; then nothing is encoded.
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

  // `most_bytes`: limit of names and values together. After an error the decoder must not be used again.
  // Errors: kMalformed if the block is not valid HPACK, or a name is empty or has upper-case letters; kTooLarge.
  Result<Fields> decode(ByteView block, std::size_t most_bytes);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace railgun::link
