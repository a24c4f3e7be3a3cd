// The strong tier's walk through gaps (doc/DELTA_FORMAT.md, "Gaps of the strong tier"). Three guesses are made for each
// byte: what the walk along the replaced stretch says, what followed the same last bytes in the gaps so far and the old
// text around them, and what followed them anywhere in the reference. The mixing model weighs them.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "railgund/base/bytes.h"
#include "railgund/delta/adaptive_bit.h"
#include "railgund/delta/gap_history.h"
#include "railgund/delta/gap_model.h"
#include "railgund/delta/mixing_lines.h"
#include "railgund/delta/mixing_model.h"
#include "railgund/delta/page_index.h"

namespace railgun::delta {

// Bytes in gaps that one window of the tier may code one by one: they cost the decoder about 0.1 to 0.2 us each.
inline constexpr std::size_t kMixingGapBytes = 64 * 1024;

class MixingGaps {
 public:
  // `reference` and `primed` outlive it; `primed` may be null, as for MixingModel. `limit_bytes`: of one window, to be
  // coded one by one and not in steps.
  MixingGaps(ByteView reference, const mixing::PrimedLines* primed, std::size_t limit_bytes = kMixingGapBytes);

  // A window begins; what earlier windows taught stays.
  void begin(Volume) { coded_ = 0; }

  // `recent`: the last eight bytes of the page, the latest lowest; it goes on behind the gap. `index`: null if the
  // window does without. False if the window is over its limit; the gap is then unfinished, and this object useless.
  template <typename Coder, typename Text>
  bool gap(Coder& coder, Text& text, const Gap& gap, std::uint64_t& recent, const PageIndex* index);

 private:
  // Old text before and behind a replaced stretch that is learned with it.
  static constexpr std::size_t kLearnBefore = 32;
  static constexpr std::size_t kLearnBehind = 8;
  // Learned for one gap at most, and in all: this and so much for each byte in gaps.
  static constexpr std::size_t kLearnOnce = 2048;
  static constexpr std::size_t kLearnBase = 64 * 1024;
  static constexpr std::size_t kLearnRatio = 8;
  // Equal stretches are taken in steps of so many bytes once the replaced text guessed well.
  static constexpr std::size_t kStep = 16;
  static constexpr unsigned kStepRun = 8;
  // A place in the reference counts once so many bytes before it are equal; more are not compared.
  static constexpr unsigned kShortestInPage = 5;
  static constexpr unsigned kLongestInPage = 8;

  // A guess that walks along a text. `place`: of the byte guessed; 0 is none for the history and the page. `run`: right
  // guesses so far.
  struct Walk {
    std::size_t place = 0;
    unsigned run = 0;
  };
  // Old text that was learned for a gap: places `begin` to `end` of the history hold what begins at `from` in the
  // reference.
  struct Learned {
    std::uint32_t begin = 0, end = 0;
    std::size_t from = 0;
  };

  static unsigned trust_of(unsigned run) {
    static constexpr std::array<std::uint8_t, 33> kTrust = {1, 2, 3, 4, 5, 5, 6, 6, 7, 7, 7, 7, 7, 7, 7, 7, 8,
                                                            8, 8, 8, 8, 8, 8, 8, 9, 9, 9, 9, 9, 9, 9, 9, 10};
    return run < 32 ? kTrust[run] : run < 64 ? 10U : 11U;
  }
  // The difference is near.
  static unsigned run_after_failed_step(unsigned run) { return 4 + (run > 24 ? 1 : 0) + (run > 64 ? 1 : 0); }
  // A guess that has ended, by a wrong byte, is none.
  static void follow(Walk& walk, bool is_right) { walk = is_right ? Walk{walk.place + 1, walk.run + 1} : Walk{}; }

  Learned learn_around(const Gap& gap);
  Walk find_in_page(const PageIndex& index, std::uint64_t recent) const;
  GapContext context(std::uint64_t recent, const Walk& replaced, const Walk& nearby, const Walk& page, bool is_first,
                     bool same_length) const;

