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
#include "railgund/delta/nibble_lanes.h"
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
  // bytes, the latest lowest. `found` comes from `source`. `Lanes`: of nibble_lanes.h.
  template <typename Lanes, typename Coder>
  std::uint8_t byte(Coder& coder, std::uint8_t value, std::uint64_t recent, Guess replaced, Guess found, Source source);

 private:
  static constexpr std::size_t kKinds = 3;
  static constexpr std::size_t kSupports = 3;
  static constexpr std::size_t kClasses = 8;
  // Guesses right less often, of 65536, are not asked about for the rest of the page.
  static constexpr std::uint32_t kHopeless = 1000;

  // Whether guesses are right: the first, and another after it.
  struct Guesses {
    std::array<AdaptiveBit, kKinds * kSupports*(kMaxTrust + 1) * kClasses> hits;
    std::array<AdaptiveBit, kKinds*(kMaxTrust + 1)> second_hits;
  };
  static constexpr Guesses make_guesses();
  static const Guesses kStart;

  template <typename Lanes, typename Coder>
  std::uint8_t literal(Coder& coder, std::uint8_t value, std::uint64_t recent);
  template <typename Lanes, typename Coder>
  unsigned nibble(Coder& coder, unsigned value, const NibbleContexts::Rows& places, std::size_t half);

  const NibbleRow* start_;
  unsigned halvings_;
  NibbleScratch::Loan scratch_;
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

template <typename Lanes, typename Coder>
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
    if (hit.p() >= kHopeless) {
      if (hit.code(coder, value == guessed)) return guessed;
      if (support == 2) {
        const std::size_t other_kind = better ? 0 : static_cast<std::size_t>(source);
        AdaptiveBit& second_hit = guesses_.second_hits[other_kind * (kMaxTrust + 1) + other.trust];
        const auto second = static_cast<std::uint8_t>(other.byte);
        if (second_hit.code(coder, value == second)) return second;
      }
    }
  }
  return literal<Lanes>(coder, value, recent);
}

template <typename Lanes, typename Coder>
std::uint8_t NibbleModel::literal(Coder& coder, std::uint8_t value, std::uint64_t recent) {
  const NibbleContexts contexts(recent, halvings_);
  const unsigned high = nibble<Lanes>(coder, value >> 4, contexts.rows(0), 0);
  const unsigned low = nibble<Lanes>(coder, value & 15U, contexts.rows(1 + high), 1);
  return static_cast<std::uint8_t>(high << 4 | low);
}

template <typename Lanes, typename Coder>
inline unsigned NibbleModel::nibble(Coder& coder, unsigned value, const NibbleContexts::Rows& places,
                                    std::size_t half) {
  NibbleRow* const own = scratch_->rows.get();
  std::uint8_t* const changed = scratch_->changed.get();
  const std::uint8_t page = scratch_->page;
  nibble::Blended rows;
  unsigned known = 0;
  for (std::size_t k = 0; k < rows.size(); ++k) {
    const auto [index, mark] = places[k];
    const NibbleRow& row = changed[index] == page ? own[index] : start_[index];
    rows[k] = row.is_of(mark) ? &row : &nibble::kBlank;
    known = known * 3 + nibble::kKnowledge[rows[k]->seen()];
  }
  nibble::Frequencies frequencies;
  Lanes::blend(rows, nibble::kShares[half][known], frequencies);
  value = coder.nibble(value, frequencies.below());
  for (std::size_t k = 0; k < rows.size(); ++k) {
    const auto [index, mark] = places[k];
    Lanes::learn(*rows[k], value, own[index], mark);
    changed[index] = page;
  }
  return value;
}

}  // namespace railgun::delta
