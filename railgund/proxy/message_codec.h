// How a request and its answer travel on a stream: preludes, trailers and pseudo-fields (doc/PROTOCOL.md, "Exchanges").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "railgund/base/bytes.h"
#include "railgund/base/field.h"
#include "railgund/base/hash.h"
#include "railgund/base/result.h"
#include "railgund/base/time.h"
#include "railgund/http/message.h"
#include "railgund/page/version.h"

namespace railgun::proxy {

// At most so many references are named in a request.
inline constexpr std::size_t kMostReferences = 4;

// The layer above's part of the link's greeting.
struct Greeting {
  Bytes reference_key;  // 32 bytes from a listener: the key of its reference ids; empty from a sender
  std::string build;    // four hex digits that stand for the program's build
};
Bytes encode_greeting(const Greeting& greeting);
// Errors: kMalformed, kUnsupported for another version of this layer.
Result<Greeting> decode_greeting(ByteView payload);

// What a request says besides its fields.
struct Ask {
  http::Request request;
  std::vector<Id128> references;  // that the sender holds pinned, best first
  // The answer may be against a version that is not among these, found by its content.
  bool takes_found = false;
  // The answer before this was against this version, which the sender does not hold.
  std::optional<Id128> lost{};
  // The data of an upgrade is coded (tunnel/coder.h), and that of its answer may be.
  bool codes_tunnel = false;
};
struct EncodedHead {
  Bytes prelude;
  Fields fields;
};
// `ask.request.accepts_trailers`: only to a listener that takes trailers (Link::takes_trailers). `takes_found`, `lost`:
// only for one that finds references by content (Link::finds_content). `codes_tunnel`: only of an upgrade, for one that
// takes coded tunnels (Link::codes_tunnels).
EncodedHead encode_ask(const Ask& ask);
// Errors: kMalformed.
Result<Ask> decode_ask(ByteView prelude, Fields fields);

enum class Coding : std::uint8_t {
  kRaw = 0,    // the body as it is
  kDelta = 1,  // a delta, cold or against a reference (doc/DELTA_FORMAT.md)
};

struct Answer {
  http::Response response;
  Coding coding = Coding::kRaw;
  std::optional<std::uint8_t> reference;  // index into the request's list
  // Instead of that: a version that the request did not name, found by its content.
  std::optional<Id128> found{};
  // Instead of both: the delta is against the starting text (delta/starting_text.h), which is no version of any page. Only
  // to a sender that has it (Link::has_starting_text).
  bool is_first_visit = false;
  std::uint16_t flags = 0;     // of the Cf-Railgun header (proxy/cf_railgun.h)
  Duration origin_time{};      // from asking the origin to its answer's head
  bool is_held_back = false;   // a delta whose first bytes may come long after its head
  bool from_listener = false;  // no origin's answer: the listener's own error page
  bool codes_tunnel = false;   // a 101 whose data is coded; only if the request's is

  bool is_against_reference() const { return reference || found; }
};
EncodedHead encode_answer(const Answer& answer);
// `references`: how many the request named. Errors: kMalformed.
Result<Answer> decode_answer(ByteView prelude, Fields fields, std::size_t references);

// The end of an answer: what the listener keeps, where, and the first half of the page's id, which is the check of the
// whole page.
struct AnswerTrailer {
  enum class Kept : std::uint8_t {
    kNothing,
    kPage,       // as a version
    kReference,  // which serves the page's next answer as well as the page would
  };
  Kept kept = Kept::kNothing;
  page::Keep keep = page::Keep::kMemoryOnly;  // of the page
  std::uint64_t id_half = 0;                  // unless nothing is kept
  // The next answer may be a delta of the strong tier against what is kept: worth preparing for beforehand.
  bool strong_may_follow = false;
};
Bytes encode_trailer(const AnswerTrailer& trailer);
Result<AnswerTrailer> decode_trailer(ByteView bytes);
std::uint64_t id_half(const Id128& id);

}  // namespace railgun::proxy
