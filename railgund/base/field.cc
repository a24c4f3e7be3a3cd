#include "railgund/base/field.h"

#include <algorithm>

#include "railgund/base/text.h"

namespace railgun {
const Field* find_field(const Fields& fields, std::string_view name) {
  const auto found =
      std::find_if(fields.begin(), fields.end(), [&](const Field& f) { return same_name(f.name, name); });
  return found == fields.end() ? nullptr : &*found;
}

std::string_view field_value(const Fields& fields, std::string_view name) {
  const Field* field = find_field(fields, name);
  return field == nullptr ? std::string_view{} : std::string_view{field->value};
}

std::size_t count_fields(const Fields& fields, std::string_view name) {
  return static_cast<std::size_t>(
      std::count_if(fields.begin(), fields.end(), [&](const Field& f) { return same_name(f.name, name); }));
}

void remove_fields(Fields& fields, std::string_view name) {
  std::erase_if(fields, [&](const Field& f) { return same_name(f.name, name); });
}

void set_field(Fields& fields, std::string_view name, std::string_view value) {
  const auto first =
      std::find_if(fields.begin(), fields.end(), [&](const Field& f) { return same_name(f.name, name); });
  if (first == fields.end()) {
    fields.push_back({std::string(name), std::string(value)});
    return;
  }
  first->value = value;
  fields.erase(std::remove_if(first + 1, fields.end(), [&](const Field& f) { return same_name(f.name, name); }),
               fields.end());
}

std::string gateway_name(std::string_view name) {
  std::string normal = lower_ascii(name);
  for (char& c : normal) {
    if ((c < 'a' || c > 'z') && (c < '0' || c > '9')) c = '-';
  }
  return normal;
}

bool is_look_alike_of(std::string_view name, std::string_view of) {
  return !same_name(name, of) && gateway_name(name) == gateway_name(of);
}

std::size_t fields_bytes(const Fields& fields) {
  std::size_t total = 0;
  for (const Field& field : fields) total += field.name.size() + field.value.size();
  return total;
}

}  // namespace railgun
