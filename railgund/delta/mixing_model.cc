#include "railgund/delta/mixing_model.h"

namespace railgun::delta {

using mixing::Chance;
using mixing::Weights;

MixingModel::MixingModel(const mixing::PrimedLines* primed, std::size_t reference_bytes)
    : primed_(primed != nullptr),
      lines_(primed, primed != nullptr ? primed->layout() : mixing::Layout(reference_bytes)),
      learned_(std::make_unique<Learned>(start())) {
  for (auto& pairs : pairs_) pairs = std::make_unique<std::uint8_t[]>(std::size_t{1} << kPairBits);
}

const MixingModel::Learned& MixingModel::start() {
  static const Learned kStart = [] {
    Learned all{};
    const auto of_counts = [](unsigned zeros, unsigned ones, int blur) {
      return static_cast<int>((ones * 20 + static_cast<unsigned>(blur)) * 65535 /
                              ((zeros + ones) * 20 + 2 * static_cast<unsigned>(blur)));
    };
    for (auto& kind : all.guess) {
      for (std::size_t trust = 0; trust < kTrusts; ++trust) {
        const int wrong = 39000 / static_cast<int>(1 + trust);
        kind[trust][1].set(trust == 0 ? 32768 : 65535 - wrong);
        kind[trust][0].set(trust == 0 ? 32768 : wrong);
      }
    }
    for (auto& kind : all.rank) {
      for (std::size_t seen = 0; seen < 16; ++seen) {
        const int wrong = 39000 / static_cast<int>(1 + seen);
        kind[seen][1].set(65535 - wrong);
        kind[seen][0].set(wrong);
      }
    }
    for (auto& past : all.past) past.set(40000);
    for (auto& pair : all.pair) {
      for (unsigned state = 1; state < 256; ++state) pair[state].set(of_counts(state >> 4, state & 15, 7));
    }
    for (auto& kind : all.guess_bit) {
      for (std::size_t trust = 0; trust < kTrusts; ++trust) {
        const int right = trust == 0 ? 36000 : 65535 - 32768 / static_cast<int>(2 + 3 * trust);
        for (auto& chance : kind[trust]) chance.set(right);
      }
    }
    for (auto& context : all.history) {
      for (unsigned state = 1; state < 256; ++state) context[state].set(of_counts(state >> 4, state & 15, 6));
    }
    const auto set = [](Weights& weights, std::initializer_list<int> values) {
      std::size_t k = 0;
      for (const int value : values) weights.lane[k++] = static_cast<std::int16_t>(value);
    };
    for (auto& weights : all.ask) set(weights, {5000, 5000, 5000, 2000, 2000, 2000, 2000, 4000, 4000, 4000, 0});
    for (auto& weights : all.known) set(weights, {3000, 5000, 5000, 5000, 5000, 5000, 6000, 6000, 6000, 0});
    return all;
  }();
  return kStart;
}

MixingModel::Ask MixingModel::best_of(const std::array<Guess, kGuesses>& guesses) const {
  Ask best;
  for (std::size_t k = 0; k < kGuesses; ++k) {
    if (guesses[k].byte < 0) continue;
    const int p = learned_->guess[k][guesses[k].trust][1].p;
    if (p <= best.p) continue;
    best = {.kind = k, .byte = static_cast<std::uint8_t>(guesses[k].byte), .trust = guesses[k].trust, .p = p};
  }
  return best;
}

void MixingModel::learn(ByteView around, std::uint64_t recent) {
  if (primed_) return;
  recent_.set(recent);
  for (const std::uint8_t byte : around) {
    const auto contexts = recent_.contexts();
    for (std::size_t k = 0; k < mixing::kPrimedContexts; ++k) {
      const std::uint32_t high = mixing::spread(contexts[k], 0);
      mixing::learn_nibble(mixing::slot_of(lines_.touch(k, high), high), byte >> 4);
      const std::uint32_t low = mixing::spread(contexts[k], (byte >> 4) + 1U);
      mixing::learn_nibble(mixing::slot_of(lines_.touch(k, low), low), byte & 15U);
    }
    const auto ranks = recent_.ranks();
    for (std::size_t k = 0; k < mixing::kRanks; ++k) {
      std::uint8_t* place = mixing::Rank::place(lines_.touch(mixing::kFirstRank + k, ranks[k]), ranks[k]);
      mixing::store_rank(place, mixing::Rank(mixing::load_rank(place)).after(ranks[k], byte));
    }
    recent_.push(byte);
  }
}

}  // namespace railgun::delta
