// The counterpart of BodyReader: frames the body of one message as it is written, and holds it to what was announced.
#pragma once

#include <cstdint>

#include "railgund/base/byte_queue.h"
#include "railgund/http/message.h"

namespace railgun::http {

class BodyWriter {
 public:
  BodyWriter() = default;  // a body of no bytes
  explicit BodyWriter(BodyLength length) : kind_(length.kind), left_(length.bytes) {}

  BodyLength::Kind kind() const { return kind_; }

  // Appends `bytes`, framed, to `to`. False, and nothing appended, if the body becomes longer than announced.
  [[nodiscard]] bool write(ByteView bytes, ByteQueue& to);
  // Appends what ends the body. Only a chunked one has trailers (RFC 9112 7.1.2): others drop them. False if it is
  // shorter than announced.
  [[nodiscard]] bool end(ByteQueue& to, const Fields& trailers = {});

  // For a protocol that frames bodies otherwise. Counts bytes: false, and nothing counted, if they are more than
  // announced.
  [[nodiscard]] bool count(std::size_t bytes);
  // As much as was announced has been counted or written.
  bool is_complete() const { return kind_ != BodyLength::Kind::kKnown || left_ == 0; }

 private:
  BodyLength::Kind kind_ = BodyLength::Kind::kNone;
  std::uint64_t left_ = 0;  // with kKnown
};

}  // namespace railgun::http
