#include "railgund/coding/deflate_segments.h"

#include <algorithm>

#include <zlib.h>

#include "railgund/base/check.h"

namespace railgun::coding {
namespace {

constexpr int kRawWindow = -15;  // zlib's window bits: the largest window, no wrapping
constexpr int kMemoryLevel = 8;
constexpr std::size_t kRoomBytes = 4096;

// zlib's interface is older than const.
Bytef* unconst(const std::uint8_t* bytes) { return const_cast<Bytef*>(bytes); }

}  // namespace

struct DeflateSegments::State {
  explicit State(int level) {
    RAILGUN_CHECK(level >= 1 && level <= 9);
    RAILGUN_CHECK(deflateInit2(&coder, level, Z_DEFLATED, kRawWindow, kMemoryLevel, Z_DEFAULT_STRATEGY) == Z_OK);
    RAILGUN_CHECK(inflateInit2(&decoder, kRawWindow) == Z_OK);
  }
  ~State() {
    deflateEnd(&coder);
    inflateEnd(&decoder);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  bool decode(ByteView coded, const Bytes& context, Bytes& text);

  z_stream coder{};
  z_stream decoder{};
  Place end;  // of the text in the coder's window
};

DeflateSegments::DeflateSegments(int level) : state_(std::make_unique<State>(level)) {}
DeflateSegments::~DeflateSegments() = default;
DeflateSegments::DeflateSegments(DeflateSegments&&) noexcept = default;
DeflateSegments& DeflateSegments::operator=(DeflateSegments&&) noexcept = default;

void DeflateSegments::code(Place place, ByteView context, ByteView text, Bytes& to) {
  State& s = *state_;
  z_stream& z = s.coder;
  if (s.end != place) {
    RAILGUN_CHECK(deflateReset(&z) == Z_OK);
    if (!context.empty()) {
      RAILGUN_CHECK(deflateSetDictionary(&z, context.data(), static_cast<uInt>(context.size())) == Z_OK);
    }
  }
  s.end = {.page = place.page, .offset = place.offset + text.size()};
  z.next_in = unconst(text.data());
  z.avail_in = static_cast<uInt>(text.size());
  do {
    const std::size_t before = to.size();
    to.resize(before + std::max<std::size_t>(z.avail_in / 2, kRoomBytes));
    z.next_out = to.data() + before;
    z.avail_out = static_cast<uInt>(to.size() - before);
    deflate(&z, Z_SYNC_FLUSH);
    to.resize(to.size() - z.avail_out);
  } while (z.avail_out == 0);
}

bool DeflateSegments::State::decode(ByteView coded, const Bytes& context, Bytes& text) {
  if (inflateReset(&decoder) != Z_OK) return false;
  if (inflateSetDictionary(&decoder, context.data(), static_cast<uInt>(context.size())) != Z_OK) return false;
  decoder.next_in = unconst(coded.data());
  decoder.avail_in = static_cast<uInt>(coded.size());
  decoder.next_out = text.data();
  decoder.avail_out = static_cast<uInt>(text.size());
  const int result = inflate(&decoder, Z_SYNC_FLUSH);
  return (result == Z_OK || result == Z_BUF_ERROR) && decoder.avail_in == 0 && decoder.avail_out == 0;
}

// Decodes against two contexts whose bytes are the numbers of their grains, counted up in one and down in the other. A
// byte that was copied from the context differs between the two and names its grain; a literal is the same in both.
std::optional<Grains> DeflateSegments::grains_of(ByteView coded, std::size_t text_bytes) {
  static_assert(Grains().size() == 256, "a grain's number is a byte");
  Bytes up(kContextBytes);
  Bytes down(kContextBytes);
  for (std::size_t i = 0; i < kContextBytes; ++i) {
    up[kContextBytes - 1 - i] = static_cast<std::uint8_t>(i / kGrainBytes);
    down[kContextBytes - 1 - i] = static_cast<std::uint8_t>(255 - i / kGrainBytes);
  }
  Bytes first(text_bytes);
  Bytes second(text_bytes);
  if (!state_->decode(coded, up, first) || !state_->decode(coded, down, second)) return std::nullopt;
  Grains grains;
  for (std::size_t i = 0; i < text_bytes; ++i) {
    if (first[i] != second[i]) grains.set(first[i]);
  }
  return grains;
}

}  // namespace railgun::coding
