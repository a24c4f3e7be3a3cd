// The kinds of content that one folder of a site holds: a script is no useful reference for a page beside it.
#pragma once

#include <cstdint>
#include <string_view>

#include "railgund/base/field.h"

namespace railgun::page {

enum class MediaClass : std::uint8_t {
  kUnknown,
  kPage,    // HTML
  kStyle,   // CSS
  kScript,  // JavaScript
  kData,    // JSON, plain text, CSV
  kFeed,    // XML
  kImage,
  kFont,
  kOther,
  kError,  // an answer of an error: pages of names that somebody made up are alike, and unlike the site's pages
};

// Of which pages have templates.
constexpr bool is_text(MediaClass media) { return media != MediaClass::kImage && media != MediaClass::kFont; }

// Of an answer, by its status and the value of Content-Type.
MediaClass media_class_of(unsigned status, std::string_view content_type);

// What a request expects, as far as it says: by Sec-Fetch-Dest, the first type of Accept, or the name's ending.
MediaClass expected_media_class(std::string_view target, const Fields& request_fields);

}  // namespace railgun::page
