#include "railgund/page/page_key.h"

#include <algorithm>
#include <utility>

#include "railgund/base/bytes.h"
#include "railgund/base/text.h"
#include "railgund/page/url_shape.h"

namespace railgun::page {
namespace {

// What a key stands for goes into it, so that keys of two kinds never meet.
enum class Kind : std::uint8_t {
  kExact = 1,
  kAddress = 2,
  kSibling = 3,
  kPage = 4,
  kSite = 5,
  kVisitor = 6,
  kShape = 7,
  kAudience = 8
};

void add(ByteWriter& to, std::string_view text) {
  to.varint(text.size());
  to.bytes(as_bytes(text));
}

std::string_view without_spaces(std::string_view text) {
  const std::size_t start = text.find_first_not_of(" \t");
  if (start == std::string_view::npos) return {};
  return text.substr(start, text.find_last_not_of(" \t") - start + 1);
}

struct Cookie {
  std::string_view name, value;
  auto operator<=>(const Cookie&) const = default;
};

// The request's cookies by name (RFC 6265 5.4: "name=value" pairs between semicolons). Views into the fields.
std::vector<Cookie> sorted_cookies(const Fields& fields) {
  std::vector<Cookie> cookies;
  for (const Field& field : fields) {
    if (!same_name(field.name, "cookie")) continue;
    for (std::string_view rest = field.value; !rest.empty();) {
      const std::size_t end = std::min(rest.find(';'), rest.size());
      const std::string_view pair = rest.substr(0, end);
      rest.remove_prefix(std::min(end + 1, rest.size()));
      const std::size_t equals = std::min(pair.find('='), pair.size());
      const std::string_view name = without_spaces(pair.substr(0, equals));
      if (name.empty()) continue;
      cookies.push_back({name, without_spaces(pair.substr(std::min(equals + 1, pair.size())))});
    }
  }
  std::ranges::sort(cookies);
  return cookies;
}

// The default port of the scheme is no other place than none.
std::string canonical_host(bool secure, std::string_view host) {
  const std::string_view usual = secure ? ":443" : ":80";
  if (host.ends_with(usual)) host.remove_suffix(usual.size());
  return lower_ascii(host);
}

// The first language of Accept-Language without its region ("de" of "de-AT, en;q=0.5"); nothing if it is none of two or
// three letters.
std::string first_language(const Fields& fields) {
  const std::string_view value = trim(field_value(fields, "accept-language"));
  const std::string language = lower_ascii(value.substr(0, value.find_first_of("-,; ")));
  const bool letters = std::all_of(language.begin(), language.end(), [](char c) { return c >= 'a' && c <= 'z'; });
  return letters && (language.size() == 2 || language.size() == 3) ? language : std::string{};
}

void add_isolation(ByteWriter& to, const Fields& fields, const std::vector<Cookie>& cookies,
                   const Isolation& isolation) {
  // Each value is preceded by its name, and every list by its length: no two sets of values look alike.
  for (const std::string& name : isolation.cookies) {
    add(to, name);
    to.varint(static_cast<std::uint64_t>(std::ranges::count(cookies, name, &Cookie::name)));
    for (const Cookie& cookie : cookies) {
      if (cookie.name == name) add(to, cookie.value);
    }
  }
  const auto add_field = [&](std::string_view name) {
    add(to, lower_ascii(name));
    to.varint(count_fields(fields, name));
    for (const Field& field : fields) {
      if (same_name(field.name, name)) add(to, field.value);
    }
  };
  for (const std::string& name : isolation.fields) add_field(name);
  if (isolation.authorization) add_field("authorization");
}

Id128 key_of(Kind kind, const Bytes& shared, const Bytes& own) {
  Bytes text;
  ByteWriter out(text);
  out.u8(static_cast<std::uint8_t>(kind));
  out.bytes(shared);
  out.bytes(own);
  return hash128(text);
}

bool is_ignored(const Isolation& isolation, std::string_view cookie) {
  return std::ranges::any_of(isolation.ignored_cookies, [&](std::string_view name) {
    return name.ends_with('*') ? cookie.starts_with(name.substr(0, name.size() - 1)) : cookie == name;
  });
}

// A hash of what a request brings to prove who asks; nothing if it brings nothing.
std::optional<Id128> visitor_of(const Fields& fields, const std::vector<Cookie>& cookies, const Isolation& isolation,
                                const Action& action) {
  Bytes text;
  ByteWriter out(text);
  out.u8(static_cast<std::uint8_t>(Kind::kVisitor));
  const std::size_t empty = text.size();
  for (const Cookie& cookie : cookies) {
    if (is_ignored(isolation, cookie.name)) continue;
    add(out, cookie.name);
    add(out, cookie.value);
  }
  for (const Field& field : fields) {
    if (!same_name(field.name, "authorization")) continue;
    // No cookie has this name.
    add(out, "=");
    add(out, field.value);
  }
  if (text.size() == empty) {
    if (action.is_plain_get()) return std::nullopt;
    // No cookie has this name, and no Authorization this one.
    add(out, "=address");
    add(out, field_value(fields, "x-real-ip"));
  }
  return hash128(text);
}

// `visitor`: for that one alone. `names`: tell classes of cookies apart.
PageKeys make_keys(bool secure, std::string_view host, std::string_view target, const Fields& fields,
                   const std::vector<Cookie>& cookies, const Isolation& isolation, const std::optional<Id128>& visitor,
                   bool names, const Action& action) {
  Bytes place;
  ByteWriter to_place(place);
  to_place.u8(secure ? 1 : 0);
  add(to_place, canonical_host(secure, host));

  Bytes shared = place;
  ByteWriter to_shared(shared);
  add_isolation(to_shared, fields, cookies, isolation);
  if (visitor) to_shared.bytes(visitor->bytes);

  Bytes address;
  ByteWriter to_address(address);
  add(to_address, target);

  Bytes exact = address;
  ByteWriter to_exact(exact);
  std::string_view last;
  for (const Cookie& cookie : cookies) {
    if (names && cookie.name != last) add(to_exact, cookie.name);
    last = cookie.name;
  }
  // No cookie has this name.
  if (const std::string language = first_language(fields); !language.empty()) add(to_exact, "=" + language);

  Bytes sibling;
  ByteWriter to_sibling(sibling);
  add(to_sibling, url_folder(target));

  const std::string shape_text = url_shape(target);
  Bytes shape;
  ByteWriter to_shape(shape);
  add(to_shape, shape_text);

  // The address alone: what a purge names.
  const Id128 page_key = key_of(Kind::kPage, place, address);
  if (!action.is_plain_get()) {
    for (ByteWriter* to : {&to_exact, &to_address, &to_shape, &to_sibling}) add(*to, action.method);
    const std::string_view body = as_text(action.body.first(std::min(action.body.size(), Action::kMostBody)));
    add(to_exact, body);
    add(to_address, without_numbers(body));
  }

  Bytes site;
  ByteWriter to_site(site);
  add(to_site, canonical_host(secure, host));

  const Id128 address_key = key_of(Kind::kAddress, shared, address);
  return {.exact = key_of(Kind::kExact, shared, exact),
          .address = address_key,
          .shape = shape_text == target && action.is_plain_get() ? address_key : key_of(Kind::kShape, shared, shape),
          .sibling = key_of(Kind::kSibling, shared, sibling),
          .page = page_key,
          .site = key_of(Kind::kSite, {}, site),
          .audience = key_of(Kind::kAudience, shared, {}),
          .media = expected_media_class(target, fields)};
}

// "name=value" of a Set-Cookie field, and whether that cookie is there from now on.
struct SetCookie {
  Cookie cookie;
  bool is_kept = true;
};
SetCookie read_set_cookie(std::string_view value) {
  SetCookie set;
  const std::size_t end = std::min(value.find(';'), value.size());
  const std::string_view pair = value.substr(0, end);
  const std::size_t equals = std::min(pair.find('='), pair.size());
  set.cookie = {without_spaces(pair.substr(0, equals)), without_spaces(pair.substr(std::min(equals + 1, pair.size())))};
  // How servers take a cookie back: an age of nothing, or a date at the beginning of time.
  const std::string attributes = lower_ascii(value.substr(end));
  for (const std::string_view gone : {"max-age=0", "max-age=-", "01-jan-1970", "01 jan 1970", "expires=0"}) {
    if (attributes.find(gone) != std::string::npos) set.is_kept = false;
  }
  return set;
}

}  // namespace

PageKeys page_keys(bool secure, std::string_view host, std::string_view target, const Fields& request_fields,
                   const Isolation& isolation, const Action& action) {
  return make_keys(secure, host, target, request_fields, sorted_cookies(request_fields), isolation, std::nullopt, true,
                   action);
}

PageKeys keys_of_kin(PageKeys keys) {
  // No request has this key.
  keys.exact = keys.address = key_of(Kind::kExact, to_bytes(keys.shape.bytes), {});
  return keys;
}

RequestKeys request_keys(bool secure, std::string_view host, std::string_view target, const Fields& request_fields,
                         const Isolation& isolation, const Action& action) {
  if (!isolation.visitors) {
    return {
        .own = page_keys(secure, host, target, request_fields, isolation, action), .open = std::nullopt, .visitor = {}};
  }
  const std::vector<Cookie> cookies = sorted_cookies(request_fields);
  Isolation rest = isolation;
  rest.authorization = false;  // it is one of the credentials
  const auto keys_for = [&](const std::optional<Id128>& visitor) {
    return make_keys(secure, host, target, request_fields, cookies, rest, visitor, false, action);
  };
  const PageKeys open = keys_for(std::nullopt);
  const std::optional<Id128> visitor = visitor_of(request_fields, cookies, isolation, action);
  if (!visitor) return {.own = open, .open = std::nullopt, .visitor = {}};
  return {.own = keys_for(visitor), .open = open, .visitor = *visitor};
}

Fields with_new_cookies(const Fields& request_fields, const Fields& answer_fields) {
  std::vector<Cookie> cookies = sorted_cookies(request_fields);
  for (const Field& field : answer_fields) {
    if (!same_name(field.name, "set-cookie")) continue;
    const SetCookie set = read_set_cookie(field.value);
    if (set.cookie.name.empty()) continue;
    std::erase_if(cookies, [&](const Cookie& cookie) { return cookie.name == set.cookie.name; });
    if (set.is_kept) cookies.push_back(set.cookie);
  }
  std::string line;
  for (const Cookie& cookie : cookies) {
    if (!line.empty()) line += "; ";
    line += cookie.name;
    line += '=';
    line += cookie.value;
  }
  Fields fields;
  for (const Field& field : request_fields) {
    if (!same_name(field.name, "cookie")) fields.push_back(field);
  }
  if (!line.empty()) fields.push_back({"cookie", std::move(line)});
  return fields;
}

}  // namespace railgun::page
