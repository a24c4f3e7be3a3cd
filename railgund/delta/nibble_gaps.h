// The fast tier's walk through gaps (doc/DELTA_FORMAT.md, "Gaps of the fast tier"). Two guesses are made for each byte:
// what the walk along the replaced stretch says, and what followed the same last bytes elsewhere. Text is not copied
// for that: places of the reference and of the window itself are remembered where they are.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>

#include "railgund/base/bytes.h"
#include "railgund/base/cpu.h"
#include "railgund/delta/adaptive_bit.h"
#include "railgund/delta/compare.h"
#include "railgund/delta/gap_model.h"
#include "railgund/delta/nibble_model.h"
#include "railgund/delta/page_index.h"
#include "railgund/delta/prepared.h"

namespace railgun::delta {

class NibbleGaps {
 public:
  // `reference` outlives it. Its primed rows are made for the first gap: a page that is the same as the reference wants none.
  explicit NibbleGaps(Reference::Prepared& reference);

  // A window begins: places in the one before are gone.
  void begin(Volume) { places_.fill(0); }

  // `recent`: the last eight bytes of the page, the latest lowest; it goes on behind the gap. `index`: null if the
  // window does without. Always true: a byte costs so little that gaps have no limit but the window's.
  template <typename Coder, typename Text>
  bool gap(Coder& coder, Text& text, const Gap& gap, std::uint64_t& recent, const PageIndex* index) {
    if (!model_) model_.emplace(prepared_.primed_rows());
#ifdef RAILGUN_AVX2
    if (has_avx2()) {
      gap_avx2(coder, text, gap, recent, index);
      return true;
    }
#endif
    gap_in<nibble::NativeLanes>(coder, text, gap, recent, index);
    return true;
  }

 private:
  template <typename Lanes, typename Coder, typename Text>
  void gap_in(Coder& coder, Text& text, const Gap& gap, std::uint64_t& recent, const PageIndex* index);
#ifdef RAILGUN_AVX2
  // Flat, so that all of it is compiled for these CPUs.
  template <typename Coder, typename Text>
  [[RAILGUN_AVX2, gnu::flatten]] void gap_avx2(Coder& coder, Text& text, const Gap& gap, std::uint64_t& recent,
                                               const PageIndex* index) {
    gap_in<nibble::Avx2Lanes>(coder, text, gap, recent, index);
  }
#endif

  // Old text before and behind a replaced stretch that can be found from the gap.
  static constexpr std::size_t kBefore = 32;
  static constexpr std::size_t kBehind = 8;
  // Entered for one gap at most, and in all: this and so much for each byte in gaps.
  static constexpr std::size_t kEnterOnce = 2048;
  static constexpr std::size_t kEnterBase = 64 * 1024;
  static constexpr std::size_t kEnterRatio = 8;
  // Of old text every second place is entered: a byte more at most until it is found, for half the time.
  static constexpr std::size_t kEnterEvery = 2;
  // Equal stretches are taken in steps of so many bytes once a guess was right for long.
  static constexpr std::size_t kStep = 16;
  static constexpr unsigned kStepRun = 24;

  // What followed the same last bytes: `at`, null for none, is the byte guessed.
  struct Found {
    const std::uint8_t* at = nullptr;
    unsigned run = 0;
    NibbleModel::Source source = NibbleModel::Source::kNearby;
    bool in_old = false;
  };
  // A stretch of the window as far as it is known.
  struct Known {
    const std::uint8_t* begin;
    std::size_t size;
  };

  // The last eight bytes before `end`, the latest lowest.
  static std::uint64_t recent_at(const std::uint8_t* end) { return __builtin_bswap64(load64(end - 8)); }
  static std::size_t slot(std::uint64_t recent) {
    return static_cast<std::size_t>((recent << (64 - 8 * kOrder)) * 0x9e3779b97f4a7c15ULL >> (64 - kSlotBits));
  }
  static unsigned trust_of(unsigned run) { return run < 64 ? kTrust[run] : 11U; }
  static unsigned equal_before(const std::uint8_t* end, std::uint64_t recent) {
    const std::uint64_t differ = recent_at(end) ^ recent;
    return differ == 0 ? 8 : static_cast<unsigned>(std::countr_zero(differ)) / 8;
  }

  // Whether the next kStep bytes are as those ahead; a decoder copies them.
  template <typename Coder, typename Byte>
  static bool step(Coder& coder, AdaptiveBit& equals, Byte* bytes, const std::uint8_t* ahead) {
    bool equal = false;
    if constexpr (!Coder::kDecodes) equal = std::memcmp(bytes, ahead, kStep) == 0;
    equal = equals.code(coder, equal);
    if constexpr (Coder::kDecodes) {
      if (equal) std::memcpy(bytes, ahead, kStep);
    }
    return equal;
  }
  // The difference is near.
  static unsigned run_after_failed_step(unsigned run) { return 4 + (run > 24 ? 1 : 0) + (run > 64 ? 1 : 0); }
  void enter_old(std::size_t begin, std::size_t end);
  void enter(const Known& known, std::uint64_t recent) {
    if (known.size >= 8 && known.size < kInWindow)
      places_[slot(recent)] = kInWindow | static_cast<std::uint32_t>(known.size);
  }
  Found find(const Known& known, std::uint64_t recent, const PageIndex* index) const;

