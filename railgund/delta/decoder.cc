#include "railgund/delta/decoder.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "railgund/delta/fast_tier.h"
#include "railgund/delta/format.h"
#include "railgund/delta/mixing_tier.h"
#include "railgund/delta/prepared.h"
#include "railgund/delta/zstd_tier.h"

namespace railgun::delta {
namespace {

// Made room for beyond the reference's own size before a window is rebuilt.
constexpr std::size_t kReserve = 16 * 1024;

Result<void> end_of(WalkEnd end) {
  switch (end) {
    case WalkEnd::kGood:
      return {};
    case WalkEnd::kTooLarge:
      return fail(Errc::kTooLarge, "delta: a window or page over the limit");
    case WalkEnd::kMalformed:
      break;
  }
  return fail(Errc::kMalformed, "delta: instructions that do not fit the reference");
}

}  // namespace

struct Decoder::State {
  State(std::shared_ptr<const Reference> ref, DecoderLimits bounds)
      : reference(std::move(ref)), limits(bounds), checks(reference ? reference->hash() : CheckChain::kCold) {}

  std::shared_ptr<const Reference> reference;
  std::shared_ptr<Reference::Prepared> prepared;  // null until a window needs it
  DecoderLimits limits;
  CheckChain checks;
  std::optional<ZstdDecoder> zstd;
  std::optional<FastTier> fast;
  std::optional<MixingTier> strong;
  // The part of a window that has come: at most a head and limits.window_bytes.
  Bytes partial;
  // Rebuilt, checked and not yet taken. The window in work is at its end.
  Bytes page;
  std::uint64_t page_bytes = 0;
  WalkAllowance walks;
  bool finished = false;
  std::optional<Error> failed;

  Reference::Prepared& of_reference() {
    if (!prepared) prepared = reference->prepared();
    return *prepared;
  }
  ByteView reference_bytes() const { return reference ? reference->bytes() : ByteView(); }

