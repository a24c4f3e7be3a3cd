// Fuzzes: http base
// A body said to be compressed. Oracles: no more output than the limits allow; the same output wherever the input is
// cut.
#include <cstdint>

#include "railgund/base/check.h"
#include "railgund/http/content_coding.h"

namespace {

using railgun::append;
using railgun::Bytes;
using railgun::ByteView;
using namespace railgun::http;

constexpr std::uint64_t kMost = 1 << 20;

struct Undone {
  Bytes bytes;
  bool ok = true;
  bool finished = false;
};

Undone run(ByteView input, std::size_t piece) {
  GzipDecoder decoder({.most_bytes = kMost});
  Undone undone;
  while (!input.empty() && undone.ok) {
    const std::size_t count = std::min(piece, input.size());
    undone.ok = decoder.receive(input.first(count)).has_value();
    append(undone.bytes, decoder.take());
    input = input.subspan(count);
  }
  undone.finished = decoder.finished();
  RAILGUN_CHECK(undone.bytes.size() <= kMost);
  return undone;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  const Undone whole = run(input, size + 1);
  const Undone cut = run(input, 1 + size % 7);
  RAILGUN_CHECK(cut.ok == whole.ok && cut.finished == whole.finished);
  if (whole.ok) RAILGUN_CHECK(cut.bytes == whole.bytes);
  return 0;
}
