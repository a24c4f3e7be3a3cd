// Codes a window's instructions and the bytes in their gaps; one template is encoder and decoder of the fast and of the
// strong tier (doc/DELTA_FORMAT.md, "Instructions", "Gaps"). What it holds lives as long as the page: later windows go
// on with what earlier ones taught it.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>
#include <utility>

#include "railgund/base/bytes.h"
#include "railgund/delta/gap_history.h"
#include "railgund/delta/gap_model.h"
#include "railgund/delta/instruction_model.h"
#include "railgund/delta/parser.h"
#include "railgund/delta/prepared.h"
#include "railgund/delta/range_coder.h"
#include "railgund/delta/start_statistics.h"
#include "railgund/delta/window_text.h"

namespace railgun::delta {

enum class WalkEnd { kGood, kMalformed, kTooLarge };

struct WalkLimits {
  std::size_t window_bytes = 0;
  std::size_t gap_bytes = 0;  // of them in gaps and coded one by one, not in steps
};

// What the encoder says about a window besides its instructions.
struct WalkPlan {
  Volume volume = Volume::kLittle;
  // The dense index of the page is worth its making.
  bool use_page_index = false;

  static WalkPlan of(std::span<const Instruction> instructions) {
    const std::size_t bytes = gap_bytes_of(instructions);
    return {.volume = bytes < 200    ? Volume::kLittle
                      : bytes < 3000 ? Volume::kSome
                                     : Volume::kMuch,
            .use_page_index = bytes >= 200};
  }
};

template <typename Model>
class GapWalker {
 public:
  // The model is made in place of `parts`: it is large.
  template <typename... Parts>
  explicit GapWalker(Reference::Prepared& reference, Parts&&... parts)
      : reference_(reference), old_(reference.page()), model_(std::forward<Parts>(parts)...) {
    for (std::size_t i = 0; i < steps_.size(); ++i) steps_[i] = AdaptiveBit::from_start(start::kSteps[i]);
  }

  // Where the reference is expected to go on.
  std::size_t expected() const { return source_; }

  void encode(RangeEncoder& coder, ByteView window, bool last, std::span<const Instruction> instructions,
              const WalkPlan& plan) {
    WindowReader text(window);
    walk(coder, text, last, instructions, plan, {window.size(), window.size()});
  }

  // Appends the window to `page`. An error leaves it somewhere in the middle, and the walker useless. `Coder` decodes.
  template <typename Coder>
  WalkEnd decode(Coder& coder, Bytes& page, bool last, const WalkLimits& limits) {
    PageWriter text(page);
    return walk(coder, text, last, {}, {}, limits);
  }

 private:
  // Old text before and behind a replaced stretch that is learned with it.
  static constexpr std::size_t kLearnBefore = 32;
  static constexpr std::size_t kLearnBehind = 8;
  // Learned for one gap at most, and in all: this and so much for each byte in gaps.
  static constexpr std::size_t kLearnOnce = 2048;
  static constexpr std::size_t kLearnBase = 64 * 1024;
  static constexpr std::size_t kLearnRatio = 8;
  // Equal stretches inside a gap are taken in steps of so many bytes once the replaced text guessed well.
  static constexpr std::size_t kStep = 16;
  static constexpr unsigned kStepRun = 8;

  // A guess that walks along a text: `place` 0 is none for the history and the page.
  struct Walk {
    std::size_t place = 0;
    unsigned run = 0;
  };

  static unsigned trust_of(unsigned run) {
    static constexpr std::array<std::uint8_t, 33> kTrust = {1, 2, 3, 4, 5, 5, 6, 6, 7, 7, 7, 7, 7, 7, 7, 7, 8,
                                                            8, 8, 8, 8, 8, 8, 8, 9, 9, 9, 9, 9, 9, 9, 9, 10};
    return run < 32 ? kTrust[run] : run < 64 ? 10U : 11U;
  }

  template <typename Coder, typename Text>
  WalkEnd walk(Coder& coder, Text& text, bool last_window, std::span<const Instruction> instructions,
               const WalkPlan& plan, const WalkLimits& limits);
  template <typename Coder>
  bool instruction(Coder& coder, bool first, bool last, bool last_window, Instruction& op);
  template <typename Coder>
  void begin(Coder& coder, const WalkPlan& plan);
  template <typename Coder, typename Text>
  bool gap(Coder& coder, Text& text, std::size_t count, std::size_t old_begin, std::size_t old_end, std::size_t limit);
  std::size_t learn_around(std::size_t old_begin, std::size_t old_end);