  // An error is final: once there was one, `step` is not taken any more.
  template <typename Step>
  Result<void> lasting(Step step) {
    if (failed) return std::unexpected(*failed);
    Result<void> result = step();
    if (!result) failed = result.error();
    return result;
  }
  bool is_compact() const { return page_bytes == 0 && !partial.empty() && begins_compact(partial[0]); }
  Result<void> receive(ByteView bytes);
  Result<void> end();
  // Rebuilds the window at the front of `bytes`, if all of it is there, and says how many bytes it took.
  Result<std::size_t> window(ByteView bytes);
  // Rebuilds a window and checks it. `check_mask`: the bits of the check that the head holds.
  Result<void> rebuild_checked(const WindowHead& head, ByteView payload, std::uint32_t check_mask);
  Result<void> rebuild(const WindowHead& head, ByteView payload, std::size_t limit);
};

Result<void> Decoder::State::receive(ByteView bytes) {
  if (finished && !bytes.empty()) return fail(Errc::kMalformed, "delta: bytes after the last window");
  const bool joined = !partial.empty();
  const bool compact = joined ? is_compact() : page_bytes == 0 && !bytes.empty() && begins_compact(bytes[0]);
  if (joined || compact) append(partial, bytes);
  if (compact) {
    // A payload is never longer than what it stands for: it would have been stored.
    if (partial.size() > limits.window_bytes + kMaxHeadBytes)
      return fail(Errc::kTooLarge, "delta: a window over the limit");
    return {};
  }
  const ByteView all = joined ? ByteView(partial) : bytes;
  std::size_t done = 0;
  while (done < all.size()) {
    if (finished) return fail(Errc::kMalformed, "delta: bytes after the last window");
    auto used = window(all.subspan(done));
    if (!used) return std::unexpected(std::move(used.error()));
    if (*used == 0) break;
    done += *used;
  }
  if (joined) {
    partial.erase(partial.begin(), partial.begin() + static_cast<std::ptrdiff_t>(done));
  } else {
    append(partial, all.subspan(done));
  }
  return {};
}

Result<void> Decoder::State::end() {
  if (!finished && is_compact()) {
    const Bytes held = std::exchange(partial, {});
    const auto parsed = decode_compact_head(held);
    if (!parsed) return std::unexpected(parsed.error());
    const auto& [head, head_bytes] = *parsed;
    const std::uint32_t mask = compact_check_mask(head.payload_bytes);
    if (auto rebuilt = rebuild_checked(head, ByteView(held).subspan(head_bytes), mask); !rebuilt) return rebuilt;
  }
  if (!finished) return fail(Errc::kMalformed, "delta: it is cut short");
  return {};
}

Result<std::size_t> Decoder::State::window(ByteView bytes) {
  auto parsed = decode_window_head(bytes);
  if (!parsed) return std::unexpected(std::move(parsed.error()));
  if (!*parsed) return 0;
  const auto& [head, head_bytes] = **parsed;
  // A payload is never longer than what it stands for: it would have been stored.
  if (head.payload_bytes > limits.window_bytes) return fail(Errc::kTooLarge, "delta: a window over the limit");
  if (bytes.size() - head_bytes < head.payload_bytes) return 0;
  if (auto rebuilt = rebuild_checked(head, bytes.subspan(head_bytes, head.payload_bytes), ~0U); !rebuilt) {
    return std::unexpected(std::move(rebuilt.error()));
  }
  return head_bytes + head.payload_bytes;
}

Result<void> Decoder::State::rebuild_checked(const WindowHead& head, ByteView payload, std::uint32_t check_mask) {
  const std::size_t start = page.size();
  const std::uint64_t page_left = limits.page_bytes - page_bytes;
  const auto limit = static_cast<std::size_t>(std::min<std::uint64_t>(limits.window_bytes, page_left));
  if (auto rebuilt = rebuild(head, payload, limit); !rebuilt) {
    page.resize(start);
    return rebuilt;
  }
  const ByteView made = ByteView(page).subspan(start);
  if (((checks.next(made, head) ^ head.check) & check_mask) != 0) {
    page.resize(start);
    return fail(Errc::kDenied, "delta: a window's check fails: damaged, or made against another reference");
  }
  if (made.empty() && !head.last) return fail(Errc::kMalformed, "delta: an empty window before the last");
  page_bytes += made.size();
  finished = head.last;
  return {};
}

Result<void> Decoder::State::rebuild(const WindowHead& head, ByteView payload, std::size_t limit) {
  switch (head.tier) {
    case Tier::kStored:
      if (payload.size() > limit) return fail(Errc::kTooLarge, "delta: a page over the limit");
      append(page, payload);
      return {};
    case Tier::kZstd:
      if (!head.continues) zstd.emplace(reference_bytes());
      if (!zstd) return fail(Errc::kMalformed, "delta: a zstd window continues nothing");
      return zstd->decode(payload, limit, page);
    case Tier::kFast:
    case Tier::kStrong:
      break;
  }
  if (!reference) return fail(Errc::kDenied, "delta: it was made against a reference, and none is here");
  if (!head.continues) {
    if (!walks.may_begin(page_bytes)) return fail(Errc::kMalformed, "delta: it begins anew too often");
    walks.begin();
    if (head.tier == Tier::kFast) {
      fast.emplace(of_reference());
    } else {
      strong.emplace(of_reference(), false);
    }
  }
  page.reserve(page.size() + std::min(limit, reference_bytes().size() + kReserve));
  if (head.tier == Tier::kFast && fast) return end_of(fast->decode(payload, head.last, limit, page));
  if (head.tier == Tier::kStrong && strong) return end_of(strong->decode(payload, head.last, limit, page));
  return fail(Errc::kMalformed, "delta: a window continues nothing");
}

Decoder::Decoder(std::shared_ptr<const Reference> reference, DecoderLimits limits)
    : state_(std::make_unique<State>(std::move(reference), limits)) {}
Decoder::~Decoder() = default;
Decoder::Decoder(Decoder&&) noexcept = default;
Decoder& Decoder::operator=(Decoder&&) noexcept = default;

Result<void> Decoder::receive(ByteView delta_bytes) {
  return state_->lasting([&] { return state_->receive(delta_bytes); });
}

Result<void> Decoder::end() {
  return state_->lasting([&] { return state_->end(); });
}

Bytes Decoder::take() { return std::exchange(state_->page, {}); }

Result<Bytes> decode(std::shared_ptr<const Reference> reference, ByteView delta, const DecoderLimits& limits) {
  Decoder decoder(std::move(reference), limits);
  if (auto received = decoder.receive(delta); !received) return std::unexpected(std::move(received.error()));
  if (auto ended = decoder.end(); !ended) return std::unexpected(std::move(ended.error()));
  return decoder.take();
}

}  // namespace railgun::delta
