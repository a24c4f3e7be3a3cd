#include "railgund/delta/parser.h"

#include <algorithm>
#include <array>
#include <bit>
#include <span>
#include <utility>

#include "railgund/delta/compare.h"

namespace railgun::delta {
namespace {

// How far the same diagonal is searched for its next equal stretch.
constexpr std::size_t kResyncReach = 512;
// Windows of one hash looked at, in the order of their places, before giving up on a nearer one.
constexpr std::size_t kMaxWalk = 24;
// Of them, those compared.
constexpr std::size_t kMaxCandidates = 4;
// Positions looked up side by side: among them, one begins a window of the index, wherever the text moved.
constexpr std::size_t kLookups = WindowIndex::kStride;

struct Match {
  std::size_t at = 0;  // in the window
  std::size_t source = 0;
  std::size_t length = 0;  // 0: none
  std::size_t value = 0;
};

class Parser {
 public:
  Parser(Reference::Prepared& reference, std::size_t expected, ByteView window, bool last, const ParserOptions& options,
         std::vector<Instruction>& to)
      : prepared_(reference), old_(reference.page()), new_(window), options_(options), to_(to), source_(expected) {
    to_.clear();
    const std::size_t prefix = equal_at(0, source_);
    if (prefix == new_.size() || prefix >= options_.min_copy) copy({0, source_, prefix});
    if (last) {
      const std::size_t room = std::min(new_.size() - at_, old_.size() - source_);
      tail_ = common_suffix(old_.data() + old_.size(), new_.data() + new_.size(), room);
      if (tail_ < options_.min_copy) tail_ = 0;
    }
    end_ = new_.size() - tail_;
  }

  void run() {
    while (at_ < end_) {
      const Match match = find();
      if (match.length == 0) break;
      copy(match);
    }
    finish();
  }

 private:
  std::size_t equal_at(std::size_t at, std::size_t source) const {
    return common_prefix(new_.data() + at, old_.data() + source, std::min(new_.size() - at, old_.size() - source));
  }

  Match find() {
    const Match near = resync();
    // A short gap on the diagonal: nothing elsewhere can be better.
    if (near.length != 0 && near.at - at_ <= 24) return near;
    const Match far = search(near.length != 0 ? near.at : end_);
    if (far.length == 0) return near;
    if (near.length == 0 || far.at + far.length / 2 < near.at || far.length > near.length) return far;
    return near;
  }

  // The first long enough equal stretch on the diagonal. It holds one of the blocks looked at as a whole.
  Match resync() const {
    const std::size_t room = std::min(end_ - at_, old_.size() - source_);
    const std::size_t reach = std::min(room, kResyncReach);
    const std::uint8_t* a = new_.data() + at_;
    const std::uint8_t* b = old_.data() + source_;
    for (std::size_t k = 0; k + 16 <= reach;) {
      if (((load64(a + k) ^ load64(b + k)) | (load64(a + k + 8) ^ load64(b + k + 8))) != 0) {
        k += 16;
        continue;
      }
      const std::size_t before = common_suffix(a + k, b + k, std::min<std::size_t>(k, 16));
      const std::size_t length = before + 16 + common_prefix(a + k + 16, b + k + 16, room - k - 16);
      if (length >= options_.min_resync) return {at_ + k - before, source_ + k - before, length};
      k += 16;
    }
    return {};
  }

  // The best match elsewhere of the first block that has any; blocks before `stop` are looked at.
  Match search(std::size_t stop) {
    if (new_.size() - at_ < WindowIndex::kWindow) return {};
    const WindowIndex& index = prepared_.window_index();
    const std::size_t last = std::min(new_.size() - WindowIndex::kWindow + 1, stop);
    Match best;
    for (std::size_t block = at_; block < last;) {
      const std::size_t block_end = std::min(block + kLookups, last);
      std::array<std::pair<std::size_t, std::uint64_t>, kLookups> known;
      std::size_t count = 0;
      for (std::size_t at = block; at < block_end; ++at) {
        const std::uint64_t hash = WindowIndex::hash_of(new_.data() + at);
        if (!index.may_have(hash)) continue;
        index.prefetch(hash);
        known[count++] = {at, hash};
      }
      for (std::size_t k = 0; k < count; ++k) {
        const Match match = best_of(known[k].first, index.find(known[k].second));
        if (match.value > best.value) best = match;
      }
      if (best.length != 0) return best;
      // The last block ends at `stop`: a copy that begins behind the one before it may go on beyond.
      const std::size_t final = std::max(block_end, last - std::min(last, kLookups));
      block = std::min(block + period_, final);
    }
    return {};
  }

