// Views and buffers of bytes, and the one bounds-checked way to read and write binary fields.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

namespace railgun {

using ByteView = std::span<const std::uint8_t>;
using Bytes = std::vector<std::uint8_t>;

inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline Bytes to_bytes(ByteView view) { return {view.begin(), view.end()}; }
inline void append(Bytes& to, ByteView bytes) { to.insert(to.end(), bytes.begin(), bytes.end()); }

// Reads fields off the front of a view. A read past the end gives zeros and makes ok() false for good, so a decoder
// reads all its fields first and checks once. Views it returns live as long as the input.
// Fixed-width numbers are big-endian. A varint is base 128, least significant group first, at most ten bytes, in its
// shortest form (doc/PROTOCOL.md, "Numbers").
class ByteReader {
 public:
  explicit ByteReader(ByteView bytes) : rest_(bytes) {}

  std::uint8_t u8() { return static_cast<std::uint8_t>(fixed(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(fixed(2)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(fixed(4)); }
  std::uint64_t u64() { return fixed(8); }
  std::uint64_t varint();
  ByteView bytes(std::size_t count);
  ByteView rest() { return bytes(rest_.size()); }

  std::size_t left() const { return rest_.size(); }
  bool ok() const { return ok_; }
  bool at_end() const { return rest_.empty(); }

 private:
  std::uint64_t fixed(std::size_t width);

  ByteView rest_;
  bool ok_ = true;
};

// Appends fields to `to`, which outlives the writer. The counterpart of ByteReader.
class ByteWriter {
 public:
  explicit ByteWriter(Bytes& to) : to_(to) {}

  void u8(std::uint8_t value) { to_.push_back(value); }
  void u16(std::uint16_t value) { fixed(value, 2); }
  void u32(std::uint32_t value) { fixed(value, 4); }
  void u64(std::uint64_t value) { fixed(value, 8); }
  void varint(std::uint64_t value);
  void bytes(ByteView view) { append(to_, view); }

 private:
  void fixed(std::uint64_t value, std::size_t width);

  Bytes& to_;
};

}  // namespace railgun
