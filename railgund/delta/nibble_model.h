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

namespace railgun::delta {

class NibbleModel {
 public:
  // `start` outlives the model.
  explicit NibbleModel(const NibbleRow* start);

  void begin(Volume) {}
  void learn(ByteView, std::uint64_t) {}

  template <typename Coder>
  std::uint8_t byte(Coder& coder, std::uint8_t value, const GapContext& context);

 private:
  static constexpr std::size_t kKinds = 3;
  static constexpr std::size_t kSupports = 3;
  static constexpr std::size_t kClasses = 8;

  // Rows as they are now: the start's until one is changed.
  const NibbleRow& row(std::size_t index) const { return changed_[index] != 0 ? own_[index] : start_[index]; }
  void learn(std::size_t index, unsigned symbol) {
    nibble::learn(row(index), own_[index], symbol);
    changed_[index] = 1;
  }
  template <typename Coder>
  unsigned nibble(Coder& coder, unsigned value, std::size_t first, std::size_t second);

  const NibbleRow* start_;
  std::unique_ptr<NibbleRow[]> own_;
  std::unique_ptr<std::uint8_t[]> changed_;
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
unsigned NibbleModel::nibble(Coder& coder, unsigned value, std::size_t first, std::size_t second) {
  const NibbleRow& one = row(first);
  const NibbleRow& two = row(second);
  alignas(32) std::uint16_t mixed[16];
  // The longer context counts as much as it has seen.
  const unsigned seen = two.below[15];
  if (seen < 3) {
    nibble::blend(one.below, two.below, seen == 0 ? 15 : seen == 1 ? 2 : 1, mixed);
  } else {
    nibble::blend(two.below, one.below, seen < 8 ? 2 : 3, mixed);
  }
  mixed[15] = nibble::kTotal;
  value = coder.nibble(value, mixed);
  learn(first, value);
  learn(second, value);
  return value;
}

template <typename Coder>
std::uint8_t NibbleModel::byte(Coder& coder, std::uint8_t value, const GapContext& context) {
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
  const NibbleContexts contexts(context.recent);
  const unsigned high = nibble(coder, value >> 4, contexts.high1(), contexts.high2());
  const unsigned low = nibble(coder, value & 15U, contexts.low1(high), contexts.low2(high));
  return static_cast<std::uint8_t>(high << 4 | low);
}

}  // namespace railgun::delta
