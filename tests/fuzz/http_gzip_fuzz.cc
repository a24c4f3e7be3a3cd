// Fuzzes: http base
// A body said to be compressed. Oracles: no more output than the limits allow; the same output wherever the input is
// cut; and what the encoder makes of the input is undone to it.
#include <cstdint>

#include "railgund/base/check.h"
#include "railgund/http/content_coding.h"

namespace {

using railgun::append;
using railgun::as_text;
using railgun::Bytes;
using railgun::ByteView;
using railgun::to_bytes;
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

  GzipEncoder encoder(1);
  Bytes coded;
  encoder.write(input.first(size / 2), coded);
  if (size % 2 == 1) encoder.flush(coded);
  encoder.write(input.subspan(size / 2), coded);
  encoder.finish(coded);
  const Undone again = run(coded, coded.size());
  RAILGUN_CHECK(size > kMost || (again.finished && again.bytes == to_bytes(input)));
  railgun::Fields fields{{"Accept-Encoding", std::string(as_text(input))}};
  const CodingWishes wishes = read_accept_encoding(fields);
  RAILGUN_CHECK(wishes.gzip >= 0 && wishes.gzip <= 1000 && wishes.identity >= 0 && wishes.identity <= 1000);
  return 0;
}