  Match best_of(std::size_t at, const WindowIndex::Found& found) const {
    if (found.first == WindowIndex::kNone) return {};
    // The places around where the page is expected to go on are the best bets, and the first of all.
    const std::size_t hoped = (source_ + (at - at_)) / WindowIndex::kStride;
    std::array<std::uint32_t, kMaxCandidates> candidates{};
    std::size_t count = 0;
    candidates[count++] = found.first;
    std::size_t next = 0;
    while (next < found.others.size() && found.others[next] < hoped && next < kMaxWalk) ++next;
    if (next > 0) candidates[count++] = found.others[next - 1];
    for (; next < found.others.size() && count < kMaxCandidates; ++next) candidates[count++] = found.others[next];

    Match best;
    std::size_t best_value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t source = std::size_t{candidates[i]} * WindowIndex::kStride;
      const std::size_t forward =
          common_prefix(new_.data() + at, old_.data() + source, std::min(end_ - at, old_.size() - source));
      if (forward < WindowIndex::kWindow) continue;
      const std::size_t backward = common_suffix(new_.data() + at, old_.data() + source, std::min(at - at_, source));
      const std::size_t length = forward + backward;
      if (length < options_.min_copy) continue;
      // A place a few bytes on is cheaper to name than one far away.
      const std::size_t begin = source - backward;
      const std::size_t away = begin >= source_ ? begin - source_ : 2 * (source_ - begin);
      const std::size_t dearness = 2 * static_cast<std::size_t>(std::bit_width(away));
      const std::size_t value = 64 + length - std::min<std::size_t>(dearness, 63);
      if (value > best_value) {
        best_value = value;
        best = {at - backward, begin, length, value};
      }
    }
    return best;
  }

  void copy(const Match& match) {
    const bool joins = !to_.empty() && match.at == at_ && match.source == source_;
    if (joins) {
      to_.back().copy += static_cast<std::uint32_t>(match.length);
    } else {
      to_.push_back({.gap = static_cast<std::uint32_t>(match.at - at_),
                     .source = static_cast<std::uint32_t>(match.source),
                     .copy = static_cast<std::uint32_t>(match.length)});
    }
    at_ = match.at + match.length;
    source_ = match.source + match.length;
  }

  // The common suffix, or a gap to the end.
  void finish() {
    if (at_ == new_.size()) return;
    if (tail_ != 0) {
      copy({end_, old_.size() - tail_, tail_});
    } else {
      to_.push_back({.gap = static_cast<std::uint32_t>(new_.size() - at_), .source = 0, .copy = 0});
    }
  }

  Reference::Prepared& prepared_;
  const ByteView old_;
  const ByteView new_;
  const ParserOptions options_;
  std::vector<Instruction>& to_;
  // From one block of lookups to the next. A copy holds `min_copy - kWindow + 1` places where a window may begin: so
  // many that a whole block is among them.
  const std::size_t period_ = std::max(options_.min_copy + 2 - WindowIndex::kWindow - kLookups, kLookups);
  std::size_t at_ = 0;      // parsed so far
  std::size_t source_ = 0;  // where the reference goes on
  std::size_t tail_ = 0;    // length of the common suffix
  std::size_t end_ = 0;     // where it begins
};

}  // namespace

void parse(Reference::Prepared& reference, std::size_t expected, ByteView window, bool last,
           const ParserOptions& options, std::vector<Instruction>& to) {
  Parser(reference, expected, window, last, options, to).run();
}

}  // namespace railgun::delta