  Reference::Prepared& reference_;
  const ByteView old_;
  Model model_;
  InstructionModel codes_ = InstructionModel::start();
  std::array<AdaptiveBit, 32> steps_;
  struct NoHistory {};
  [[no_unique_address]] std::conditional_t<Model::kWalksGaps, NoHistory, GapHistory> history_;
  const PageIndex* page_index_ = nullptr;
  std::size_t source_ = 0;
  // Bytes of the window coded one by one so far.
  std::size_t coded_ = 0;
  std::uint64_t recent_ = 0;
  std::size_t learn_budget_ = kLearnBase;
};

template <typename Model>
template <typename Coder>
void GapWalker<Model>::begin(Coder& coder, const WalkPlan& plan) {
  Volume volume = plan.volume;
  const bool some = codes_.flag(coder, Flag::kSomeVolume, volume != Volume::kLittle);
  const bool much = some && codes_.flag(coder, Flag::kMuchVolume, volume == Volume::kMuch);
  volume = much ? Volume::kMuch : some ? Volume::kSome : Volume::kLittle;
  const bool use_index = some && codes_.flag(coder, Flag::kPageIndex, plan.use_page_index);
  page_index_ = use_index ? &reference_.page_index() : nullptr;
  model_.begin(volume);
}

template <typename Model>
template <typename Coder, typename Text>
WalkEnd GapWalker<Model>::walk(Coder& coder, Text& text, bool last_window, std::span<const Instruction> instructions,
                               const WalkPlan& plan, const WalkLimits& limits) {
  const auto count = codes_.number(coder, Number::kInstructions, static_cast<std::uint32_t>(instructions.size()));
  if (count > limits.window_bytes) return WalkEnd::kMalformed;
  begin(coder, plan);
  coded_ = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    Instruction op;
    if constexpr (!Coder::kDecodes) op = instructions[i];
    const bool last = i + 1 == count;
    if (!instruction(coder, i == 0, last, last_window, op)) return WalkEnd::kMalformed;
    if constexpr (Coder::kDecodes) {
      const std::size_t left = limits.window_bytes - text.size();
      if (op.gap > left || op.copy > left - op.gap) return WalkEnd::kTooLarge;
      if (op.gap == 0 && op.copy == 0) return WalkEnd::kMalformed;
    }
    if (op.gap != 0) {
      // Without a copy, or with one from elsewhere, the gap is taken to replace as much as it holds.
      std::size_t old_end = std::min(source_ + op.gap, old_.size());
      if (op.copy != 0 && op.source >= source_ && op.source - source_ < 4096) old_end = op.source;
      if constexpr (Model::kWalksGaps) {
        model_.gap(coder, text, {op.gap, source_, old_end}, recent_, page_index_);
      } else if (!gap(coder, text, op.gap, source_, old_end, limits.gap_bytes)) {
        return WalkEnd::kTooLarge;
      }
    }
    if (op.copy != 0) {
      text.copy(old_.data() + op.source, op.copy);
      source_ = op.source + op.copy;
      for (std::size_t k = std::min<std::size_t>(op.copy, 8); k > 0; --k) recent_ = recent_ << 8 | old_[source_ - k];
    } else {
      source_ = std::min(source_ + op.gap, old_.size());
    }
  }
  return WalkEnd::kGood;
}

template <typename Model>
template <typename Coder>
bool GapWalker<Model>::instruction(Coder& coder, bool first, bool last, bool last_window, Instruction& op) {
  if (first) {
    const bool has_gap = codes_.flag(coder, Flag::kFirstHasGap, op.gap != 0);
    op.gap = has_gap ? codes_.number(coder, Number::kFirstGap, op.gap - 1) + 1 : 0;
  } else {
    op.gap = codes_.number(coder, Number::kGap, op.gap);
  }
  if (last && codes_.flag(coder, Flag::kEndsInGap, op.copy == 0)) {
    op.copy = 0;
    return true;
  }
  const unsigned variant = (op.gap != 0 ? 1U : 0U) + (first ? 2U : 0U);
  const std::uint64_t straight = std::uint64_t{source_} + op.gap;
  std::uint64_t from = straight;
  if (codes_.flag(coder, Flag::kMoved, op.source != straight, variant)) {
    if (codes_.flag(coder, Flag::kBackward, op.source < source_, variant)) {
      const auto away = codes_.number(coder, Number::kBackward, static_cast<std::uint32_t>(source_ - op.source - 1));
      if (away >= source_) return false;
      from = source_ - 1 - away;
    } else {
      const unsigned width = std::min(static_cast<unsigned>(std::bit_width(op.gap)), 5U);
      const auto kind = static_cast<Number>(static_cast<unsigned>(Number::kForward0) + width);
      from = source_ + std::uint64_t{codes_.number(coder, kind, static_cast<std::uint32_t>(op.source - source_))};
    }
  }
  if (from > old_.size()) return false;
  op.source = static_cast<std::uint32_t>(from);
  const std::size_t room = old_.size() - op.source;
  if (last && last_window && codes_.flag(coder, Flag::kToTheEnd, op.copy == room)) {
    op.copy = static_cast<std::uint32_t>(room);
    return true;
  }
  op.copy = codes_.number(coder, Number::kCopy, op.copy);
  return op.copy <= room;
}

