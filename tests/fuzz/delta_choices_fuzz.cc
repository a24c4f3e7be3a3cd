// Fuzzes: delta base
// The decisions of a delta, rather than its bytes, which the range coder would scramble: both walks decode whatever the
// input decides, in bounds; the decisions, coded, decode to the same from bytes.
#include <algorithm>
#include <cstdlib>

#include "railgund/delta/gap_walker.h"
#include "railgund/delta/mixing_gaps.h"
#include "railgund/delta/nibble_gaps.h"

namespace {

using namespace railgun;
using namespace railgun::delta;

// A decoder that reads no stream: each decision is the input's next bits, and is coded as it is made. Behind the input
// the likely comes.
class ChoosingDecoder {
 public:
  static constexpr bool kDecodes = true;

  ChoosingDecoder(ByteView choices, Bytes& coded) : choices_(choices), coder_(coded) {}

  bool bit(bool, std::uint32_t p) { return coder_.bit(at_ / 8 < choices_.size() ? take(1) != 0 : p >= 32768, p); }
  std::uint32_t flat(std::uint32_t, unsigned count) { return coder_.flat(take(count), count); }
  unsigned nibble(unsigned, const std::uint16_t* below) { return coder_.nibble(take(4), below); }
  void finish() { coder_.finish(); }

 private:
  std::uint32_t take(unsigned count) {
    std::uint32_t value = 0;
    for (; count > 0; --count, ++at_) {
      const std::uint32_t bit = at_ / 8 < choices_.size() ? choices_[at_ / 8] >> (at_ % 8) & 1U : 0U;
      value = value << 1 | bit;
    }
    return value;
  }

  ByteView choices_;
  std::size_t at_ = 0;
  RangeEncoder coder_;
};

std::shared_ptr<const Reference> fixed_reference() {
  Bytes page;
  for (int i = 0; page.size() < 3000; ++i) {
    const std::string line = "<li id=\"" + std::to_string(i) + "\">" + std::to_string(i * 7919 % 1000) + "</li>\n";
    append(page, as_bytes(line));
  }
  return std::make_shared<const Reference>(std::move(page));
}

constexpr std::size_t kWindowBytes = 1 << 15, kMixedBytes = 1 << 13;

// Two windows by the same decisions twice: chosen, and decoded from what that coded. `make` gives a walker.
template <typename Make>
void walk(ByteView choices, Make make) {
  auto chosen = make();
  auto decoded = make();
  Bytes chosen_page;
  Bytes decoded_page;
  for (const bool last : {false, true}) {
    Bytes payload;
    ChoosingDecoder chooser(choices.first(choices.size() / (last ? 1 : 2)), payload);
    const WalkEnd end = chosen.decode(chooser, chosen_page, last, kWindowBytes);
    chooser.finish();
    if (chosen_page.size() > 2 * kWindowBytes) std::abort();
    RangeDecoder decoder(payload);
    if (decoded.decode(decoder, decoded_page, last, kWindowBytes) != end || decoded_page != chosen_page) std::abort();
    if (end != WalkEnd::kGood) return;
  }
}

}  // namespace

// Input: a byte that says which walk, then decisions.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto reference = fixed_reference();
  if (size == 0) return 0;
  static const auto held = reference->prepared();
  Reference::Prepared& prepared = *held;
  const ByteView choices(data + 1, size - 1);
  switch (data[0] % 3) {
    case 0:
      walk(choices, [&] { return GapWalker<NibbleGaps>(prepared, prepared); });
      break;
    case 1:
      walk(choices, [&] { return GapWalker<MixingGaps>(prepared, prepared.page(), nullptr, kMixedBytes); });
      break;
    default:
      walk(choices,
           [&] { return GapWalker<MixingGaps>(prepared, prepared.page(), &prepared.primed_lines(), kMixedBytes); });
  }
  return 0;
}
