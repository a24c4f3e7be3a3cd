// Early hints from memory (RFC 8297): what a page's last version told browsers to fetch, said before the origin has made
// the next one. Pure.
#pragma once

#include <cstddef>

#include "railgund/base/bytes.h"
#include "railgund/base/field.h"

namespace railgun::proxy {

// A page is read up to here, or up to its body.
inline constexpr std::size_t kHintPageBytes = 64 * 1024;
inline constexpr std::size_t kMostHints = 20;
inline constexpr std::size_t kMostHintBytes = 4 * 1024;

// Link fields (RFC 8288), one for each <link> of the page's head that preloads, preconnects, or is a style sheet for all
// screens; none for what the page does not name. Left out: links whose address or attributes cannot be said in a field
// without doubt, and all links of a page that has a <base>, as a field's addresses are relative to the page. At most
// kMostHints, kMostHintBytes. `page`: HTML, of anybody.
Fields early_hints(ByteView page);

}  // namespace railgun::proxy
