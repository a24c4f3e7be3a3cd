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
      if (bytes.size() > left_) return false;
      left_ -= bytes.size();
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

bool BodyWriter::end(ByteQueue& to) {
  if (kind_ == BodyLength::Kind::kKnown && left_ > 0) return false;
  if (kind_ == BodyLength::Kind::kChunked) to.append(as_bytes(kLastChunk));
  return true;
}

}  // namespace railgun::http
