// What a request says about dictionaries: which one its browser holds, and what that browser may be offered (RFC 9842).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "railgund/base/field.h"
#include "railgund/dictionary/hash.h"
#include "railgund/http/message.h"

namespace railgun::dictionary {

// From Available-Dictionary, a byte sequence of structured fields (RFC 9842 2.2, RFC 9651 3.3.5). Nothing if it is
// malformed, has parameters, or comes twice.
std::optional<Hash> read_available_dictionary(const Fields& fields);

// Whether the answer may be coded against a dictionary as far as its reader is concerned (RFC 9842 9.3.3): a page that
// the browser navigates to, or a request of the site itself. By Sec-Fetch-Mode and Sec-Fetch-Site; without them: no.
bool is_own_reader(const Fields& fields);

// The browser is to show the answer as a page of its own (Sec-Fetch-Dest: document).
bool is_document(const Fields& fields);

// A part of pages whose versions resemble each other: "script" or "style" (Sec-Fetch-Dest); empty: none of these.
std::string_view file_destination(const Fields& fields);

// Whether browsers take dictionaries over this connection: those of secure contexts alone. That is TLS, as `request`
// says or a proxy that is trusted; and plain HTTP to the visitor's own machine, by the Host that it named.
bool is_secure_context(const http::Request& request, bool is_from_trusted_proxy);

// The browser's version by Sec-CH-UA, whose list names "Chromium" in every browser that is made from it. 0: not named.
unsigned chromium_version(const Fields& fields);
// By User-Agent: Firefox has no other field. 0: not named.
unsigned firefox_version(const Fields& fields);

// The browser fetches dictionaries that a Link field names and uses them: Chromium from 130 on, Firefox from 161 on.
// Firefox 153 fetches them and does not use them.
bool fetches_dictionaries(const Fields& fields);

}  // namespace railgun::dictionary
