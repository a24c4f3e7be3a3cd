// The fast tier's model of bytes in gaps: is it the byte guessed, and if not, its two nibbles from the statistics of
// the one to three bytes before. Starts from rows primed by the reference, and copies only the rows it changes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "railgund/base/bytes.h"
#include "railgund/delta/adaptive_bit.h"
#include "railgund/delta/gap_model.h"
#include "railgund/delta/nibble_rows.h"
#include "railgund/delta/nibble_shares.h"

namespace railgun::delta {

class NibbleModel {
 public:
  // `start` outlives the model.
  explicit NibbleModel(const PrimedRows& start);

  // Where a guess comes from.
  enum class Source : std::uint8_t { kReplaced, kNearby, kPage };

  // Codes one byte and learns it. When decoding `value` means nothing and the result is the byte. `recent`: the last
  // bytes, the latest lowest. `found` comes from `source`.
  template <typename Coder>
  std::uint8_t byte(Coder& coder, std::uint8_t value, std::uint64_t recent, Guess replaced, Guess found, Source source);

 private:
  static constexpr std::size_t kKinds = 3;
  static constexpr std::size_t kSupports = 3;
  static constexpr std::size_t kClasses = 8;

  // Whether guesses are right: the first, and another after it.
  struct Guesses {
    std::array<AdaptiveBit, kKinds * kSupports*(kMaxTrust + 1) * kClasses> hits;
    std::array<AdaptiveBit, kKinds*(kMaxTrust + 1)> second_hits;
  };
  static constexpr Guesses make_guesses();
  static const Guesses kStart;

  // A context's row: where it is read, and where it goes once it has learned.
  struct Slot {
    const NibbleRow* from;
    std::uint32_t index;
    std::uint16_t mark;
  };
  using Slots = std::array<Slot, NibbleContexts::kOrders>;
  Slots slots(const NibbleContexts::Rows& places) {
    Slots all;
    for (std::size_t k = 0; k < all.size(); ++k) {
      const std::uint32_t index = places[k].index;
      const bool changed = (changed_[index / 64] >> (index % 64) & 1) != 0;
      // Without branches, here and below: they would often be mispredicted.
      const std::array<const NibbleRow*, 2> choices = {start_, own_};
      all[k] = {choices[changed ? 1 : 0] + index, index, places[k].mark};
      __builtin_prefetch(all[k].from);
    }
    return all;
  }
  template <typename Coder>
  unsigned nibble(Coder& coder, unsigned value, Slots& slots, std::size_t half);

  const NibbleRow* start_;
  unsigned halvings_;
  NibbleScratch::Loan scratch_;
  NibbleRow* own_;
  std::uint64_t* changed_;
  Guesses guesses_;
};

namespace nibble {

// Letters, digits and the like: guesses of one class are right equally often.
constexpr std::array<std::uint8_t, 256> make_classes() {
  std::array<std::uint8_t, 256> all{};
  for (int c = 0; c < 256; ++c) {
    all[c] = c >= '0' && c <= '9'                              ? 0
             : c >= 'a' && c <= 'z'                            ? 1
             : c >= 'A' && c <= 'Z'                            ? 2
             : c == ' ' || c == '\n' || c == '\t' || c == '\r' ? 3
             : c == '<' || c == '>' || c == '"' || c == '='    ? 4
             : c >= 128                                        ? 5
             : c < 32                                          ? 6
                                                               : 7;
  }
  return all;
}
inline constexpr std::array<std::uint8_t, 256> kClassOf = make_classes();

}  // namespace nibble

template <typename Coder>
unsigned NibbleModel::nibble(Coder& coder, unsigned value, Slots& slots, std::size_t half) {
  nibble::Blended rows;
  unsigned known = 0;
  for (std::size_t k = 0; k < slots.size(); ++k) {
    const std::array<const NibbleRow*, 2> choices = {&nibble::kBlank, slots[k].from};
    rows[k] = choices[slots[k].from->is_of(slots[k].mark) ? 1 : 0];
    known = known * 3 + nibble::kKnowledge[rows[k]->seen()];
  }
  nibble::Frequencies frequencies;
  nibble::blend(rows, nibble::kShares[half][known], frequencies);
  value = coder.nibble(value, frequencies.below());
  for (std::size_t k = 0; k < slots.size(); ++k) {
    const std::uint32_t index = slots[k].index;
    nibble::learn(*rows[k], value, own_[index], slots[k].mark);
    changed_[index / 64] |= std::uint64_t{1} << (index % 64);
  }
  return value;
}

template <typename Coder>
std::uint8_t NibbleModel::byte(Coder& coder, std::uint8_t value, std::uint64_t recent, Guess replaced, Guess found,
                               Source source) {
  const bool better = found.trust > replaced.trust;
  const Guess guess = better ? found : replaced;
  const Guess other = better ? replaced : found;
  if (guess.byte >= 0) {
    const std::size_t kind = better ? static_cast<std::size_t>(source) : 0;
    const std::size_t support = other.byte < 0 ? 0 : other.byte == guess.byte ? 1 : 2;
    const auto guessed = static_cast<std::uint8_t>(guess.byte);
    AdaptiveBit& hit = guesses_.hits[((kind * kSupports + support) * (kMaxTrust + 1) + guess.trust) * kClasses +
                                     nibble::kClassOf[guessed]];
    if (hit.code(coder, value == guessed)) return guessed;
    if (support == 2) {
      const std::size_t other_kind = better ? 0 : static_cast<std::size_t>(source);
      AdaptiveBit& second_hit = guesses_.second_hits[other_kind * (kMaxTrust + 1) + other.trust];
      const auto second = static_cast<std::uint8_t>(other.byte);
      if (second_hit.code(coder, value == second)) return second;
    }
  }
  const NibbleContexts contexts(recent, halvings_);
  Slots highs = slots(contexts.rows(0));
  const unsigned high = nibble(coder, value >> 4, highs, 0);
  Slots lows = slots(contexts.rows(1 + high));
  const unsigned low = nibble(coder, value & 15U, lows, 1);
  return static_cast<std::uint8_t>(high << 4 | low);
}

}  // namespace railgun::delta
