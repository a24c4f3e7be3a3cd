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
#include "railgund/delta/zstd_tier.h"

namespace railgun::delta {
namespace {

constexpr int kZstdLevel = 3;

ByteView bytes_of(const std::shared_ptr<const Reference>& reference) {
  return reference ? reference->bytes() : ByteView();
}
std::uint64_t hash_of(const std::shared_ptr<const Reference>& reference) {
  return reference ? reference->prepared().hash() : CheckChain::kCold;
}

}  // namespace

struct Encoder::State {
  State(std::shared_ptr<const Reference> ref, EncoderOptions opts)
      : reference(std::move(ref)), options(opts), checks(hash_of(reference)) {
    options.window_bytes = std::max<std::size_t>(options.window_bytes, 1);
  }

  std::shared_ptr<const Reference> reference;
  EncoderOptions options;
  CheckChain checks;
  std::optional<ZstdEncoder> zstd;
  std::optional<FastTier> fast;
  std::optional<MixingTier> strong;
  std::vector<Instruction> instructions;
  Bytes held;
  Bytes payload;
  Bytes out;
  bool finished = false;

  void code(ByteView window, bool last);
  // Each makes the payload in its tier and fills in the head.
  void code_fast(ByteView window, WindowHead& head);
  bool code_strong(ByteView window, WindowHead& head);
  void code_zstd(ByteView window, WindowHead& head);
};

void Encoder::State::code(ByteView window, bool last) {
  WindowHead head{.last = last};
  payload.clear();
  if (!window.empty()) {
    if (reference && options.effort == Effort::kStrong && code_strong(window, head)) {
      // It was within the strong tier's bounds.
    } else if (reference && options.effort != Effort::kZstd) {
      code_fast(window, head);
    } else {
      code_zstd(window, head);
    }
    if (payload.size() >= window.size()) {
      head.tier = Tier::kStored;
      head.continues = false;
      zstd.reset();
      fast.reset();
      strong.reset();
      payload.assign(window.begin(), window.end());
    }
  }
  head.payload_bytes = payload.size();
  head.check = checks.next(window, head);
  encode_window_head(head, out);
  append(out, payload);
}

void Encoder::State::code_fast(ByteView window, WindowHead& head) {
  head.tier = Tier::kFast;
  head.continues = fast.has_value();
  Reference::Prepared& prepared = reference->prepared();
  if (!fast) fast.emplace(prepared);
  parse(prepared, fast->expected(), window, head.last, {}, instructions);
  fast->encode(window, head.last, instructions, payload);
}

// False if the window is too much for the tier.
bool Encoder::State::code_strong(ByteView window, WindowHead& head) {
  const bool continues = strong.has_value();
  if (!encode_mixing(reference->prepared(), true, window, head.last, strong, payload)) {
    payload.clear();
    return false;
  }
  head.tier = Tier::kStrong;
  head.continues = continues;
  return true;
}

void Encoder::State::code_zstd(ByteView window, WindowHead& head) {
  head.tier = Tier::kZstd;
  head.continues = zstd.has_value();
  if (!zstd) zstd.emplace(bytes_of(reference), kZstdLevel);
  zstd->encode(window, head.last, payload);
}

Encoder::Encoder(std::shared_ptr<const Reference> reference, EncoderOptions options)
    : state_(std::make_unique<State>(std::move(reference), options)) {}
Encoder::~Encoder() = default;
Encoder::Encoder(Encoder&&) noexcept = default;
Encoder& Encoder::operator=(Encoder&&) noexcept = default;

void Encoder::write(ByteView page_bytes) {
  State& state = *state_;
  RAILGUN_CHECK(!state.finished);
  const std::size_t window_bytes = state.options.window_bytes;
  while (!page_bytes.empty()) {
    if (state.held.empty() && page_bytes.size() >= window_bytes) {
      state.code(page_bytes.first(window_bytes), false);
      page_bytes = page_bytes.subspan(window_bytes);
      continue;
    }
    const std::size_t count = std::min(page_bytes.size(), window_bytes - state.held.size());
    append(state.held, page_bytes.first(count));
    page_bytes = page_bytes.subspan(count);
    if (state.held.size() == window_bytes) flush();
  }
}

void Encoder::flush() {
  State& state = *state_;
  RAILGUN_CHECK(!state.finished);
  if (state.held.empty()) return;
  state.code(state.held, false);
  state.held.clear();
}

void Encoder::finish() {
  State& state = *state_;
  RAILGUN_CHECK(!state.finished);
  state.code(state.held, true);
  state.finished = true;
  state.held = {};
  state.zstd.reset();
  state.fast.reset();
  state.strong.reset();
}

Bytes Encoder::take() { return std::exchange(state_->out, {}); }

std::size_t Encoder::held_bytes() const { return state_->held.size(); }

Bytes encode(std::shared_ptr<const Reference> reference, ByteView page, const EncoderOptions& options) {
  Encoder encoder(std::move(reference), options);
  encoder.write(page);
  encoder.finish();
  return encoder.take();
}

}  // namespace railgun::delta
