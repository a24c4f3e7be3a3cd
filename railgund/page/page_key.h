// Which page: what two requests must share for one's answer to be a useful reference for the other's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "railgund/base/bytes.h"
#include "railgund/base/field.h"
#include "railgund/base/hash.h"
#include "railgund/page/media_class.h"

namespace railgun::page {

// What keeps visitors apart (doc/SECURITY.md, "What a length tells").
struct Isolation {
  // A page that was asked for with credentials (cookies, Authorization) is a reference for the same credentials alone.
  bool visitors = false;
  // Cookies that are no credentials, by name; a "*" at the end stands for any ending. Counts with `visitors`.
  std::vector<std::string> ignored_cookies{};
  // Names of cookies and fields whose values are part of every key: pages of different values never serve each other as
  // references, public or not.
  std::vector<std::string> cookies{};
  std::vector<std::string> fields{};
  // The same for Authorization. Counts without `visitors`.
  bool authorization = false;
};

// What a request asks for besides its address. All but a GET without a body have keys of their own: their answers are
// references for each other, and no GET is given one as the last version of its page.
struct Action {
  // Of a body only so many bytes count, from its start.
  static constexpr std::size_t kMostBody = 2048;

  std::string_view method = "GET";
  bool has_body = false;
  ByteView body{};  // as far as it is known

  bool is_plain_get() const { return method == "GET" && !has_body; }
};

// The keys of one request, from the nearest kin to the farthest. All are hashes: nothing of the visitor can be read
// from them. The isolation's values are in the first four. The method is in these too, unless it is a plain GET. Then
// the body is in `exact`, and without its numbers in `address`; `shape` and `sibling` are the same for all bodies.
struct PageKeys {
  Id128 exact;  // scheme, host, path and query, the language asked for, and the class of the cookies (which are there)
  Id128 address;   // scheme, host, path and query
  Id128 shape;     // scheme, host and url_shape(): the address when its numbers change. `address` if that is all of it
  Id128 sibling;   // scheme, host and url_folder(): pages of one template
  Id128 page;      // scheme, host, path and query, whoever asks: what a purge names
  Id128 site;      // the host: whose versions these are
  Id128 audience;  // scheme, host and the isolation's values: for whom these versions are references
  MediaClass media = MediaClass::kUnknown;  // of a request: what it expects; of a kept version: what it is
};

// The keys where visitors are not kept apart: Isolation::visitors is not looked at.
PageKeys page_keys(bool secure, std::string_view host, std::string_view target, const Fields& request_fields,
                   const Isolation& isolation, const Action& action = {});

// Whose versions a request may be compared with: its visitor's own, and everybody's.
struct Audiences {
  Id128 own;
  std::optional<Id128> open;  // if it is another one

  bool include(const Id128& audience) const { return audience == own || audience == open; }
};

// The keys of one visitor's request. An answer to anything but a plain GET is always its visitor's own, because a body
// may hold credentials. A visitor without cookies and Authorization is known by its address (X-Real-IP).
struct RequestKeys {
  PageKeys own;                  // under which the answer is kept
  std::optional<PageKeys> open;  // of the same page for everybody, if `own` is for this visitor alone
  Id128 visitor;                 // a hash of the credentials or the address, if `own` is for this visitor alone

  bool is_private() const { return open.has_value(); }
  const PageKeys& everybodys() const { return open ? *open : own; }
  Audiences audiences() const {
    return {.own = own.audience, .open = open ? std::optional<Id128>(open->audience) : std::nullopt};
  }
};
// Keys by which a version is found as kin alone: by pages of the same shape and folder, and not as the last version of a page.
PageKeys keys_of_kin(PageKeys keys);

RequestKeys request_keys(bool secure, std::string_view host, std::string_view target, const Fields& request_fields,
                         const Isolation& isolation, const Action& action = {});

// The fields of the visitor's next request, as far as its cookies go: those of this request, and those that the answer
// sets (RFC 6265; whatever path they are for). So a page whose answer begins or renews a session is kept for the
// visitor who has that session from now on, and is nobody else's.
Fields with_new_cookies(const Fields& request_fields, const Fields& answer_fields);

}  // namespace railgun::page
