#include "railgund/dictionary/maker.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include <zstd.h>

#include "railgund/base/check.h"
#include "railgund/dictionary/stretches.h"

namespace railgun::dictionary {
namespace {

// Stretches, and what stands before them, that are counted: those of a dozen pages of 100 KB (64 bytes each while a
// dictionary is made).
constexpr std::size_t kCounted = 1 << 18;
// In front of a stretch: if so much is held by enough samples with it, they stand so in the dictionary. Common short
// stretches (the end of a line) must not join what stood one behind the other on one page alone.
constexpr std::size_t kContextBytes = 64;
// Shorter ones are found by no match worth its bytes.
constexpr std::size_t kLeastRun = 16;
// Pages that enter as a whole, besides what several pages have in common.
constexpr std::size_t kMostWhole = 2;

struct Stretch {
  ByteView text;
  Id128 name;
};

// Which stretches enough samples hold. Those for which there is no room are held by none.
class Count {
 public:
  explicit Count(unsigned required) : required_(required) {}

  // Counts for `sample`, once: samples are counted in the order of their numbers, and not when they come again. True
  // if so many were counted by now.
  bool has(const Id128& name, std::size_t sample) {
    if (names_.size() >= kCounted && !names_.contains(name)) return false;
    const auto [place, is_new] = names_.try_emplace(name, Holders{.count = 0, .last = sample});
    Holders& holders = place->second;
    if (is_new || sample > holders.last) {
      ++holders.count;
      holders.last = sample;
    }
    return holders.count >= required_;
  }

 private:
  struct Holders {
    unsigned count;
    std::size_t last;
  };
  unsigned required_;
  std::unordered_map<Id128, Holders> names_;
};

std::vector<Stretch> named_stretches(ByteView text, const KeyedHash& hash) {
  std::vector<Stretch> all;
  for (const ByteView stretch : stretches_of(text)) all.push_back({stretch, hash(stretch)});
  return all;
}

using Run = std::vector<Stretch>;

Id128 joined(const Id128& first, const Id128& second, const KeyedHash& hash) {
  Bytes both = to_bytes(first.bytes);
  append(both, second.bytes);
  return hash(both);
}

// The dictionary so far: every stretch, and every two that stand one behind the other, once.
class Draft {
 public:
  Draft(std::size_t most_bytes, const KeyedHash& hash) : most_bytes_(most_bytes), hash_(hash) {}

  // Adds of the run what is new: two stretches that are there, but not one behind the other, come again, as a match that
  // goes on is worth more than they take.
  void add(const Run& run) {
    std::optional<std::size_t> last;  // of this run, at the end of the text
    for (std::size_t i = 0; i < run.size(); ++i) {
      const bool is_new = i > 0 ? names_.insert(joined(run[i - 1].name, run[i].name, hash_)).second
                                : run.size() == 1 && !names_.contains(run[i].name);
      if (!is_new) continue;
      if (i > 0 && last != i - 1 && !append_one(run[i - 1])) return;
      if (!append_one(run[i])) return;
      last = i;
    }
  }
  Bytes take() && { return std::move(text_); }

 private:
  // False: there is no room.
  bool append_one(const Stretch& stretch) {
    if (text_.size() + stretch.text.size() > most_bytes_) return false;
    append(text_, stretch.text);
    names_.insert(stretch.name);
    return true;
  }

  std::size_t most_bytes_;
  const KeyedHash& hash_;
  Bytes text_;
  std::unordered_set<Id128> names_;  // of stretches, and of two
};

std::size_t bytes_of(const Run& run) {
  std::size_t count = 0;
  for (const Stretch& stretch : run) count += stretch.text.size();
  return count;
}

// Of a stretch and those before it, as many as make the context.
struct Context {
  std::size_t held = 0;  // so many of them, the stretch among them, are held one behind the other by enough samples
  std::size_t most = 0;
};

Context count_context(const Run& page, std::size_t at, Count& count, std::size_t sample, const KeyedHash& hash) {
  Context context;
  Id128 name = page[at].name;
  bool is_held = true;
  for (std::size_t bytes = 0;;) {
    is_held = count.has(name, sample) && is_held;
    ++context.most;
    if (is_held) ++context.held;
    if (at == 0 || bytes >= kContextBytes) return context;
    --at;
    bytes += page[at].text.size();
    name = joined(page[at].name, name, hash);
  }
}

// Stretches of a page that enough samples hold one behind the other.
std::vector<Run> shared_runs(const Run& page, Count& count, std::size_t sample, const KeyedHash& hash) {
  std::vector<Run> runs;
  bool was_shared = false;
  for (std::size_t i = 0; i < page.size(); ++i) {
    const Context context = count_context(page, i, count, sample, hash);
    const bool is_shared = context.held > 0;
    const bool follows = was_shared && context.held >= std::min(runs.back().size() + 1, context.most);
    if (is_shared && !follows) runs.emplace_back();
    if (is_shared) runs.back().push_back(page[i]);
    was_shared = is_shared;
  }
  return runs;
}

// Those that are one stretch come last: most are in longer ones. Otherwise in the order of a hash, each once.
void put_in_order(std::vector<Run>& runs, const KeyedHash& hash) {
  std::vector<std::tuple<bool, Id128, Run>> named;
  for (Run& run : runs) {
    Id128 name{};
    for (const Stretch& stretch : run) name = joined(name, stretch.name, hash);
    named.emplace_back(run.size() == 1, name, std::move(run));
  }
  const auto key = [](const auto& one) { return std::pair(std::get<0>(one), std::get<1>(one)); };
  std::ranges::sort(named, {}, key);
  const auto again = std::ranges::unique(named, {}, key);
  named.erase(again.begin(), again.end());
  runs.clear();
  for (auto& one : named) runs.push_back(std::move(std::get<2>(one)));
}

struct FreeState {
  void operator()(ZSTD_CCtx* state) const { ZSTD_freeCCtx(state); }
};

}  // namespace

Bytes make_text(const std::vector<Sample>& samples, const MakerLimits& limits, const KeyedHash& hash) {
  RAILGUN_CHECK(samples.size() < 256);
  Count count(std::max(2U, limits.share_among));
  std::vector<Run> pages;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    pages.push_back(named_stretches(samples[i].text, hash));
    shared_runs(pages.back(), count, i, hash);
  }
  // Now everybody is counted.
  std::vector<Run> runs;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    for (Run& run : shared_runs(pages[i], count, i, hash)) {
      if (bytes_of(run) >= kLeastRun) runs.push_back(std::move(run));
    }
  }
  put_in_order(runs, hash);
  Draft draft(limits.dictionary_bytes, hash);
  for (const Run& run : runs) draft.add(run);
  std::size_t whole = 0;
  for (std::size_t i = samples.size(); i > 0 && whole < kMostWhole; --i) {
    const Sample& sample = samples[i - 1];
    if (!sample.is_shared && (!sample.is_public || limits.share_among > 1)) continue;
    ++whole;
    draft.add(pages[i - 1]);
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
                                                     sample.text.size(), kSiteLevel)
                                 : ZSTD_compress_usingCDict(state.get(), room.data(), room.size(), sample.text.data(),
                                                            sample.text.size(), dictionary->prepared());
    RAILGUN_CHECK(ZSTD_isError(size) == 0);
    sum += size;
  }
  return sum;
}

}  // namespace railgun::dictionary
