// A named value of a message's head: what http parses and link carries.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace railgun {

struct Field {
  std::string name;
  std::string value;
  bool operator==(const Field&) const = default;
};

// In the order of the message; names may repeat.
using Fields = std::vector<Field>;

// Names compare without regard to case (RFC 9110 5.1).

// The first field of that name, or null. Valid until `fields` changes.
const Field* find_field(const Fields& fields, std::string_view name);
// Its value, or an empty view.
std::string_view field_value(const Fields& fields, std::string_view name);
std::size_t count_fields(const Fields& fields, std::string_view name);
void remove_fields(Fields& fields, std::string_view name);
// Replaces every field of that name by one, at the place of the first (or at the end).
void set_field(Fields& fields, std::string_view name, std::string_view value);
// Gateways to CGI, WSGI and PHP make one variable of all names that differ only in case and in what is no letter or digit.
// The name that stands for these: in lower case, with hyphens.
std::string gateway_name(std::string_view name);
// Another name than `of`, which they take for it ("Content_Length").
bool is_look_alike_of(std::string_view name, std::string_view of);
// Bytes that the names and values take: what a limit on a head counts.
std::size_t fields_bytes(const Fields& fields);

}  // namespace railgun
