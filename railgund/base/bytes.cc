#include "railgund/base/bytes.h"

namespace railgun {

std::uint64_t ByteReader::fixed(std::size_t width) {
  const ByteView view = bytes(width);
  std::uint64_t value = 0;
  for (const std::uint8_t byte : view) value = value << 8 | byte;
  return value;
}

ByteView ByteReader::bytes(std::size_t count) {
  if (count > rest_.size()) {
    ok_ = false;
    rest_ = {};
    return {};
  }
  const ByteView view = rest_.first(count);
  rest_ = rest_.subspan(count);
  return view;
}

std::uint64_t ByteReader::varint() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const std::uint8_t byte = u8();
    if (!ok_) return 0;
    const std::uint64_t group = byte & 0x7fU;
    const bool overflows = shift == 63 && group > 1;
    const bool padded = byte == 0 && shift > 0;
    if (overflows || padded) break;
    value |= group << shift;
    if ((byte & 0x80U) == 0) return value;
  }
  ok_ = false;
  rest_ = {};
  return 0;
}

void ByteWriter::fixed(std::uint64_t value, std::size_t width) {
  for (std::size_t i = width; i-- > 0;) to_.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

void ByteWriter::varint(std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) to_.push_back(static_cast<std::uint8_t>(value | 0x80));
  to_.push_back(static_cast<std::uint8_t>(value));
}

}  // namespace railgun
