#include "railgund/delta/encoder.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "railgund/base/check.h"
#include "railgund/delta/fast_tier.h"
#include "railgund/delta/format.h"
#include "railgund/delta/mixing_tier.h"
#include "railgund/delta/parser.h"
#include "railgund/delta/prepared.h"
#include "railgund/delta/tier_choice.h"
#include "railgund/delta/zstd_tier.h"

namespace railgun::delta {
namespace {

std::uint64_t hash_of(const std::shared_ptr<const Reference>& reference) {
  return reference ? reference->hash() : CheckChain::kCold;
}

}  // namespace

struct Encoder::State {
  State(std::shared_ptr<const Reference> ref, EncoderOptions opts)
      : reference(std::move(ref)), options(opts), checks(hash_of(reference)), choice(options) {
    options.window_bytes = std::max<std::size_t>(options.window_bytes, 1);
  }

  std::shared_ptr<const Reference> reference;
  std::shared_ptr<Reference::Prepared> prepared;  // null until a window needs it
  EncoderOptions options;
  CheckChain checks;
  TierChoice choice;
  WalkAllowance walks;
  // What each tier's windows of this page have in common; a tier whose last window was not sent begins anew.
  std::optional<ZstdEncoder> zstd;
  std::optional<FastTier> fast;
  std::optional<MixingTier> strong;
  std::uint64_t page_bytes = 0;
  std::vector<Instruction> instructions;
  Bytes held;
  Bytes out;
  bool finished = false;

  // A window in one tier.
  struct Coded {
    WindowHead head;
    Bytes payload;
  };

