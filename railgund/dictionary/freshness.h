// Which answers a browser keeps as dictionaries, by their heads.
#pragma once

#include <string_view>

#include "railgund/base/field.h"

namespace railgun::dictionary {

// The Chromium that was tested, with all ways in which pages are asked for: it asks the server for each navigation, and
// for each fetch() if the answer has `Vary: Sec-Fetch-Dest`, whatever stale-while-revalidate allows. Firefox does not.
inline constexpr unsigned kTestedChromium = 156;

// A browser is to keep a page as a dictionary without ever showing it again unasked.
// Makes Cache-Control such that Chromium keeps the page as a dictionary: `private, max-age=0, stale-while-revalidate`, and
// takes away what contradicts it. Leaves an answer alone that is fresh by the origin's own words, and then says true, too.
// False, with nothing changed: the answer may not be kept (no-store), or is for shared caches (s-maxage).
bool make_keepable(Fields& fields);

// A shared cache could give the answer to everybody (RFC 9111 3): there is no private, no-store, no-cache, Set-Cookie, or
// Vary by Cookie or Authorization.
bool is_for_everybody(const Fields& fields);
// The same, and it is fresh by the origin's own words: max-age is not 0.
bool is_fresh_for_everybody(const Fields& fields);

}  // namespace railgun::dictionary
