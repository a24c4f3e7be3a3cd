#include "railgund/http/content_coding.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include <zlib.h>

#include "railgund/base/check.h"

namespace railgun::http {
namespace {

// zlib's window bits: 15 is the largest window; more or less than that says which wrapping.
constexpr int kGzipWindow = 15 + 16;
constexpr int kZlibWindow = 15;
constexpr int kRawWindow = -15;
constexpr std::uint8_t kGzipMagic = 0x1f;
constexpr std::size_t kMostInput = std::size_t{1} << 30;  // zlib counts in 32 bits

// The first two bytes of RFC 1950: method 8, and divisible by 31.
bool is_zlib_header(std::uint8_t first, std::uint8_t second) {
  return (first & 0x0f) == 8 && (first * 256 + second) % 31 == 0;
}

void drop_unused(Bytes& bytes, std::size_t count) {
  bytes.erase(bytes.end() - static_cast<std::ptrdiff_t>(count), bytes.end());
}

}  // namespace

struct GzipDecoder::State {
  explicit State(DecoderLimits l) : limits(l) {}
  ~State() {
    if (is_open) inflateEnd(&stream);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  Result<void> inflate_all(ByteView bytes);
  Result<void> open(std::uint8_t first, std::uint8_t second);
  Result<void> inflate_some(ByteView& bytes);
  Result<void> check_limits() const;
  Result<void> skip_after_wrong_check(ByteView bytes);
  bool awaits_check(std::uint8_t filler);
  std::unexpected<Error> break_off(Errc code, std::string text) {
    is_broken = true;
    output = Bytes();
    return fail(code, std::move(text));
  }

  DecoderLimits limits;
  z_stream stream{};
  Bytes start;  // the first byte, until the second tells what it is
  Bytes output;
  std::uint64_t input_bytes = 0;
  std::uint64_t output_bytes = 0;
  bool is_open = false;
  bool is_gzip = false;
  bool at_end = false;   // of a member
  bool is_over = false;  // something that is no member has followed: all the rest is none either
  bool has_wrong_check = false;
  std::size_t unread_check = 0;  // of a wrong one: what zlib has not read
  bool is_broken = false;
};

// What zlib says of a body whose data were well.
bool is_about_check(const z_stream& stream) {
  const std::string_view message = stream.msg == nullptr ? "" : stream.msg;
  return message == "incorrect data check" || message == "incorrect length check";
}

bool is_of_data(const z_stream& stream) { return std::string_view(stream.msg) == "incorrect data check"; }

Result<void> GzipDecoder::State::open(std::uint8_t first, std::uint8_t second) {
  is_gzip = first == kGzipMagic;
  const int window = is_gzip ? kGzipWindow : is_zlib_header(first, second) ? kZlibWindow : kRawWindow;
  if (inflateInit2(&stream, window) != Z_OK) return break_off(Errc::kUnavailable, "no memory to undo the coding");
  is_open = true;
  return {};
}

// Takes off the front of `bytes` what zlib takes at once.
Result<void> GzipDecoder::State::inflate_some(ByteView& bytes) {
  const std::size_t input = std::min(bytes.size(), kMostInput);
  const std::size_t before = output.size();
  // Pages shrink about four times; room for that first, then for what is still left.
  output.resize(before + std::clamp<std::size_t>(4 * input, 1024, 256 * 1024));
  // zlib's interface is older than const.
  stream.next_in = const_cast<Bytef*>(bytes.data());
  stream.avail_in = static_cast<uInt>(input);
  stream.next_out = output.data() + before;
  stream.avail_out = static_cast<uInt>(output.size() - before);
  const int result = inflate(&stream, Z_NO_FLUSH);
  drop_unused(output, stream.avail_out);
  bytes = bytes.subspan(input - stream.avail_in);
  output_bytes += output.size() - before;
  if (result == Z_STREAM_END) {
    at_end = true;
  } else if (result == Z_DATA_ERROR && is_about_check(stream)) {
    // zlib stops at the first part that is wrong. The length is the second one.
    constexpr std::size_t kLengthBytes = 4;
    has_wrong_check = true;
    unread_check = is_gzip && is_of_data(stream) ? kLengthBytes : 0;
  } else if (result != Z_OK && result != Z_BUF_ERROR) {
    return break_off(Errc::kMalformed, "the compressed body is broken");
  }
  return {};
}

// Whether the data are complete: then bytes of any kind are taken for a check, and make no output.
bool GzipDecoder::State::awaits_check(std::uint8_t filler) {
  constexpr std::size_t kLongestCheck = 8;
  z_stream copy{};
  if (inflateCopy(&copy, &stream) != Z_OK) return false;
  std::array<std::uint8_t, kLongestCheck> input;
  input.fill(filler);
  std::array<std::uint8_t, 16> made;
  copy.next_in = input.data();
  copy.avail_in = static_cast<uInt>(input.size());
  copy.next_out = made.data();
  copy.avail_out = static_cast<uInt>(made.size());
  const int result = inflate(&copy, Z_NO_FLUSH);
  // The rest of a check may be right by chance: a length is mostly zeros.
  const bool ends = result == Z_STREAM_END || (result == Z_DATA_ERROR && is_about_check(copy));
  const bool awaits = ends && copy.avail_out == made.size();
  inflateEnd(&copy);
  return awaits;
}

Result<void> GzipDecoder::State::check_limits() const {
  if (output_bytes > limits.most_bytes) return fail(Errc::kTooLarge, "the compressed body is too large");
  if (output_bytes > limits.free_bytes && output_bytes / limits.ratio > input_bytes) {
    return fail(Errc::kTooLarge, "the compressed body grows too much");
  }
  return {};
}

// Whatever is no member is ignored, as after a right check. But a member that could not be read is missing.
Result<void> GzipDecoder::State::skip_after_wrong_check(ByteView bytes) {
  const std::size_t skipped = std::min(unread_check, bytes.size());
  unread_check -= skipped;
  if (is_over || skipped == bytes.size()) return {};
  is_over = true;
  if (is_gzip && bytes[skipped] == kGzipMagic) return break_off(Errc::kMalformed, "the compressed body is broken");
  return {};
}

Result<void> GzipDecoder::State::inflate_all(ByteView bytes) {
  for (;;) {
    if (has_wrong_check) return skip_after_wrong_check(bytes);
    if (at_end) {
      // Another member may follow; anything else is no part of the body.
      if (bytes.empty()) return {};
      is_over = is_over || !is_gzip || bytes.front() != kGzipMagic;
      if (is_over) return {};
      if (inflateReset(&stream) != Z_OK) return break_off(Errc::kMalformed, "the compressed body is broken");
      at_end = false;
    }
    if (auto inflated = inflate_some(bytes); !inflated) return inflated;
    if (auto checked = check_limits(); !checked) return break_off(checked.error().code, checked.error().text);
    const bool has_more = stream.avail_out == 0;  // zlib may hold output that found no room
    if (!at_end && !has_more && bytes.empty()) return {};
  }
}

GzipDecoder::GzipDecoder(DecoderLimits limits) : state_(std::make_unique<State>(limits)) {
  RAILGUN_CHECK(limits.ratio > 0);
}
GzipDecoder::~GzipDecoder() = default;
GzipDecoder::GzipDecoder(GzipDecoder&&) noexcept = default;
GzipDecoder& GzipDecoder::operator=(GzipDecoder&&) noexcept = default;

Result<void> GzipDecoder::receive(ByteView bytes) {
  State& s = *state_;
  if (s.is_broken) return fail(Errc::kMalformed, "the compressed body is broken");
  s.input_bytes += bytes.size();
  if (!s.is_open) {
    const std::size_t missing = std::min(2 - s.start.size(), bytes.size());
    append(s.start, bytes.first(missing));
    bytes = bytes.subspan(missing);
    if (s.start.size() < 2) return {};
    if (auto opened = s.open(s.start[0], s.start[1]); !opened) return opened;
    if (auto begun = s.inflate_all(s.start); !begun) return begun;
  }
  return s.inflate_all(bytes);
}

Bytes GzipDecoder::take() { return std::exchange(state_->output, {}); }

bool GzipDecoder::finished() const { return !state_->is_broken && (state_->at_end || state_->input_bytes == 0); }

bool GzipDecoder::lacks_only_its_check() const {
  State& s = *state_;
  if (s.is_broken || !s.is_open || s.at_end) return false;
  if (s.has_wrong_check) return true;
  // In the midst of the data, one of the two would be taken for more of them.
  return s.awaits_check(0x00) && s.awaits_check(0xff);
}

}  // namespace railgun::http
