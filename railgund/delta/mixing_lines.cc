#include "railgund/delta/mixing_lines.h"

#include <algorithm>
#include <bit>
#include <vector>

namespace railgun::delta::mixing {
namespace {

// A page's text up to here is learned whole, of a longer one sixteen stretches.
constexpr std::size_t kLearnedBytes = 1 << 20;
constexpr std::size_t kStretches = 16;
// Text that repeats earlier text is guessed by the walker and teaches the tables nothing they will be asked for.
constexpr unsigned kKnownRun = 8;
constexpr unsigned kRunOrder = 6;
constexpr unsigned kMaxPlaceBits = 17;

constexpr std::array<std::uint32_t, kContexts> kFactors = {0x3d4d51cb, 0x9e3779b1, 0x85ebca6b,
                                                           0xc2b2ae35, 0x27d4eb2f, 0x165667b1};

bool is_word(std::uint8_t byte) {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') || byte >= 128;
}

}  // namespace

Layout::Layout(std::size_t page_bytes) {
  const auto bits = static_cast<unsigned>(std::bit_width(page_bytes | 1));
  const auto clamp = [](unsigned value, unsigned most) { return std::clamp(value, 8U, most + 4) - 4; };
  std::array<unsigned, kTables> sizes{};
  sizes[0] = clamp(bits, 10);
  sizes[1] = clamp(bits - 1, 13);
  for (std::size_t k = 2; k < kPrimedContexts; ++k) sizes[k] = clamp(bits + 1, 14);
  for (std::size_t k = 0; k < kRanks; ++k) sizes[kFirstRank + k] = clamp(bits - 3, 11);
  sizes[kTables - 1] = 8;
  for (std::size_t table = 0; table < kTables; ++table) {
    first_[table] = static_cast<std::uint32_t>(lines_);
    mask_[table] = (1U << sizes[table]) - 1;
    lines_ += std::size_t{1} << sizes[table];
  }
}

void Recent::set(std::uint64_t bytes) {
  word_ = 0;
  for (int k = 56; k >= 0; k -= 8) push(static_cast<std::uint8_t>(bytes >> k));
}

void Recent::push(std::uint8_t byte) {
  bytes_ = bytes_ << 8 | byte;
  word_ = is_word(byte) ? (word_ + byte + 1) * 0x2f0b4c47U : 0;
}

std::array<std::uint32_t, kContexts> Recent::contexts() const {
  const auto four = static_cast<std::uint32_t>(bytes_);
  return {((four & 0xff) + 1) * kFactors[0],
          (four & 0xffff) * kFactors[1] + kFactors[0],
          (four & 0xffffff) * kFactors[2] + kFactors[1],
          four * kFactors[3] + kFactors[2],
          (word_ + (four & 0xff)) * kFactors[4] + kFactors[3],
          0};
}

std::array<std::uint32_t, kRanks> Recent::ranks() const {
  const auto four = static_cast<std::uint32_t>(bytes_);
  return {spread((four & 0xffff) * kFactors[1], 0), spread((four & 0xffffff) * kFactors[2], 0),
          spread((word_ + (four & 0xff)) * kFactors[4], 0), spread(four * kFactors[3], 0)};
}

PrimedLines::PrimedLines(ByteView page)
    : layout_(page.size()), lines_(std::make_unique<Line[]>(layout_.primed_lines())) {
  if (page.size() <= kLearnedBytes) {
    learn(page);
    return;
  }
  for (std::size_t k = 0; k < kStretches; ++k) {
    learn(page.subspan(page.size() / kStretches * k, kLearnedBytes / kStretches));
  }
}

void PrimedLines::learn(ByteView text) {
  const unsigned shift = 64 - std::clamp(static_cast<unsigned>(std::bit_width(text.size())), 8U, kMaxPlaceBits);
  std::vector<std::uint32_t> places(std::size_t{1} << (64 - shift));
  std::size_t match = 0;
  unsigned run = 0;
  Recent recent;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::uint8_t byte = text[i];
    const bool guessed = match != 0 && text[match] == byte;
    if (!guessed || run < kKnownRun) {
      const auto contexts = recent.contexts();
      for (std::size_t k = 0; k < kPrimedContexts; ++k) {
        const std::uint32_t high = spread(contexts[k], 0);
        learn_nibble(slot_of(lines_[layout_.line(k, high)], high), byte >> 4);
        const std::uint32_t low = spread(contexts[k], (byte >> 4) + 1U);
        learn_nibble(slot_of(lines_[layout_.line(k, low)], low), byte & 15U);
      }
      const auto ranks = recent.ranks();
      for (std::size_t k = 0; k < kRanks; ++k) {
        std::uint8_t* place = Rank::place(lines_[layout_.line(kFirstRank + k, ranks[k])], ranks[k]);
        store_rank(place, Rank(load_rank(place)).after(ranks[k], byte));
      }
    }
    recent.push(byte);
    if (guessed) {
      ++match;
      ++run;
    } else {
      match = 0;
      run = 0;
    }
    if (i + 1 < kRunOrder) continue;
    std::uint32_t& place = places[(recent.bytes() << (64 - 8 * kRunOrder)) * 0x9e3779b97f4a7c15ULL >> shift];
    if (match == 0 && place != 0) {
      while (run < 24 && run < place && text[place - 1 - run] == text[i - run]) ++run;
      if (run >= kRunOrder) {
        match = place;
      } else {
        run = 0;
      }
    }
    place = static_cast<std::uint32_t>(i + 1);
  }
}

}  // namespace railgun::delta::mixing