  ByteView code_full(ByteView bytes);
  void code(ByteView window, bool last);
  // Nothing if the window is to be coded in halves.
  std::optional<Coded> code_walk(ByteView window, bool last);
  Coded code_fast(ByteView window, bool last);
  // Nothing if it is too much for the tier.
  std::optional<Coded> code_strong(ByteView window, bool last);
  Coded code_zstd(ByteView window, bool last, ZstdSearch search);
  // What pages without a reference, or with one that is little like them, are worth.
  ZstdSearch search_of_page() const {
    return (!reference || options.is_first_visit) && thorough_may_pay(options) ? ZstdSearch::kThorough
                                                                               : ZstdSearch::kUsual;
  }
  Reference::Prepared& of_reference() {
    if (!prepared) prepared = reference->prepared();
    return *prepared;
  }
  bool may_walk() const { return fast || strong || walks.may_begin(page_bytes); }
};

void Encoder::State::code(ByteView window, bool last) {
  const bool only = page_bytes == 0;
  Coded coded{.head = {.last = last}, .payload = {}};
  if (!window.empty()) {
    const bool walks_here = reference && options.effort != Effort::kZstd && may_walk();
    std::optional<Coded> walked = walks_here ? code_walk(window, last) : code_zstd(window, last, search_of_page());
    if (!walked) {
      code(window.first(window.size() / 2), false);
      code(window.subspan(window.size() / 2), last);
      return;
    }
    coded = *std::move(walked);
    if (coded.payload.size() >= window.size()) {
      zstd.reset();
      fast.reset();
      strong.reset();
      coded = {.head = {.last = last}, .payload = to_bytes(window)};
    }
  }
  coded.head.payload_bytes = coded.payload.size();
  coded.head.check = checks.next(window, coded.head);
  if (is_compact(coded.head, only)) {
    encode_compact_head(coded.head, out);
  } else {
    encode_window_head(coded.head, out);
  }
  append(out, coded.payload);
  page_bytes += window.size();
}

// The strong tier parses in its own way. Where it is all that is wanted, no other parse is needed to choose it, and a
// window that is too much for it is coded in halves.
std::optional<Encoder::State::Coded> Encoder::State::code_walk(ByteView window, bool last) {
  if (options.effort == Effort::kStrong) return code_strong(window, last);
  Reference::Prepared& ready = of_reference();
  const std::size_t expected = strong ? strong->expected() : fast ? fast->expected() : 0;
  parse(ready, expected, window, last, {}, instructions);
  const std::size_t gap_bytes = gap_bytes_of(instructions);
  if (choice.is_new_text(gap_bytes, window.size())) {
    fast.reset();
    strong.reset();
    return code_zstd(window, last, ZstdSearch::kThorough);
  }
  const Tier tier = choice.tier(gap_bytes, instructions.size(), ready.has_primed_lines());

  std::optional<Coded> walked;
  if (tier == Tier::kStrong && (strong || walks.may_begin(page_bytes))) walked = code_strong(window, last);
  if (walked) {
    fast.reset();
  } else {
    strong.reset();
    if (tier != Tier::kZstd && (fast || walks.may_begin(page_bytes))) walked = code_fast(window, last);
  }
  if (!walked) {
    fast.reset();
    return code_zstd(window, last, search_of_page());
  }
  if (options.effort != Effort::kAuto || !TierChoice::may_be_beaten(walked->payload.size())) return walked;

  Coded plain = code_zstd(window, last, search_of_page());
  if (plain.payload.size() >= walked->payload.size()) {
    zstd.reset();
    return walked;
  }
  fast.reset();
  strong.reset();
  return plain;
}

Encoder::State::Coded Encoder::State::code_fast(ByteView window, bool last) {
  Coded coded{.head = {.tier = Tier::kFast, .continues = fast.has_value(), .last = last}, .payload = {}};
  if (!fast) {
    fast.emplace(of_reference());
    walks.begin();
  }
  fast->encode(window, last, instructions, coded.payload);
  return coded;
}

std::optional<Encoder::State::Coded> Encoder::State::code_strong(ByteView window, bool last) {
  Coded coded{.head = {.tier = Tier::kStrong, .continues = strong.has_value(), .last = last}, .payload = {}};
  Reference::Prepared& ready = of_reference();
  if (!encode_mixing(ready, ready.has_primed_lines(), window, last, strong, coded.payload)) return std::nullopt;
  if (!coded.head.continues) walks.begin();
  return coded;
}

Encoder::State::Coded Encoder::State::code_zstd(ByteView window, bool last, ZstdSearch search) {
  Coded coded{.head = {.tier = Tier::kZstd, .continues = zstd.has_value(), .last = last}, .payload = {}};
  if (!zstd) zstd.emplace(reference ? reference->bytes() : ByteView(), search);
  zstd->encode(window, last, coded.payload);
  return coded;
}

Encoder::Encoder(std::shared_ptr<const Reference> reference, EncoderOptions options)
    : state_(std::make_unique<State>(std::move(reference), options)) {}
Encoder::~Encoder() = default;
Encoder::Encoder(Encoder&&) noexcept = default;
Encoder& Encoder::operator=(Encoder&&) noexcept = default;

// Codes full windows, as long as more of the page than they hold is there, and gives what is left.
ByteView Encoder::State::code_full(ByteView bytes) {
  const std::size_t window_bytes = options.window_bytes;
  while (held.size() + bytes.size() > window_bytes) {
    if (held.empty()) {
      code(bytes.first(window_bytes), false);
      bytes = bytes.subspan(window_bytes);
    } else {
      const std::size_t count = window_bytes - held.size();
      append(held, bytes.first(count));
      bytes = bytes.subspan(count);
      code(held, false);
      held.clear();
    }
  }
  return bytes;
}

void Encoder::write(ByteView page_bytes) {
  State& state = *state_;
  RAILGUN_CHECK(!state.finished);
  append(state.held, state.code_full(page_bytes));
}

void Encoder::flush() {
  State& state = *state_;
  RAILGUN_CHECK(!state.finished);
  if (state.held.empty()) return;
  state.code(state.held, false);
  state.held.clear();
}

void Encoder::finish(ByteView rest) {
  State& state = *state_;
  RAILGUN_CHECK(!state.finished);
  rest = state.code_full(rest);
  if (state.held.empty()) {
    state.code(rest, true);
  } else {
    append(state.held, rest);
    state.code(state.held, true);
  }
  state.finished = true;
  state.held = {};
  state.zstd.reset();
  state.fast.reset();
  state.strong.reset();
  state.prepared.reset();
}

Bytes Encoder::take() { return std::exchange(state_->out, {}); }

std::size_t Encoder::held_bytes() const { return state_->held.size(); }

Bytes encode(std::shared_ptr<const Reference> reference, ByteView page, const EncoderOptions& options) {
  Encoder encoder(std::move(reference), options);
  encoder.finish(page);
  return encoder.take();
}

}  // namespace railgun::delta