  const ByteView old_;
  const std::size_t limit_bytes_;
  MixingModel model_;
  // Whether steps succeed, by the run before them.
  std::array<AdaptiveBit, 32> steps_;
  GapHistory history_;
  std::size_t coded_ = 0;  // bytes of the window that were coded one by one
  std::size_t learn_budget_ = kLearnBase;
};

inline GapContext MixingGaps::context(std::uint64_t recent, const Walk& replaced, const Walk& nearby, const Walk& page,
                                      bool is_first, bool same_length) const {
  GapContext all{.recent = recent, .replaced = {}, .nearby = {}, .page = {}};
  if (replaced.place < old_.size()) {
    all.replaced = {old_[replaced.place], is_first ? kMaxTrust : trust_of(replaced.run)};
  }
  if (nearby.place != 0) {
    all.nearby = {history_.at(static_cast<std::uint32_t>(nearby.place)), trust_of(nearby.run)};
  }
  if (page.place != 0 && page.place < old_.size()) all.page = {old_[page.place], trust_of(page.run)};
  const unsigned going = is_first ? 0U : replaced.run == 0 ? 1U : replaced.run < 3 ? 2U : 3U;
  all.alignment = going + (same_length ? 4U : 0U);
  return all;
}

inline MixingGaps::Walk MixingGaps::find_in_page(const PageIndex& index, std::uint64_t recent) const {
  const std::uint32_t place = index.find(recent);
  unsigned length = 0;
  while (length < kLongestInPage && length < place &&
         old_[place - 1 - length] == static_cast<std::uint8_t>(recent >> (8 * length)))
    ++length;
  return length >= kShortestInPage ? Walk{place, length} : Walk{};
}

template <typename Coder, typename Text>
bool MixingGaps::gap(Coder& coder, Text& text, const Gap& gap, std::uint64_t& recent, const PageIndex* index) {
  const Learned learned = learn_around(gap);
  for (int k = 56; k >= 0; k -= 8) history_.push_unindexed(static_cast<std::uint8_t>(recent >> k));

  auto* bytes = text.room(gap.count);
  const bool same_length = gap.count == gap.old_end - gap.old_begin;
  Walk replaced{gap.old_begin, 0};
  Walk nearby;
  Walk page;
  unsigned wrong = 0;
  for (std::size_t i = 0; i < gap.count; ++i) {
    if (replaced.run >= kStepRun && i + kStep <= gap.count && replaced.place + kStep <= old_.size()) {
      const std::uint8_t* ahead = old_.data() + replaced.place;
      bool equal = false;
      if constexpr (!Coder::kDecodes) equal = std::memcmp(bytes + i, ahead, kStep) == 0;
      if (steps_[std::min(replaced.run / 4, 31U)].code(coder, equal)) {
        if constexpr (Coder::kDecodes) std::memcpy(bytes + i, ahead, kStep);
        for (std::size_t k = 0; k < kStep; ++k) {
          recent = recent << 8 | ahead[k];
          history_.push_unindexed(ahead[k]);
        }
        replaced.place += kStep;
        replaced.run += kStep;
        i += kStep - 1;
        nearby = {};
        page = {};
        continue;
      }
      replaced.run = run_after_failed_step(replaced.run);
    }

    if (++coded_ > limit_bytes_) return false;
    const GapContext guesses = context(recent, replaced, nearby, page, i == 0, same_length);
    std::uint8_t value = 0;
    if constexpr (!Coder::kDecodes) value = bytes[i];
    value = model_.byte(coder, value, guesses);
    if constexpr (Coder::kDecodes) bytes[i] = value;
    recent = recent << 8 | value;

    const bool is_right = guesses.replaced.byte == value;
    replaced = {replaced.place + 1, is_right ? replaced.run + 1 : 0};
    wrong = is_right ? 0 : wrong + 1;
    if (nearby.place != 0) follow(nearby, guesses.nearby.byte == value);
    history_.push_unindexed(value);
    if (nearby.place == 0) {
      const auto found = history_.find(recent);
      nearby = {found.place, found.length};
    }
    history_.enter(recent);
    // After an insertion or a deletion the walk goes on where the text is found again.
    if (wrong >= 2 && nearby.run >= 4 && nearby.place >= learned.begin && nearby.place < learned.end) {
      replaced = {learned.from + (nearby.place - learned.begin), nearby.run / 2};
      wrong = 0;
    }
    if (index != nullptr) {
      if (page.place != 0) follow(page, guesses.page.byte == value);
      if (page.place == 0) page = find_in_page(*index, recent);
    }
  }
  return true;
}

}  // namespace railgun::delta
