#include "railgund/http/content_coding.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include <zlib.h>

#include "railgund/base/check.h"
#include "railgund/base/text.h"
#include "railgund/http/syntax.h"

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

// q as 0 to 1000 (RFC 9110 12.4.2: at most three digits), or nothing.
std::optional<int> parse_weight(std::string_view text) {
  if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return std::nullopt;
  int weight = (text[0] - '0') * 1000;
  if (text.size() > 1 && text[1] != '.') return std::nullopt;
  int worth = 100;
  for (const char c : text.substr(std::min<std::size_t>(2, text.size()))) {
    if (!is_digit(c)) return std::nullopt;
    weight += (c - '0') * worth;
    worth /= 10;
  }
  return weight <= 1000 ? std::optional(weight) : std::nullopt;
}

struct Wish {
  std::string_view coding;
  int weight = 1000;
};

std::optional<Wish> parse_wish(std::string_view element) {
  const std::size_t semicolon = element.find(';');
  Wish wish{.coding = trim_blanks(element.substr(0, semicolon))};
  if (semicolon == std::string_view::npos) return wish;
  const std::string_view parameter = trim_blanks(element.substr(semicolon + 1));
  if (parameter.size() < 2 || (parameter[0] != 'q' && parameter[0] != 'Q') || parameter[1] != '=') return std::nullopt;
  const auto weight = parse_weight(parameter.substr(2));
  if (!weight) return std::nullopt;
  wish.weight = *weight;
  return wish;
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
  bool is_broken = false;
};

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
  } else if (result != Z_OK && result != Z_BUF_ERROR) {
    return break_off(Errc::kMalformed, "the compressed body is broken");
  }
  return {};
}

Result<void> GzipDecoder::State::check_limits() const {
  if (output_bytes > limits.most_bytes) return fail(Errc::kTooLarge, "the compressed body is too large");
  if (output_bytes > limits.free_bytes && output_bytes / limits.ratio > input_bytes) {
    return fail(Errc::kTooLarge, "the compressed body grows too much");
  }
  return {};
}

Result<void> GzipDecoder::State::inflate_all(ByteView bytes) {
  for (;;) {
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

struct GzipEncoder::State {
  explicit State(int level) {
    constexpr int kMemoryLevel = 8;
    RAILGUN_CHECK(level >= 1 && level <= 9);
    RAILGUN_CHECK(deflateInit2(&stream, level, Z_DEFLATED, kGzipWindow, kMemoryLevel, Z_DEFAULT_STRATEGY) == Z_OK);
  }
  ~State() { deflateEnd(&stream); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  void run(ByteView bytes, int mode, Bytes& to);

  z_stream stream{};
};

void GzipEncoder::State::run(ByteView bytes, int mode, Bytes& to) {
  do {
    const std::size_t input = std::min(bytes.size(), kMostInput);
    stream.next_in = const_cast<Bytef*>(bytes.data());
    stream.avail_in = static_cast<uInt>(input);
    bytes = bytes.subspan(input);
    do {
      const std::size_t before = to.size();
      to.resize(before + std::clamp<std::size_t>(stream.avail_in / 2, 1024, 64 * 1024));
      stream.next_out = to.data() + before;
      stream.avail_out = static_cast<uInt>(to.size() - before);
      deflate(&stream, bytes.empty() ? mode : Z_NO_FLUSH);
      drop_unused(to, stream.avail_out);
    } while (stream.avail_out == 0);
  } while (!bytes.empty());
}

GzipEncoder::GzipEncoder(int level) : state_(std::make_unique<State>(level)) {}
GzipEncoder::~GzipEncoder() = default;
GzipEncoder::GzipEncoder(GzipEncoder&&) noexcept = default;
GzipEncoder& GzipEncoder::operator=(GzipEncoder&&) noexcept = default;

void GzipEncoder::write(ByteView bytes, Bytes& to) {
  if (!bytes.empty()) state_->run(bytes, Z_NO_FLUSH, to);
}
void GzipEncoder::flush(Bytes& to) { state_->run({}, Z_SYNC_FLUSH, to); }
void GzipEncoder::finish(Bytes& to) { state_->run({}, Z_FINISH, to); }

CodingWishes read_accept_encoding(const Fields& fields) {
  std::optional<int> identity;
  std::optional<int> gzip;
  std::optional<int> others;
  for (const Field& field : fields) {
    if (!same_name(field.name, "Accept-Encoding")) continue;
    for (const std::string_view element : split_list(field.value)) {
      const auto wish = parse_wish(element);
      if (!wish) continue;
      if (same_name(wish->coding, "identity")) {
        identity = wish->weight;
      } else if (same_name(wish->coding, "gzip") || same_name(wish->coding, "x-gzip")) {
        gzip = wish->weight;
      } else if (wish->coding == "*") {
        others = wish->weight;
      }
    }
  }
  CodingWishes wishes;
  // Identity is acceptable unless it, or "*" without it, is refused; what is not named ranks behind what is.
  constexpr int kBehindTheNamed = 1;
  if (identity) {
    wishes.identity = *identity;
  } else if (others) {
    wishes.identity = *others;
  } else if (gzip && *gzip > 0) {
    wishes.identity = kBehindTheNamed;
  }
  wishes.gzip = gzip.value_or(others.value_or(0));
  return wishes;
}

}  // namespace railgun::http
