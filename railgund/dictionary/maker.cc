#include "railgund/dictionary/maker.h"

#include <algorithm>
#include <memory>
#include <unordered_set>
#include <utility>

#include <zstd.h>

#include "railgund/base/check.h"
#include "railgund/dictionary/stretches.h"
#include "railgund/page/sharing.h"

namespace railgun::dictionary {
namespace {

// Stretches, and pairs of them, that are counted: those of a dozen pages of 200 KB.
constexpr std::size_t kCounted = 1 << 16;
// Shorter ones are found by no match worth its bytes.
constexpr std::size_t kLeastRun = 16;
// Pages that enter as a whole, besides what several pages have in common.
constexpr std::size_t kMostWhole = 2;

struct Stretch {
  ByteView text;
  Id128 name;
};

// Which stretches enough samples hold.
class Count {
 public:
  explicit Count(unsigned required) : required_(required) {}

  // Counts for `sample`. True if so many were counted by now.
  bool has(const Id128& first, const Id128& second, std::size_t sample) {
    Id128 holder{};
    holder.bytes[0] = static_cast<std::uint8_t>(sample);
    return sharing_.received(first, second, holder, required_);
  }

 private:
  unsigned required_;
  page::Sharing sharing_{kCounted};
};

std::vector<Stretch> named_stretches(ByteView text, const KeyedHash& hash) {
  std::vector<Stretch> all;
  for (const ByteView stretch : stretches_of(text)) all.push_back({stretch, hash(stretch)});
  return all;
}

// The dictionary so far: every stretch once.
class Draft {
 public:
  explicit Draft(std::size_t most_bytes) : most_bytes_(most_bytes) {}

  void add(const Stretch& stretch) {
    if (text_.size() + stretch.text.size() > most_bytes_ || !names_.insert(stretch.name).second) return;
    append(text_, stretch.text);
  }
  Bytes take() && { return std::move(text_); }

 private:
  std::size_t most_bytes_;
  Bytes text_;
  std::unordered_set<Id128> names_;
};

using Run = std::vector<Stretch>;

std::size_t bytes_of(const Run& run) {
  std::size_t count = 0;
  for (const Stretch& stretch : run) count += stretch.text.size();
  return count;
}

// Stretches of a page that enough samples hold one behind the other.
std::vector<Run> shared_runs(const std::vector<Stretch>& page, Count& count, std::size_t sample) {
  std::vector<Run> runs;
  bool was_shared = false;
  for (std::size_t i = 0; i < page.size(); ++i) {
    const bool is_shared = count.has({}, page[i].name, sample);
    const bool follows = i > 0 && count.has(page[i - 1].name, page[i].name, sample);
    if (is_shared && (!was_shared || !follows)) runs.emplace_back();
    if (is_shared) runs.back().push_back(page[i]);
    was_shared = is_shared;
  }
  return runs;
}

struct FreeState {
  void operator()(ZSTD_CCtx* state) const { ZSTD_freeCCtx(state); }
};

}  // namespace

Bytes make_text(const std::vector<Sample>& samples, const MakerLimits& limits, const KeyedHash& hash) {
  RAILGUN_CHECK(samples.size() < 256);
  Count count(std::max(2U, limits.share_among));
  std::vector<std::vector<Stretch>> pages;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    pages.push_back(named_stretches(samples[i].text, hash));
    shared_runs(pages.back(), count, i);
  }
  // Now everybody is counted.
  std::vector<std::pair<Id128, Run>> runs;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    for (Run& run : shared_runs(pages[i], count, i)) {
      if (bytes_of(run) >= kLeastRun) runs.emplace_back(run.front().name, std::move(run));
    }
  }
  std::ranges::stable_sort(runs, {}, &std::pair<Id128, Run>::first);
  Draft draft(limits.dictionary_bytes);
  for (const auto& [name, run] : runs) {
    for (const Stretch& stretch : run) draft.add(stretch);
  }
  std::size_t whole = 0;
  for (std::size_t i = samples.size(); i > 0 && whole < kMostWhole; --i) {
    const Sample& sample = samples[i - 1];
    if (!sample.is_shared && (!sample.is_public || limits.share_among > 1)) continue;
    ++whole;
    for (const Stretch& stretch : pages[i - 1]) draft.add(stretch);
  }
  return std::move(draft).take();
}

std::size_t coded_bytes(const std::vector<Sample>& samples, const Dictionary* dictionary) {
  const std::unique_ptr<ZSTD_CCtx, FreeState> state(ZSTD_createCCtx());
  RAILGUN_CHECK(state != nullptr);
  Bytes room;
  std::size_t sum = 0;
  for (const Sample& sample : samples) {
    room.resize(ZSTD_compressBound(sample.text.size()));
    const std::size_t size = dictionary == nullptr
                                 ? ZSTD_compressCCtx(state.get(), room.data(), room.size(), sample.text.data(),
                                                     sample.text.size(), kPreparedLevel)
                                 : ZSTD_compress_usingCDict(state.get(), room.data(), room.size(), sample.text.data(),
                                                            sample.text.size(), dictionary->prepared());
    RAILGUN_CHECK(ZSTD_isError(size) == 0);
    sum += size;
  }
  return sum;
}

}  // namespace railgun::dictionary
