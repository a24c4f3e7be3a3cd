// The strong tier's model of bytes in gaps: what the guesses, the contexts and the recent past say about a byte is
// weighed against each other by mixing in the logistic domain (doc/DELTA_FORMAT.md, "Mixing"). First comes one decision
// whether the best guess is right; only if not, or if no guess is good, the eight bits follow.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "railgund/base/bytes.h"
#include "railgund/delta/gap_model.h"
#include "railgund/delta/mixing_lanes.h"
#include "railgund/delta/mixing_lines.h"
#include "railgund/delta/mixing_tables.h"

namespace railgun::delta {

class MixingModel {
 public:
  // `primed`: from the reference of so many bytes, and outlives the model; null: the model starts blank and learns the
  // old text around gaps.
  MixingModel(const mixing::PrimedLines* primed, std::size_t reference_bytes);

  // Learns old text around a gap, which both ends have, unless the model is primed. `recent`: the eight bytes before
  // it.
  void learn(ByteView around, std::uint64_t recent);
  // Codes one byte and learns it. When decoding, `value` means nothing and the result is the byte.
  template <typename Coder>
  std::uint8_t byte(Coder& coder, std::uint8_t value, const GapContext& context);

 private:
  static constexpr std::size_t kGuesses = 3;
  static constexpr std::size_t kTrusts = kMaxTrust + 1;
  // A guess less likely than this, of 65536, is not asked about by itself.
  static constexpr int kWorthAsking = 26000;
  // A guess less likely than this may well be wrong: what its bits will need is fetched while it is asked about.
  static constexpr int kUncertain = 58000;
  static constexpr int kRate = 7;
  static constexpr int kFastRate = 5;

  // Everything that learns but the lines. The start values are fixed by the format.
  struct Learned {
    // Whether a guess is right: by its kind, its trust, and whether it is the one asked about.
    std::array<std::array<std::array<mixing::Chance, 2>, kTrusts>, kGuesses> guess;
    // The same for the ranks, by how often they were seen.
    std::array<std::array<std::array<mixing::Chance, 2>, 16>, mixing::kRanks> rank;
    // By how the last eight guesses went, and the alignment.
    std::array<mixing::Chance, 256 * 8> past;
    // By the history of the byte guessed behind one and behind two bytes.
    std::array<std::array<mixing::Chance, 256>, 2> pair;
    // Whether a guess's next bit is right: by its kind, its trust and the bit's place.
    std::array<std::array<std::array<mixing::Chance, 3>, kTrusts>, kGuesses> guess_bit;
    // By the bit history found in each context.
    std::array<std::array<mixing::Chance, 256>, mixing::kContexts> history;

    // For the guess: by its kind, its trust and which guesses agree with it; and by what the ranks say.
    std::array<mixing::Weights, kGuesses * kTrusts * 8> ask;
    std::array<mixing::Weights, 81> ask_ranks;
    // For a bit: by which guesses still stand and how many contexts are known; and by the guesses' trust and the bit's
    // place, or, where the byte refused may still come, by that.
    std::array<mixing::Weights, 8 * 5> known;
    std::array<mixing::Weights, kTrusts * 3 * 3> trusted;
    std::array<mixing::Weights, 8 * 2> refused;
  };
  static const Learned& start();

  struct Ask {
    std::size_t kind = kGuesses;
    std::uint8_t byte = 0;
    unsigned trust = 0;
    int p = kWorthAsking;
  };
  // The slots' hashes, on their way from now on.
  std::array<std::uint32_t, mixing::kContexts> fetch(const std::array<std::uint32_t, mixing::kContexts>& contexts,
                                                     unsigned nibble, std::size_t count) const {
    std::array<std::uint32_t, mixing::kContexts> hashes;
    for (std::size_t k = 0; k < count; ++k) {
      hashes[k] = mixing::spread(contexts[k], nibble);
      lines_.fetch(mixing::table_of_context(k), hashes[k]);
    }
    return hashes;
  }
  Ask best_of(const std::array<Guess, kGuesses>& guesses) const;
  template <typename Coder>
  bool ask(Coder& coder, bool right, const Ask& best, const std::array<Guess, kGuesses>& guesses, unsigned alignment,
           const std::array<std::uint32_t, mixing::kRanks>& hashes,
           const std::array<std::uint8_t*, mixing::kRanks>& places);
  // `refused`: with a leading 1, the byte it is not; 0 if any may come.
  template <typename Coder>
  std::uint8_t bits(Coder& coder, std::uint8_t value, const std::array<Guess, kGuesses>& guesses, unsigned alignment,
                    unsigned refused);
  template <typename Coder>
  [[gnu::always_inline]] static inline bool mix(Coder& coder, bool value, const mixing::Inputs& inputs,
                                                mixing::Weights& one, mixing::Weights& two, int rate);

  static constexpr std::size_t kPairBits = 14;

