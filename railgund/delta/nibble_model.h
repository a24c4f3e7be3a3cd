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
#include "railgund/delta/logistic.h"
#include "railgund/delta/nibble_rows.h"

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

  NibbleRow& changeable(NibbleContexts::Place place) {
    NibbleRow& own = own_[place.index];
    own = changed_[place.index] != 0 ? own : start_[place.index];
    changed_[place.index] = 1;
    if (own.mark != place.mark) {
      own = {};
      own.mark = place.mark;
    }
    return own;
  }
  template <typename Coder>
  unsigned nibble(Coder& coder, unsigned value, const NibbleContexts::Rows& rows, unsigned half);

  // The contexts and a constant.
  static constexpr std::size_t kInputs = NibbleContexts::kOrders + 1;
  static constexpr int kStartWeight = 20000;  // of 65536
  static constexpr int kRate = 12;
  // By contexts seen before, half of the byte and bit of the half.
  std::array<std::array<int, kInputs>, (NibbleContexts::kOrders + 1) * 8> weights_;
  const NibbleRow* start_;
  unsigned halvings_;
  NibbleScratch::Loan scratch_;
  NibbleRow* own_;
  std::uint8_t* changed_;
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
unsigned NibbleModel::nibble(Coder& coder, unsigned value, const NibbleContexts::Rows& rows, unsigned half) {
  std::array<NibbleRow*, NibbleContexts::kOrders> slots;
  for (std::size_t k = 0; k < rows.size(); ++k) slots[k] = &changeable(rows[k]);
  unsigned node = 1;
  for (int left = 3; left >= 0; --left) {
    std::array<int, kInputs> inputs;
    unsigned known = 0;
    for (std::size_t k = 0; k < slots.size(); ++k) {
      const BitSlot slot = slots[k]->bit(node);
      inputs[k] = stretch(slot.p());
      known += slot.seen() != 0 ? 1 : 0;
    }
    auto& weights = weights_[(known * 2 + half) * 4 + static_cast<unsigned>(left)];
    inputs[kInputs - 1] = 256;
    int sum = 0;
    for (std::size_t k = 0; k < kInputs; ++k) sum += inputs[k] * weights[k];
    const std::uint32_t p = squash(sum >> 16);
    const bool bit = coder.bit((value >> left & 1) != 0, p);
    const int error = ((bit ? 65536 : 0) - static_cast<int>(p)) * kRate;
    for (std::size_t k = 0; k < kInputs; ++k) weights[k] += (inputs[k] * (error >> 4) + (1 << 13)) >> 14;
    for (NibbleRow* row : slots) row->bit(node).learn(bit);
    node = node * 2 + (bit ? 1 : 0);
  }
  return node & 15;
}

template <typename Coder>
std::uint8_t NibbleModel::byte(Coder& coder, std::uint8_t value, const GapContext& context) {
  const NibbleContexts contexts(context.recent, halvings_);
  const NibbleContexts::Rows highs = contexts.rows(0);
  for (const auto& place : highs) {
    __builtin_prefetch(&start_[place.index]);
    __builtin_prefetch(&own_[place.index]);
  }
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
  const unsigned low = nibble(coder, value & 15U, contexts.rows(1 + high), 1);
  return static_cast<std::uint8_t>(high << 4 | low);
}

}  // namespace railgun::delta
