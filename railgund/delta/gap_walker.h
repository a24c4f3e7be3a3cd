// Codes a window's instructions; the bytes in their gaps are coded by `Gaps`: NibbleGaps for the fast tier, MixingGaps
// for the strong one. One template is encoder and decoder (doc/DELTA_FORMAT.md, "Instructions", "Gaps"). What it holds
// lives as long as the page: later windows go on with what earlier ones taught it.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "railgund/base/bytes.h"
#include "railgund/delta/gap_model.h"
#include "railgund/delta/instruction_model.h"
#include "railgund/delta/parser.h"
#include "railgund/delta/prepared.h"
#include "railgund/delta/range_coder.h"
#include "railgund/delta/window_text.h"

namespace railgun::delta {

enum class WalkEnd { kGood, kMalformed, kTooLarge };

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

template <typename Gaps>
class GapWalker {
 public:
  // The walk through gaps is made in place of `parts`: it is large.
  template <typename... Parts>
  explicit GapWalker(Reference::Prepared& reference, Parts&&... parts)
      : reference_(reference), old_(reference.page()), gaps_(std::forward<Parts>(parts)...) {}

  // Where the reference is expected to go on.
  std::size_t expected() const { return source_; }

  void encode(RangeEncoder& coder, ByteView window, bool last, std::span<const Instruction> instructions,
              const WalkPlan& plan) {
    WindowReader text(window);
    walk(coder, text, last, instructions, plan, window.size());
  }

  // Appends the window, of at most `limit_bytes`, to `page`. An error leaves it somewhere in the middle, and the walker
  // useless. `Coder` decodes.
  template <typename Coder>
  WalkEnd decode(Coder& coder, Bytes& page, bool last, std::size_t limit_bytes) {
    PageWriter text(page);
    return walk(coder, text, last, {}, {}, limit_bytes);
  }

 private:
  template <typename Coder, typename Text>
  WalkEnd walk(Coder& coder, Text& text, bool last_window, std::span<const Instruction> instructions,
               const WalkPlan& plan, std::size_t limit_bytes);
  template <typename Coder>
  bool instruction(Coder& coder, bool first, bool last, bool last_window, Instruction& op);
  template <typename Coder>
  void begin(Coder& coder, const WalkPlan& plan);

  Reference::Prepared& reference_;
  const ByteView old_;
  Gaps gaps_;
  InstructionModel codes_ = InstructionModel::start();
  const PageIndex* page_index_ = nullptr;  // null: this window does without
  std::size_t source_ = 0;
  std::uint64_t recent_ = 0;  // the last eight bytes of the page, the latest lowest
};

template <typename Gaps>
template <typename Coder>
void GapWalker<Gaps>::begin(Coder& coder, const WalkPlan& plan) {
  Volume volume = plan.volume;
  const bool some = codes_.flag(coder, Flag::kSomeVolume, volume != Volume::kLittle);
  const bool much = some && codes_.flag(coder, Flag::kMuchVolume, volume == Volume::kMuch);
  volume = much ? Volume::kMuch : some ? Volume::kSome : Volume::kLittle;
  const bool use_index = some && codes_.flag(coder, Flag::kPageIndex, plan.use_page_index);
  page_index_ = use_index ? &reference_.page_index() : nullptr;
  gaps_.begin(volume);
}

template <typename Gaps>
template <typename Coder, typename Text>
WalkEnd GapWalker<Gaps>::walk(Coder& coder, Text& text, bool last_window, std::span<const Instruction> instructions,
                              const WalkPlan& plan, std::size_t limit_bytes) {
  const auto count = codes_.number(coder, Number::kInstructions, static_cast<std::uint32_t>(instructions.size()));
  if (count > limit_bytes) return WalkEnd::kMalformed;
  begin(coder, plan);
  for (std::uint32_t i = 0; i < count; ++i) {
    Instruction op;
    if constexpr (!Coder::kDecodes) op = instructions[i];
    const bool last = i + 1 == count;
    if (!instruction(coder, i == 0, last, last_window, op)) return WalkEnd::kMalformed;
    if constexpr (Coder::kDecodes) {
      const std::size_t left = limit_bytes - text.size();
      if (op.gap > left || op.copy > left - op.gap) return WalkEnd::kTooLarge;
      if (op.gap == 0 && op.copy == 0) return WalkEnd::kMalformed;
    }
    if (op.gap != 0) {
      // Without a copy, or with one from elsewhere, the gap is taken to replace as much as it holds.
      std::size_t old_end = std::min(source_ + op.gap, old_.size());
      if (op.copy != 0 && op.source >= source_ && op.source - source_ < 4096) old_end = op.source;
      if (!gaps_.gap(coder, text, {op.gap, source_, old_end}, recent_, page_index_)) return WalkEnd::kTooLarge;
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

template <typename Gaps>
template <typename Coder>
bool GapWalker<Gaps>::instruction(Coder& coder, bool first, bool last, bool last_window, Instruction& op) {
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

}  // namespace railgun::delta