template <typename Model>
std::size_t GapWalker<Model>::learn_around(std::size_t old_begin, std::size_t old_end) {
  const std::size_t begin = old_begin - std::min(old_begin, kLearnBefore);
  const std::size_t end = std::min(old_.size(), old_end + kLearnBehind);
  const std::size_t count = std::min({end > begin ? end - begin : 0, kLearnOnce, learn_budget_});
  learn_budget_ -= count;
  const ByteView around = old_.subspan(begin, count);
  std::uint64_t recent = 0;
  for (std::size_t i = 0; i < count; ++i) {
    recent = recent << 8 | around[i];
    if (i >= GapHistory::kOrder) {
      history_.push(around[i], recent);
    } else {
      history_.push_unindexed(around[i]);
    }
  }
  model_.learn(around, 0);
  return begin;
}

template <typename Model>
template <typename Coder, typename Text>
bool GapWalker<Model>::gap(Coder& coder, Text& text, std::size_t count, std::size_t old_begin, std::size_t old_end,
                           std::size_t limit) {
  learn_budget_ += count * kLearnRatio;
  const std::uint32_t learned_begin = history_.end();
  const std::size_t learned_from = learn_around(old_begin, old_end);
  const std::uint32_t learned_end = history_.end();
  for (int k = 56; k >= 0; k -= 8) history_.push_unindexed(static_cast<std::uint8_t>(recent_ >> k));

  auto* bytes = text.room(count);
  const bool same_length = count == old_end - old_begin;
  Walk replaced{old_begin, 0};
  Walk nearby;
  Walk page;
  unsigned wrong = 0;
  GapContext context;
  for (std::size_t i = 0; i < count; ++i) {
    if (replaced.run >= kStepRun && i + kStep <= count && replaced.place + kStep <= old_.size()) {
      const std::uint8_t* ahead = old_.data() + replaced.place;
      bool equal = false;
      if constexpr (!Coder::kDecodes) equal = std::memcmp(bytes + i, ahead, kStep) == 0;
      if (steps_[std::min(replaced.run / 4, 31U)].code(coder, equal)) {
        if constexpr (Coder::kDecodes) std::memcpy(bytes + i, ahead, kStep);
        for (std::size_t k = 0; k < kStep; ++k) {
          recent_ = recent_ << 8 | ahead[k];
          history_.push_unindexed(ahead[k]);
        }
        replaced.place += kStep;
        replaced.run += kStep;
        i += kStep - 1;
        nearby = {};
        page = {};
        continue;
      }
      // The difference is near.
      replaced.run = 4 + (replaced.run > 24 ? 1 : 0) + (replaced.run > 64 ? 1 : 0);
    }

    if (++coded_ > limit) return false;
    context.recent = recent_;
    context.replaced = {};
    if (replaced.place < old_.size()) {
      context.replaced = {old_[replaced.place], i == 0 ? kMaxTrust : trust_of(replaced.run)};
    }
    context.nearby = {};
    if (nearby.place != 0) {
      context.nearby = {history_.at(static_cast<std::uint32_t>(nearby.place)), trust_of(nearby.run)};
    }
    context.page = {};
    if (page.place != 0 && page.place < old_.size()) context.page = {old_[page.place], trust_of(page.run)};
    const unsigned going = i == 0 ? 0U : replaced.run == 0 ? 1U : replaced.run < 3 ? 2U : 3U;
    context.alignment = going + (same_length ? 4U : 0U);

    std::uint8_t value = 0;
    if constexpr (!Coder::kDecodes) value = bytes[i];
    value = model_.byte(coder, value, context);
    if constexpr (Coder::kDecodes) bytes[i] = value;
    recent_ = recent_ << 8 | value;

    if (context.replaced.byte == value) {
      ++replaced.run;
      wrong = 0;
    } else {
      replaced.run = 0;
      ++wrong;
    }
    ++replaced.place;
    if (nearby.place != 0) {
      if (context.nearby.byte == value) {
        ++nearby.run;
        ++nearby.place;
      } else {
        nearby = {};
      }
    }
    history_.push_unindexed(value);
    if (nearby.place == 0) {
      const auto found = history_.find(recent_);
      nearby = {found.place, found.length};
    }
    history_.enter(recent_);
    // After an insertion or a deletion the walk goes on where the text is found again.
    if (wrong >= 2 && nearby.run >= 4 && nearby.place >= learned_begin && nearby.place < learned_end) {
      replaced = {learned_from + (nearby.place - learned_begin), nearby.run / 2};
      wrong = 0;
    }
    if (page_index_ != nullptr) {
      if (page.place != 0) {
        if (context.page.byte == value) {
          ++page.run;
          ++page.place;
        } else {
          page = {};
        }
      }
      if (page.place == 0) {
        const std::uint32_t place = page_index_->find(recent_);
        unsigned length = 0;
        while (length < 8 && length < place &&
               old_[place - 1 - length] == static_cast<std::uint8_t>(recent_ >> (8 * length)))
          ++length;
        if (length >= 5) page = {place, length};
      }
    }
  }
  return true;
}

}  // namespace railgun::delta