  static constexpr unsigned kOrder = 5;
  static constexpr unsigned kShortest = 4;
  static constexpr unsigned kShortestInPage = 5;
  static constexpr std::size_t kLongest = 32;
  static constexpr unsigned kSlotBits = 12;
  // Marks a place of the window among those of the reference.
  static constexpr std::uint32_t kInWindow = 1U << 31;
  static constexpr std::array<std::uint8_t, 64> kTrust = [] {
    std::array<std::uint8_t, 64> all{1, 2, 3, 4};
    for (unsigned run = 4; run < 64; ++run) {
      all[run] = run < 6 ? 5 : run < 8 ? 6 : run < 16 ? 7 : run < 24 ? 8 : run < 32 ? 9 : 10;
    }
    return all;
  }();

  ByteView old_;
  Reference::Prepared& prepared_;
  std::optional<NibbleModel> model_;
  // Whether steps succeed, by the run before them: along the replaced text, and along text found elsewhere.
  std::array<AdaptiveBit, 32> steps_;
  std::array<AdaptiveBit, 32> found_steps_;
  std::size_t budget_ = kEnterBase;
  // Where a text goes on after the same last bytes: a place of the reference, or of the window; 0: none.
  std::array<std::uint32_t, 1 << kSlotBits> places_;
};

template <typename Lanes, typename Coder, typename Text>
void NibbleGaps::gap_in(Coder& coder, Text& text, const Gap& gap, std::uint64_t& recent, const PageIndex* index) {
  budget_ += gap.count * kEnterRatio;
  const std::size_t around = gap.old_begin - std::min(gap.old_begin, kBefore);
  const std::size_t around_end = std::min({old_.size(), gap.old_end + kBehind, around + std::min(kEnterOnce, budget_)});
  enter_old(around, around_end);

  auto* bytes = text.room(gap.count);
  const std::size_t before = text.size() - gap.count;
  const std::uint8_t* const old_end = old_.data() + old_.size();
  std::size_t replaced = gap.old_begin;
  unsigned run = 0;
  unsigned wrong = 0;
  Found found;
  for (std::size_t i = 0; i < gap.count; ++i) {
    if (run >= kStepRun && i + kStep <= gap.count && replaced + kStep <= old_.size()) {
      const std::uint8_t* ahead = old_.data() + replaced;
      if (step(coder, steps_[std::min(run / 4, 31U)], bytes + i, ahead)) {
        recent = recent_at(ahead + kStep);
        replaced += kStep;
        run += kStep;
        i += kStep - 1;
        found = {};
        continue;
      }
      run = run_after_failed_step(run);
    }
    const std::uint8_t* const found_end = found.in_old ? old_end : bytes + i;
    if (found.run >= kStepRun && i + kStep <= gap.count && static_cast<std::size_t>(found_end - found.at) >= kStep) {
      if (step(coder, found_steps_[std::min(found.run / 4, 31U)], bytes + i, found.at)) {
        recent = recent_at(found.at + kStep);
        found.at += kStep;
        found.run += kStep;
        if (found.in_old && found.at == old_end) found = {};
        replaced += kStep;
        run = 0;
        ++wrong;
        i += kStep - 1;
        continue;
      }
      found.run = run_after_failed_step(found.run);
    }

    Guess first;
    if (replaced < old_.size()) first = {old_[replaced], i == 0 ? kMaxTrust : trust_of(run)};
    Guess second;
    if (found.at != nullptr) second = {*found.at, trust_of(found.run)};
    std::uint8_t value = 0;
    if constexpr (!Coder::kDecodes) {
      value = bytes[i];
      if (index != nullptr && first.byte != value) index->prefetch(recent << 8 | value);
    }
    value = model_->template byte<Lanes>(coder, value, recent, first, second, found.source);
    if constexpr (Coder::kDecodes) bytes[i] = value;
    recent = recent << 8 | value;

    const Known known = {bytes - before, before + i + 1};
    ++replaced;
    if (found.at != nullptr) {
      if (second.byte == value) {
        ++found.run;
        ++found.at;
        if (found.in_old && found.at == old_end) found = {};
      } else {
        found = {};
      }
    }
    if (first.byte == value) {
      ++run;
      wrong = 0;
    } else {
      run = 0;
      ++wrong;
      if (found.at == nullptr) found = find(known, recent, index);
      // After an insertion or a deletion the walk goes on where the text is found again.
      if (wrong >= 2 && found.in_old && found.run >= 4) {
        const auto place = static_cast<std::size_t>(found.at - old_.data());
        if (place >= around && place < around_end) {
          replaced = place;
          run = found.run / 2;
          wrong = 0;
        }
      }
    }
    enter(known, recent);
  }
}

}  // namespace railgun::delta
