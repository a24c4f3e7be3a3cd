// The fast tier's model of bytes in gaps: is it the byte guessed, and if not, its two nibbles from the statistics of
// the one and the two bytes before. Starts from rows primed by the reference, and copies only the rows it changes.
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

  void begin(Volume) {}
  void learn(ByteView, std::uint64_t) {}

  template <typename Coder>
  std::uint8_t byte(Coder& coder, std::uint8_t value, const GapContext& context);

 private:
  static constexpr std::size_t kKinds = 3;
  static constexpr std::size_t kSupports = 3;
  static constexpr std::size_t kClasses = 8;

  // A context's row: where it is read, and where it goes once it has learned.
  struct Slot {
    const NibbleRow* from;
    NibbleRow* own;
    std::uint16_t mark;
  };
  using Slots = std::array<Slot, NibbleContexts::kOrders>;
  Slots slots(const NibbleContexts::Rows& places) {
    Slots all;
    for (std::size_t k = 0; k < all.size(); ++k) {
      const std::uint32_t index = places[k].index;
      const bool changed = (changed_[index / 64] >> (index % 64) & 1) != 0;
      all[k] = {changed ? &own_[index] : &start_[index], &own_[index], places[k].mark};
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
  std::array<AdaptiveBit, kKinds * kSupports*(kMaxTrust + 1) * kClasses> hits_;
  std::array<AdaptiveBit, kKinds*(kMaxTrust + 1)> second_hits_;
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
    const bool ours = slots[k].from->is_of(slots[k].mark);
    rows[k] = ours ? slots[k].from : &nibble::kBlank;
    known = known * 3 + nibble::knowledge(rows[k]->seen());
  }
  nibble::Frequencies frequencies;
  nibble::blend(rows, nibble::kShares[half][known], frequencies);
  value = coder.nibble(value, frequencies.below());
  for (std::size_t k = 0; k < slots.size(); ++k) {
    nibble::learn(*rows[k], value, *slots[k].own, slots[k].mark);
    const auto index = static_cast<std::size_t>(slots[k].own - own_);
    changed_[index / 64] |= std::uint64_t{1} << (index % 64);
  }
  return value;
}

template <typename Coder>
std::uint8_t NibbleModel::byte(Coder& coder, std::uint8_t value, const GapContext& context) {
  const NibbleContexts contexts(context.recent, halvings_);
  Slots highs = slots(contexts.rows(0));
  const std::array<Guess, kKinds> guesses = {context.replaced, context.nearby, context.page};
  std::size_t best = 0;
  for (std::size_t k = 1; k < kKinds; ++k) {
    if (guesses[k].trust > guesses[best].trust) best = k;
  }
  const Guess guess = guesses[best];
  if (guess.byte >= 0) {
    std::size_t other = kKinds;
    bool agrees = false;
    for (std::size_t k = 0; k < kKinds; ++k) {
      if (k == best || guesses[k].byte < 0) continue;
      if (guesses[k].byte == guess.byte) {
        agrees = true;
      } else if (other == kKinds || guesses[k].trust > guesses[other].trust) {
        other = k;
      }
    }
    const std::size_t support = other != kKinds ? 2 : agrees ? 1 : 0;
    const auto guessed = static_cast<std::uint8_t>(guess.byte);
    AdaptiveBit& hit =
        hits_[((best * kSupports + support) * (kMaxTrust + 1) + guess.trust) * kClasses + nibble::kClassOf[guessed]];
    if (hit.code(coder, value == guessed)) return guessed;
    if (other != kKinds) {
      const auto second = static_cast<std::uint8_t>(guesses[other].byte);
      AdaptiveBit& second_hit = second_hits_[other * (kMaxTrust + 1) + guesses[other].trust];
      if (second_hit.code(coder, value == second)) return second;
    }
  }
  const unsigned high = nibble(coder, value >> 4, highs, 0);
  Slots lows = slots(contexts.rows(1 + high));
  const unsigned low = nibble(coder, value & 15U, lows, 1);
  return static_cast<std::uint8_t>(high << 4 | low);
}

}  // namespace railgun::delta
