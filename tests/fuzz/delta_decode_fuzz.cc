// Fuzzes: delta base
// Any bytes as a delta against a fixed reference: a page or a clean error, in bounded time and memory.
#include <cstdlib>

#include "railgund/delta/decoder.h"

namespace {

std::shared_ptr<const railgun::delta::Reference> fixed_reference() {
  railgun::Bytes page;
  for (int i = 0; page.size() < 3000; ++i) {
    const std::string line = "<li id=\"" + std::to_string(i) + "\">" + std::to_string(i * 7919 % 1000) + "</li>\n";
    railgun::append(page, railgun::as_bytes(line));
  }
  return std::make_shared<const railgun::delta::Reference>(std::move(page));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto reference = fixed_reference();
  const railgun::delta::DecoderLimits limits{.window_bytes = 1 << 16, .page_bytes = 1 << 18};
  const railgun::ByteView delta(data, size);
  const auto whole = railgun::delta::decode(reference, delta, limits);
  if (whole.has_value() && whole->size() > limits.page_bytes) std::abort();

  // Cut in two, it must come to the same end.
  railgun::delta::Decoder decoder(reference, limits);
  const std::size_t cut = size / 3;
  bool good = decoder.receive(delta.first(cut)).has_value();
  railgun::Bytes page = decoder.take();
  if (good) {
    good = decoder.receive(delta.subspan(cut)).has_value() && decoder.end().has_value();
    railgun::append(page, decoder.take());
  }
  if (whole.has_value() != good) std::abort();
  if (whole.has_value() && *whole != page) std::abort();
  return 0;
}
