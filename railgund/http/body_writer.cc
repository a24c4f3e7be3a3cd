#include "railgund/http/body_writer.h"

#include "railgund/http/writer.h"

namespace railgun::http {

bool BodyWriter::write(ByteView bytes, ByteQueue& to) {
  if (bytes.empty()) return true;  // an empty chunk would be the last one
  switch (kind_) {
    case BodyLength::Kind::kNone:
      return false;
    case BodyLength::Kind::kToClose:
      to.append(bytes);
      return true;
    case BodyLength::Kind::kKnown:
      if (!count(bytes.size())) return false;
      to.append(bytes);
      return true;
    case BodyLength::Kind::kChunked: {
      Bytes size;
      write_chunk_size(size, bytes.size());
      to.append(ByteView(size));
      to.append(bytes);
      to.append(as_bytes(kChunkEnd));
      return true;
    }
  }
  return false;
}

bool BodyWriter::count(std::size_t bytes) {
  if (kind_ != BodyLength::Kind::kKnown) return true;
  if (bytes > left_) return false;
  left_ -= bytes;
  return true;
}

bool BodyWriter::end(ByteQueue& to, const Fields& trailers) {
  if (!is_complete()) return false;
  if (kind_ != BodyLength::Kind::kChunked) return true;
  Bytes last;
  write_last_chunk(last, trailers);
  to.append(ByteView(last));
  return true;
}

}  // namespace railgun::http
