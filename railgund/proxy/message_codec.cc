#include "railgund/proxy/message_codec.h"

#include <algorithm>
#include <charconv>

#include "railgund/base/text.h"

namespace railgun::proxy {
namespace {

// The first byte of a trailer, if there is one.
constexpr std::uint8_t kPageKeptInMemory = 1;
constexpr std::uint8_t kPageKeptInStoreToo = 2;
constexpr std::uint8_t kReferenceKept = 3;
constexpr std::uint8_t kKeptMask = 3;
constexpr std::uint8_t kStrongMayFollow = 4;

constexpr std::uint8_t kLayerVersion = 1;
constexpr std::size_t kReferenceKeyBytes = 32;
constexpr std::size_t kBuildChars = 4;

// Bits of a prelude's first byte.
constexpr std::uint8_t kHasUpgrade = 0x01;       // both
constexpr std::uint8_t kAcceptsTrailers = 0x02;  // request
constexpr std::uint8_t kIsDelta = 0x02;          // answer; with kHasUpgrade: the tunnel is coded
constexpr std::uint8_t kHasReference = 0x04;     // answer; its index in bits 4 and 5
constexpr std::uint8_t kFromListener = 0x08;     // answer
constexpr unsigned kReferenceShift = 4;
constexpr std::uint8_t kIsFirstVisit = 0x10;  // answer, without kHasReference
constexpr std::uint8_t kIsHeldBack = 0x40;    // answer
constexpr std::uint8_t kIsFound = 0x80;       // answer; the reference's id ends the prelude
constexpr std::uint8_t kTakesFound = 0x04;    // request
constexpr std::uint8_t kHasLost = 0x08;       // request; the last id is of a version that the sender does not hold
constexpr std::uint8_t kCodesTunnel = 0x10;   // request, with kHasUpgrade

// A body's length as one varint: 0 none, 1 told by the end of the stream, n + 2 so many bytes.
std::uint64_t encode_length(const http::BodyLength& body) {
  switch (body.kind) {
    case http::BodyLength::Kind::kNone:
      return 0;
    case http::BodyLength::Kind::kKnown:
      return body.bytes + 2;
    case http::BodyLength::Kind::kChunked:
    case http::BodyLength::Kind::kToClose:
      return 1;
  }
  return 0;
}

http::BodyLength decode_length(std::uint64_t value) {
  if (value == 0) return {};
  if (value == 1) return {.kind = http::BodyLength::Kind::kChunked};
  return {.kind = http::BodyLength::Kind::kKnown, .bytes = value - 2};
}

// Takes the leading field of that name off the list: pseudo-fields come first and in order, as in HTTP/2.
Result<std::string> take_pseudo(Fields& fields, std::size_t& next, std::string_view name) {
  if (next >= fields.size() || fields[next].name != name) {
    return fail(Errc::kMalformed, "head without " + std::string(name));
  }
  return std::move(fields[next++].value);
}

Result<void> check_plain(const Fields& fields) {
  for (const Field& field : fields) {
    if (field.name.empty() || field.name[0] == ':')
      return fail(Errc::kMalformed, "head with a pseudo-field out of place");
  }
  return {};
}

}  // namespace

Bytes encode_greeting(const Greeting& greeting) {
  Bytes bytes;
  ByteWriter out(bytes);
  out.u8(kLayerVersion);
  out.bytes(as_bytes(greeting.build));
  out.bytes(greeting.reference_key);
  return bytes;
}

Result<Greeting> decode_greeting(ByteView payload) {
  ByteReader in(payload);
  const std::uint8_t version = in.u8();
  if (in.ok() && version != kLayerVersion) {
    return fail(Errc::kUnsupported,
                "the peer speaks version " + std::to_string(version) + " of exchanges, this program version 1");
  }
  Greeting greeting;
  greeting.build = std::string(as_text(in.bytes(kBuildChars)));
  greeting.reference_key = to_bytes(in.rest());
  if (!in.ok() || (!greeting.reference_key.empty() && greeting.reference_key.size() != kReferenceKeyBytes)) {
    return fail(Errc::kMalformed, "greeting of a wrong length");
  }
  const bool hex = std::all_of(greeting.build.begin(), greeting.build.end(),
                               [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
  if (!hex) return fail(Errc::kMalformed, "greeting whose build is not four hex digits");
  return greeting;
}

EncodedHead encode_ask(const Ask& ask) {
  EncodedHead head;
  ByteWriter out(head.prelude);
  const http::Request& request = ask.request;
  out.u8(static_cast<std::uint8_t>(
      (request.upgrade.empty() ? 0 : kHasUpgrade) | (request.accepts_trailers ? kAcceptsTrailers : 0) |
      (ask.takes_found ? kTakesFound : 0) | (ask.lost ? kHasLost : 0) | (ask.codes_tunnel ? kCodesTunnel : 0)));
  out.varint(encode_length(request.body));
  for (const Id128& id : ask.references) out.bytes(id.bytes);
  if (ask.lost) out.bytes(ask.lost->bytes);

  head.fields.reserve(request.fields.size() + 5);
  head.fields.push_back({":method", request.method});
  head.fields.push_back({":scheme", request.secure ? "https" : "http"});
  head.fields.push_back({":authority", request.host});
  head.fields.push_back({":path", request.target});
  if (!request.upgrade.empty()) head.fields.push_back({":protocol", request.upgrade});
  for (const Field& field : request.fields) head.fields.push_back({lower_ascii(field.name), field.value});
  return head;
}

Result<Ask> decode_ask(ByteView prelude, Fields fields) {
  ByteReader in(prelude);
  const std::uint8_t flags = in.u8();
  const std::uint64_t length = in.varint();
  const bool has_lost = (flags & kHasLost) != 0;
  const std::size_t ids = in.left() / sizeof(Id128);
  constexpr std::uint8_t kKnownFlags = kHasUpgrade | kAcceptsTrailers | kTakesFound | kHasLost | kCodesTunnel;
  const bool codes_tunnel = (flags & kCodesTunnel) != 0;
  if (!in.ok() || (flags & ~kKnownFlags) != 0 || in.left() % sizeof(Id128) != 0 ||
      ids > kMostReferences + (has_lost ? 1 : 0) || (has_lost && ids == 0) ||
      (codes_tunnel && (flags & kHasUpgrade) == 0)) {
    return fail(Errc::kMalformed, "request with a malformed prelude");
  }
  Ask ask;
  while (!in.at_end()) ask.references.push_back(*id128_from(in.bytes(sizeof(Id128))));
  ask.takes_found = (flags & kTakesFound) != 0;
  ask.codes_tunnel = codes_tunnel;
  if (has_lost) {
    ask.lost = ask.references.back();
    ask.references.pop_back();
  }

  std::size_t next = 0;
  auto method = take_pseudo(fields, next, ":method");
  auto scheme = take_pseudo(fields, next, ":scheme");
  auto authority = take_pseudo(fields, next, ":authority");
  auto path = take_pseudo(fields, next, ":path");
  for (const auto* pseudo : {&method, &scheme, &authority, &path}) {
    if (!*pseudo) return std::unexpected(pseudo->error());
  }
  http::Request& request = ask.request;
  if ((flags & kHasUpgrade) != 0) {
    auto protocol = take_pseudo(fields, next, ":protocol");
    if (!protocol) return std::unexpected(protocol.error());
    request.upgrade = std::move(*protocol);
  }
  if (method->empty() || authority->empty() || path->empty() || (*scheme != "http" && *scheme != "https")) {
    return fail(Errc::kMalformed, "request with an empty or unknown pseudo-field");
  }
  request.accepts_trailers = (flags & kAcceptsTrailers) != 0;
  request.method = std::move(*method);
  request.secure = *scheme == "https";
  request.host = std::move(*authority);
  request.target = std::move(*path);
  request.body = decode_length(length);
  fields.erase(fields.begin(), fields.begin() + static_cast<std::ptrdiff_t>(next));
  if (auto plain = check_plain(fields); !plain) return std::unexpected(plain.error());
  request.fields = std::move(fields);
  return ask;
}

EncodedHead encode_answer(const Answer& answer) {
  EncodedHead head;
  ByteWriter out(head.prelude);
  std::uint8_t first = 0;
  if (!answer.response.upgrade.empty()) first |= kHasUpgrade;
  if (answer.coding == Coding::kDelta || answer.codes_tunnel) first |= kIsDelta;
  if (answer.reference) first |= static_cast<std::uint8_t>(kHasReference | *answer.reference << kReferenceShift);
  if (answer.is_first_visit) first |= kIsFirstVisit;
  if (answer.from_listener) first |= kFromListener;
  if (answer.is_held_back) first |= kIsHeldBack;
  if (answer.found) first |= kIsFound;
  out.u8(first);
  out.varint(encode_length(answer.response.body));
  out.varint(answer.flags);
  out.varint(static_cast<std::uint64_t>(
      std::max<std::int64_t>(0, std::chrono::duration_cast<std::chrono::microseconds>(answer.origin_time).count())));
  if (answer.found) out.bytes(answer.found->bytes);

  head.fields.reserve(answer.response.fields.size() + 2);
  head.fields.push_back({":status", std::to_string(answer.response.status)});
  if (!answer.response.upgrade.empty()) head.fields.push_back({":protocol", answer.response.upgrade});
  for (const Field& field : answer.response.fields) head.fields.push_back({lower_ascii(field.name), field.value});
  return head;
}

Result<Answer> decode_answer(ByteView prelude, Fields fields, std::size_t references) {
  ByteReader in(prelude);
  const std::uint8_t first = in.u8();
  const std::uint64_t length = in.varint();
  const std::uint64_t flags = in.varint();
  const std::uint64_t microseconds = in.varint();
  Answer answer;
  if ((first & kIsFound) != 0) answer.found = id128_from(in.bytes(sizeof(Id128)));
  if (!in.ok() || !in.at_end() || flags > 0xffff || microseconds > 1'000'000'000'000ULL) {
    return fail(Errc::kMalformed, "answer with a malformed prelude");
  }
  answer.codes_tunnel = (first & kIsDelta) != 0 && (first & kHasUpgrade) != 0;
  answer.coding = (first & kIsDelta) != 0 && !answer.codes_tunnel ? Coding::kDelta : Coding::kRaw;
  if ((first & kHasReference) != 0) answer.reference = static_cast<std::uint8_t>(first >> kReferenceShift & 3);
  if (answer.reference && (*answer.reference >= references || answer.coding != Coding::kDelta)) {
    return fail(Errc::kMalformed, "answer against a reference that was not named");
  }
  if (answer.found && (answer.reference || answer.coding != Coding::kDelta))
    return fail(Errc::kMalformed, "answer against two references, or none that has one");
  answer.is_first_visit = (first & kHasReference) == 0 && (first & kIsFirstVisit) != 0;
  if (answer.is_first_visit && (answer.found || answer.coding != Coding::kDelta))
    return fail(Errc::kMalformed, "answer against the starting text that is no delta, or has a reference");
  answer.flags = static_cast<std::uint16_t>(flags);
  answer.origin_time = std::chrono::microseconds(microseconds);
  answer.from_listener = (first & kFromListener) != 0;
  answer.is_held_back = (first & kIsHeldBack) != 0;

  http::Response& response = answer.response;
  std::size_t next = 0;
  auto status = take_pseudo(fields, next, ":status");
  if (!status) return std::unexpected(status.error());
  const auto [end, error] = std::from_chars(status->data(), status->data() + status->size(), response.status);
  if (error != std::errc{} || end != status->data() + status->size() || response.status < 101 ||
      response.status > 999) {
    return fail(Errc::kMalformed, "answer with a malformed status");
  }
  if ((first & kHasUpgrade) != 0) {
    auto protocol = take_pseudo(fields, next, ":protocol");
    if (!protocol) return std::unexpected(protocol.error());
    response.upgrade = std::move(*protocol);
  }
  if ((response.status == 101) != !response.upgrade.empty())
    return fail(Errc::kMalformed, "101 without a protocol, or the reverse");
  fields.erase(fields.begin(), fields.begin() + static_cast<std::ptrdiff_t>(next));
  if (auto plain = check_plain(fields); !plain) return std::unexpected(plain.error());
  response.reason = http::reason_phrase(response.status);
  response.fields = std::move(fields);
  response.body = decode_length(length);
  return answer;
}

std::uint64_t id_half(const Id128& id) { return ByteReader(ByteView(id.bytes)).u64(); }

Bytes encode_trailer(const AnswerTrailer& trailer) {
  Bytes bytes;
  if (trailer.kept == AnswerTrailer::Kept::kNothing) return bytes;
  ByteWriter out(bytes);
  const std::uint8_t strong = trailer.strong_may_follow ? kStrongMayFollow : 0;
  if (trailer.kept == AnswerTrailer::Kept::kReference) {
    out.u8(kReferenceKept | strong);
  } else {
    out.u8((trailer.keep == page::Keep::kStoreToo ? kPageKeptInStoreToo : kPageKeptInMemory) | strong);
  }
  out.u64(trailer.id_half);
  return bytes;
}

Result<AnswerTrailer> decode_trailer(ByteView bytes) {
  AnswerTrailer trailer;
  if (bytes.empty()) return trailer;
  ByteReader in(bytes);
  const std::uint8_t first = in.u8();
  const std::uint8_t kept = first & kKeptMask;
  if (kept != 0) trailer.id_half = in.u64();
  trailer.strong_may_follow = (first & kStrongMayFollow) != 0;
  const ByteView padding = in.rest();
  const bool padded = std::all_of(padding.begin(), padding.end(), [](std::uint8_t byte) { return byte == 0; });
  if (!in.ok() || !padded || first > (kReferenceKept | kStrongMayFollow) || (kept == 0 && first != 0))
    return fail(Errc::kMalformed, "answer with a malformed trailer");
  if (kept == kReferenceKept) {
    trailer.kept = AnswerTrailer::Kept::kReference;
  } else if (kept != 0) {
    trailer.kept = AnswerTrailer::Kept::kPage;
    trailer.keep = kept == kPageKeptInStoreToo ? page::Keep::kStoreToo : page::Keep::kMemoryOnly;
  }
  return trailer;
}

}  // namespace railgun::proxy
