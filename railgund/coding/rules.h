// Which answers are compressed for a visitor, and what that changes in their heads. Pure decisions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "railgund/coding/accept_encoding.h"
#include "railgund/coding/coding.h"
#include "railgund/http/message.h"

namespace railgun::coding {

struct Policy {
  std::vector<Coding> preference;  // the best first; empty: nothing is compressed
  std::uint64_t min_bytes = 0;     // shorter bodies stay as they are
  std::vector<std::string> types;  // media types in lower case: "text/html", "text/*", "application/*+json"
};

struct Decision {
  Coding coding = Coding::kIdentity;  // kIdentity: the body stays as it is
  bool varies = false;                // other visitors may get it otherwise: Vary names Accept-Encoding

  bool operator==(const Decision&) const = default;
};

// Whether `type`, a media type in lower case without parameters, is one of `types`. text/event-stream must be named
// itself, as a pattern that covers it seldom means it.
bool is_listed(std::string_view type, const std::vector<std::string>& types);

// What is to be done with a final answer. HEAD is answered as GET is. Never coded are: 204, 205, 206, 226, 304, what
// has a Content-Encoding, answers to requests with Range, and what the request or the answer says no-transform of (RFC
// 9111 5.2.1.6, 5.2.2.6).
// A client that refuses identity gets every type and length coded.
Decision decide(const Policy& policy, const http::Request& request, const http::Response& response);

// Changes the head of an answer as decided. A coded one gets Content-Encoding, loses what is true of the uncoded bytes
// alone (Content-Length, Content-MD5, Digest, Repr-Digest, Content-Digest, Accept-Ranges), and its strong ETag becomes
// weak (RFC 9110 8.8.1: the bytes are not the same any more).
void apply(const Decision& decision, http::Response& response);

// One directive in the comma-separated fields of a name, without regard to case.
bool has_directive(const Fields& fields, std::string_view name, std::string_view directive);
// Vary names this request field too from now on, unless it names all.
void add_to_vary(Fields& fields, std::string_view name);

// The weak form of a strong entity tag: W/"x" for "x". Others stay as they are.
std::string weak_tag(std::string_view tag);

// Remembers the entity tags that became weak here, so that the origin is asked with the tag that it gave: some origins
// compare tags as text, although If-None-Match wants the weak comparison (RFC 9110 13.1.2). A table of fixed size; a tag
// that was forgotten goes to the origin as the client sent it.
class WeakenedTags {
 public:
  // 8 bytes each; a power of two.
  explicit WeakenedTags(std::size_t places = 4096);

  void add(std::string_view host, std::string_view strong_tag);
  // Makes the tags in If-None-Match strong again that became weak here. Says whether there was one.
  bool restore(http::Request& request) const;

 private:
  std::vector<std::uint64_t> table_;
};

// A 304 for a request of which restore() changed the tags: its ETag is what the client knows.
void apply_to_not_modified(const Policy& policy, bool restored, http::Response& response);

}  // namespace railgun::coding
