#include "railgund/dictionary/freshness.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

#include "railgund/base/text.h"
#include "railgund/http/syntax.h"

namespace railgun::dictionary {
namespace {

// How long a browser keeps the page as a dictionary.
constexpr std::string_view kKept = "private, max-age=0, stale-while-revalidate=86400";

std::string_view name_of(std::string_view directive) {
  return http::trim_blanks(directive.substr(0, directive.find('=')));
}

// Of max-age. 0: it is another directive, or has no number.
std::uint64_t age_of(std::string_view directive) {
  if (!same_name(name_of(directive), "max-age")) return 0;
  return http::parse_decimal(directive.substr(std::min(directive.find('=') + 1, directive.size()))).value_or(0);
}

}  // namespace

bool is_for_everybody(const Fields& fields) {
  return std::ranges::none_of(fields, [](const Field& field) {
    if (same_name(field.name, "set-cookie")) return true;
    const bool is_control = same_name(field.name, "cache-control");
    if (!is_control && !same_name(field.name, "vary")) return false;
    return std::ranges::any_of(http::split_list(field.value), [&](std::string_view word) {
      const auto is_one_of = [&](auto... names) { return (same_name(name_of(word), names) || ...); };
      return is_control ? is_one_of("private", "no-store", "no-cache") : is_one_of("*", "cookie", "authorization");
    });
  });
}

bool is_fresh_for_everybody(const Fields& fields) {
  return is_for_everybody(fields) && std::ranges::any_of(fields, [](const Field& field) {
           return same_name(field.name, "cache-control") &&
                  std::ranges::any_of(http::split_list(field.value),
                                      [](std::string_view directive) { return age_of(directive) > 0; });
         });
}

bool make_keepable(Fields& fields) {
  constexpr std::array<std::string_view, 7> kReplaced = {
      "private", "public", "no-cache", "must-revalidate", "max-age", "stale-while-revalidate", "immutable"};
  std::string others;
  bool is_fresh = false, asks_again = false;
  for (const Field& field : fields) {
    if (!same_name(field.name, "cache-control")) continue;
    for (const std::string_view directive : http::split_list(field.value)) {
      const std::string_view name = name_of(directive);
      if (same_name(name, "no-store") || same_name(name, "s-maxage")) return false;
      asks_again = asks_again || same_name(name, "no-cache");
      if (same_name(name, "max-age")) is_fresh = age_of(directive) > 0;
      if (std::ranges::none_of(kReplaced, [&](std::string_view replaced) { return same_name(name, replaced); }))
        others += ", " + std::string(directive);
    }
  }
  if (is_fresh && !asks_again) return true;
  set_field(fields, "cache-control", std::string(kKept) + others);
  remove_fields(fields, "pragma");
  remove_fields(fields, "expires");
  return true;
}

}  // namespace railgun::dictionary
