#include "railgund/page/media_class.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "railgund/base/text.h"

namespace railgun::page {
namespace {

using Named = std::pair<std::string_view, MediaClass>;

// Longer types are looked at first where one begins with another.
constexpr std::array<Named, 9> kTypes = {{
    {"text/html", MediaClass::kPage},
    {"application/xhtml+xml", MediaClass::kPage},
    {"text/css", MediaClass::kStyle},
    {"text/javascript", MediaClass::kScript},
    {"application/javascript", MediaClass::kScript},
    {"application/x-javascript", MediaClass::kScript},
    {"application/json", MediaClass::kData},
    {"text/xml", MediaClass::kFeed},
    {"application/xml", MediaClass::kFeed},
}};

// Fetch Metadata, Sec-Fetch-Dest.
constexpr std::array<Named, 7> kDestinations = {{
    {"document", MediaClass::kPage},
    {"iframe", MediaClass::kPage},
    {"frame", MediaClass::kPage},
    {"script", MediaClass::kScript},
    {"style", MediaClass::kStyle},
    {"image", MediaClass::kImage},
    {"font", MediaClass::kFont},
}};

constexpr std::array<Named, 20> kEndings = {{
    {"html", MediaClass::kPage}, {"htm", MediaClass::kPage},   {"css", MediaClass::kStyle},
    {"js", MediaClass::kScript}, {"mjs", MediaClass::kScript}, {"json", MediaClass::kData},
    {"map", MediaClass::kData},  {"csv", MediaClass::kData},   {"txt", MediaClass::kData},
    {"xml", MediaClass::kFeed},  {"rss", MediaClass::kFeed},   {"atom", MediaClass::kFeed},
    {"png", MediaClass::kImage}, {"jpg", MediaClass::kImage},  {"gif", MediaClass::kImage},
    {"svg", MediaClass::kImage}, {"webp", MediaClass::kImage}, {"woff2", MediaClass::kFont},
    {"woff", MediaClass::kFont}, {"ttf", MediaClass::kFont},
}};

template <std::size_t kCount>
MediaClass class_named(const std::array<Named, kCount>& table, std::string_view name) {
  const auto found = std::find_if(table.begin(), table.end(), [&](const Named& one) { return one.first == name; });
  return found == table.end() ? MediaClass::kUnknown : found->second;
}

// A type without its parameters; kUnknown for an empty one and for ranges ("*/*").
MediaClass class_of_type(std::string_view value) {
  const std::string type = lower_ascii(trim(value.substr(0, value.find(';'))));
  if (type.empty() || type.find('*') != std::string::npos) {
    return type.starts_with("image/") ? MediaClass::kImage : MediaClass::kUnknown;
  }
  if (const MediaClass named = class_named(kTypes, type); named != MediaClass::kUnknown) return named;
  if (type.starts_with("image/")) return MediaClass::kImage;
  if (type.starts_with("font/") || type.find("font") != std::string::npos) return MediaClass::kFont;
  if (type.ends_with("+json") || type.starts_with("text/")) return MediaClass::kData;
  if (type.ends_with("+xml")) return MediaClass::kFeed;
  return MediaClass::kOther;
}

}  // namespace

MediaClass media_class_of(unsigned status, std::string_view content_type) {
  if (status < 200 || status > 299) return MediaClass::kError;
  return class_of_type(content_type);
}

MediaClass expected_media_class(std::string_view target, const Fields& request_fields) {
  const std::string destination = lower_ascii(trim(field_value(request_fields, "sec-fetch-dest")));
  if (const MediaClass named = class_named(kDestinations, destination); named != MediaClass::kUnknown) return named;
  const std::string_view accept = field_value(request_fields, "accept");
  if (const MediaClass first = class_of_type(accept.substr(0, accept.find(','))); first != MediaClass::kUnknown)
    return first;
  const std::string_view path = target.substr(0, target.find('?'));
  const std::size_t dot = path.rfind('.');
  if (dot == std::string_view::npos || path.find('/', dot) != std::string_view::npos) return MediaClass::kUnknown;
  return class_named(kEndings, lower_ascii(path.substr(dot + 1)));
}

}  // namespace railgun::page