  bool primed_;
  mixing::OwnLines lines_;
  std::unique_ptr<Learned> learned_;
  // Histories of "this byte was guessed behind these bytes, and came".
  std::array<std::unique_ptr<std::uint8_t[]>, 2> pairs_;
  mixing::Recent recent_;
  unsigned past_ = 0;
};

template <typename Coder>
bool MixingModel::mix(Coder& coder, bool value, const mixing::Inputs& inputs, mixing::Weights& one,
                      mixing::Weights& two, int rate) {
  const auto p = static_cast<int>(mixing::squash(mixing::dot(inputs, one, two) >> 14));
  value = coder.bit(value, static_cast<std::uint32_t>(p));
  const int error = (((value ? 65536 : 0) - p) * rate) >> 4;
  mixing::train(inputs, error, one, two);
  return value;
}

template <typename Coder>
std::uint8_t MixingModel::byte(Coder& coder, std::uint8_t value, const GapContext& context) {
  const std::array<Guess, kGuesses> guesses = {context.replaced, context.nearby, context.page};
  if (context.recent != recent_.bytes()) recent_.set(context.recent);
  const auto hashes = recent_.ranks();
  std::array<std::uint8_t*, mixing::kRanks> places;
  for (std::size_t k = 0; k < mixing::kRanks; ++k) {
    places[k] = mixing::Rank::place(lines_.touch(mixing::kFirstRank + k, hashes[k]), hashes[k]);
  }
  const Ask best = best_of(guesses);
  unsigned refused = 0;
  bool right = false;
  if (best.kind < kGuesses) {
    if (best.p < kUncertain) fetch(recent_.contexts(), 0, mixing::kPrimedContexts);
    right = ask(coder, value == best.byte, best, guesses, context.alignment, hashes, places);
    refused = 0x100U | best.byte;
  }
  if (right) {
    value = best.byte;
  } else {
    value = bits(coder, value, guesses, context.alignment, refused);
  }
  for (std::size_t k = 0; k < mixing::kRanks; ++k) {
    mixing::store_rank(places[k], mixing::Rank(mixing::load_rank(places[k])).after(hashes[k], value));
  }
  recent_.push(value);
  return value;
}

template <typename Coder>
bool MixingModel::ask(Coder& coder, bool right, const Ask& best, const std::array<Guess, kGuesses>& guesses,
                      unsigned alignment, const std::array<std::uint32_t, mixing::kRanks>& hashes,
                      const std::array<std::uint8_t*, mixing::kRanks>& places) {
  Learned& all = *learned_;
  // Inputs that say nothing take part through a chance of their own, which stays at one half.
  mixing::Chance none;
  std::array<mixing::Chance*, kGuesses + mixing::kRanks> chances;
  unsigned agreeing = 0;
  for (std::size_t k = 0; k < kGuesses; ++k) {
    const bool agrees = guesses[k].byte == best.byte;
    chances[k] = guesses[k].byte < 0 ? &none : &all.guess[k][guesses[k].trust][agrees ? 1 : 0];
    agreeing |= (agrees ? 1U : 0U) << k;
  }
  unsigned said = 0;
  for (std::size_t k = 0; k < mixing::kRanks; ++k) {
    const mixing::Rank rank(mixing::load_rank(places[k]));
    const unsigned seen = rank.seen(hashes[k]);
    const bool agrees = rank.byte() == best.byte;
    chances[kGuesses + k] = seen == 0 ? &none : &all.rank[k][seen][agrees ? 1 : 0];
    said = said * 3 + (seen == 0 ? 0U : agrees ? 1U : 2U);
  }
  const auto recent = static_cast<std::uint32_t>(recent_.bytes());
  std::array<std::uint8_t*, 2> histories;
  for (std::size_t k = 0; k < 2; ++k) {
    const std::uint32_t behind = (recent & (k == 0 ? 0xffU : 0xffffU)) << 8 | best.byte;
    histories[k] = &pairs_[k][behind * 0x9e3779b1U >> (32 - kPairBits)];
  }
  std::array<mixing::Chance*, 2> pairs = {&all.pair[0][*histories[0]], &all.pair[1][*histories[1]]};
  mixing::Chance& past = all.past[(past_ & 255) * 8 + alignment];

  const mixing::Inputs inputs = {
      mixing::pack(chances[0]->stretched, chances[1]->stretched, chances[2]->stretched, chances[3]->stretched),
      mixing::pack(chances[4]->stretched, chances[5]->stretched, chances[6]->stretched, pairs[0]->stretched),
      mixing::pack(pairs[1]->stretched, past.stretched, 256, 0), 0};
  right = mix(coder, right, inputs, all.ask[(best.kind * kTrusts + best.trust) * 8 + agreeing], all.ask_ranks[said], 8);

  for (mixing::Chance* chance : chances) chance->learn(right, kRate);
  for (std::size_t k = 0; k < 2; ++k) {
    pairs[k]->learn(right, kRate);
    all.pair[k][0] = {};
    *histories[k] = mixing::kNextHistory[right ? 1 : 0][*histories[k]];
  }
  past.learn(right, kFastRate);
  past_ = past_ << 1 | (right ? 1U : 0U);
  return right;
}

template <typename Coder>
std::uint8_t MixingModel::bits(Coder& coder, std::uint8_t value, const std::array<Guess, kGuesses>& guesses,
                               unsigned alignment, unsigned refused) {
  Learned& all = *learned_;
  auto contexts = recent_.contexts();
  contexts[mixing::kContexts - 1] = (static_cast<unsigned>(guesses[0].byte + 1) * 8 + alignment) * 0x165667b1U +
                                    static_cast<std::uint32_t>(recent_.bytes() & 0xff) * 0x1f1f1f1fU + 1;
  // What is still to come of each guess, with a leading 1; those that were refused say nothing.
  std::array<unsigned, kGuesses> open;
  std::array<unsigned, kGuesses> trusts;
  for (std::size_t k = 0; k < kGuesses; ++k) {
    const unsigned guess = 0x100U | static_cast<unsigned>(guesses[k].byte & 0xff);
    const bool stands = guesses[k].byte >= 0 && guess != refused;
    open[k] = stands ? guess : 0;
    trusts[k] = stands ? guesses[k].trust : 0;
  }
  const unsigned second = trusts[1] == 0 ? 0U : trusts[1] > 4 ? 2U : 1U;
  const std::size_t trusted = (std::min(trusts[0], kMaxTrust) * 3 + second) * 3;

  std::array<std::uint8_t*, mixing::kContexts> slots{};
  unsigned path = 1;
  unsigned node = 1;
  for (unsigned left = 8; left-- > 0;) {
    const bool may_refuse = refused >> (left + 1) == path;
    if (may_refuse && left == 0) {
      path = path * 2 + (~refused & 1U);
      break;
    }
    if (left == 7 || left == 3) {
      const unsigned nibble = left == 7 ? 0 : (path & 15U) + 1;
      const auto hashes = fetch(contexts, nibble, mixing::kContexts);
      for (std::size_t k = 0; k < mixing::kContexts; ++k) {
        slots[k] = mixing::slot_of(lines_.touch(mixing::table_of_context(k), hashes[k]), hashes[k]);
      }
      node = 1;
    }
    std::array<mixing::Chance*, mixing::kContexts> histories;
    for (std::size_t k = 0; k < mixing::kContexts; ++k) histories[k] = &all.history[k][slots[k][node]];
    const unsigned known = (slots[0][node] != 0 ? 1U : 0U) + (slots[1][node] != 0 ? 1U : 0U) +
                           (slots[2][node] != 0 ? 1U : 0U) + (slots[3][node] != 0 ? 1U : 0U);
    const std::size_t place = left == 7 ? 0 : left > 3 ? 1 : 2;
    // Guesses that the bits so far have refuted say nothing.
    std::array<int, kGuesses> says{};
    unsigned standing = 0;
    for (std::size_t k = 0; k < kGuesses; ++k) {
      if (open[k] >> (left + 1) != path) continue;
      const int stretched = all.guess_bit[k][trusts[k]][place].stretched;
      says[k] = (open[k] >> left & 1) != 0 ? stretched : -stretched;
      standing |= 1U << k;
    }
    const mixing::Inputs inputs = {mixing::pack(histories[0]->stretched, histories[1]->stretched,
                                                histories[2]->stretched, histories[3]->stretched),
                                   mixing::pack(histories[4]->stretched, histories[5]->stretched, says[0], says[1]),
                                   mixing::pack(says[2], 256, 0, 0), 0};
    mixing::Weights& other = may_refuse ? all.refused[left * 2 + (refused >> left & 1)] : all.trusted[trusted + place];
    const bool bit = mix(coder, (value >> left & 1) != 0, inputs, all.known[standing * 5 + known], other, 6);

    const auto& next = mixing::kNextHistory[bit ? 1 : 0];
    for (std::size_t k = 0; k < mixing::kContexts; ++k) {
      histories[k]->learn(bit, kRate);
      // Where nothing is known nothing is said.
      all.history[k][0] = {};
      slots[k][node] = next[slots[k][node]];
    }
    for (std::size_t k = 0; k < kGuesses; ++k) {
      if ((standing >> k & 1) != 0)
        all.guess_bit[k][trusts[k]][place].learn(bit == ((open[k] >> left & 1) != 0), kRate);
    }
    path = path * 2 + (bit ? 1U : 0U);
    node = node * 2 + (bit ? 1U : 0U);
  }
  return static_cast<std::uint8_t>(path);
}

}  // namespace railgun::delta
