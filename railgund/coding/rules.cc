#include "railgund/coding/rules.h"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

#include "railgund/base/check.h"
#include "railgund/base/hash.h"
#include "railgund/base/text.h"
#include "railgund/http/syntax.h"

namespace railgun::coding {
namespace {

std::string media_type(const http::Response& response) {
  const std::string_view value = field_value(response.fields, "content-type");
  return lower_ascii(http::trim_blanks(value.substr(0, value.find(';'))));
}

// "*" stands for any text.
bool matches(std::string_view type, std::string_view pattern) {
  const std::size_t star = pattern.find('*');
  if (star == std::string_view::npos) return type == pattern;
  const std::string_view front = pattern.substr(0, star);
  const std::string_view back = pattern.substr(star + 1);
  return type.size() >= front.size() + back.size() && type.starts_with(front) && type.ends_with(back);
}

bool is_coded(const http::Response& response) {
  return std::any_of(response.fields.begin(), response.fields.end(), [](const Field& field) {
    return same_name(field.name, "content-encoding") && !same_name(http::trim_blanks(field.value), "identity");
  });
}

bool has_whole_body(unsigned status) {
  constexpr std::array<unsigned, 5> kOthers = {204, 205, 206, 226, 304};
  return status >= 200 && std::find(kOthers.begin(), kOthers.end(), status) == kOthers.end();
}

bool may_be_touched(const http::Request& request, const http::Response& response) {
  if (response.body == http::BodyLength{}) return false;
  if (!has_whole_body(response.status) || request.method == "CONNECT" || !request.upgrade.empty()) return false;
  if (is_coded(response) || find_field(request.fields, "range") != nullptr) return false;
  return !has_directive(request.fields, "cache-control", "no-transform") &&
         !has_directive(response.fields, "cache-control", "no-transform");
}

// Of an answer to HEAD, too, `body` says what GET would have.
bool is_long_enough(const Policy& policy, const http::BodyLength& body) {
  return body.kind != http::BodyLength::Kind::kKnown || body.bytes >= policy.min_bytes;
}

void weaken_tag(Fields& fields) {
  if (find_field(fields, "etag") == nullptr) return;
  const std::string tag = weak_tag(http::trim_blanks(field_value(fields, "etag")));
  set_field(fields, "etag", tag);
}

std::uint64_t mark_of(std::string_view host, std::string_view strong_tag) {
  // Zero is an empty place.
  return hash64(as_bytes(strong_tag), hash64(as_bytes(host))) | 1;
}

// The end of the entity tag that `text` begins with, or npos. Tags may contain commas (RFC 9110 8.8.3).
std::size_t tag_end(std::string_view text) {
  const std::size_t open = text.starts_with("W/") ? 2 : 0;
  if (open >= text.size() || text[open] != '"') return std::string_view::npos;
  const std::size_t close = text.find('"', open + 1);
  return close == std::string_view::npos ? close : close + 1;
}

}  // namespace

bool has_directive(const Fields& fields, std::string_view name, std::string_view directive) {
  return std::any_of(fields.begin(), fields.end(), [&](const Field& field) {
    if (!same_name(field.name, name)) return false;
    const auto items = http::split_list(field.value);
    return std::any_of(items.begin(), items.end(), [&](std::string_view item) {
      return same_name(http::trim_blanks(item.substr(0, item.find_first_of("=;"))), directive);
    });
  });
}

bool is_listed(std::string_view type, const std::vector<std::string>& types) {
  return std::any_of(types.begin(), types.end(), [&](const std::string& pattern) {
    return type == "text/event-stream" ? pattern == type : matches(type, pattern);
  });
}

Decision decide(const Policy& policy, const http::Request& request, const http::Response& response) {
  if (policy.preference.empty() || !may_be_touched(request, response)) return {};
  const Wishes wishes = read_accept_encoding(request.fields);
  const bool is_eligible = is_listed(media_type(response), policy.types) && is_long_enough(policy, response.body);
  if (!is_eligible && !wishes.refuses_identity()) return {};
  return {.coding = choose(wishes, policy.preference), .varies = true};
}

void apply(const Decision& decision, http::Response& response) {
  if (decision.varies) add_to_vary(response.fields, "Accept-Encoding");
  if (decision.coding == Coding::kIdentity) return;
  for (const std::string_view name :
       {"content-length", "content-md5", "digest", "repr-digest", "content-digest", "accept-ranges"}) {
    remove_fields(response.fields, name);
  }
  set_field(response.fields, "content-encoding", name_of(decision.coding));
  weaken_tag(response.fields);
  if (response.body.kind == http::BodyLength::Kind::kKnown) response.body = {http::BodyLength::Kind::kChunked, 0};
}

void add_to_vary(Fields& fields, std::string_view name) {
  if (has_directive(fields, "vary", name) || has_directive(fields, "vary", "*")) return;
  const std::string_view now = field_value(fields, "vary");
  if (now.empty() || count_fields(fields, "vary") > 1) {
    fields.push_back({"Vary", std::string(name)});
  } else {
    set_field(fields, "vary", std::string(now) + ", " + std::string(name));
  }
}

std::string weak_tag(std::string_view tag) { return (tag.starts_with('"') ? "W/" : "") + std::string(tag); }

WeakenedTags::WeakenedTags(std::size_t places) : table_(places) { RAILGUN_CHECK(std::has_single_bit(places)); }

void WeakenedTags::add(std::string_view host, std::string_view strong_tag) {
  if (!strong_tag.starts_with('"')) return;
  const std::uint64_t mark = mark_of(host, strong_tag);
  table_[(mark >> 1) & (table_.size() - 1)] = mark;
}

bool WeakenedTags::restore(http::Request& request) const {
  bool restored = false;
  for (Field& field : request.fields) {
    if (!same_name(field.name, "if-none-match")) continue;
    std::string tags;
    std::string_view rest = field.value;
    while (!rest.empty()) {
      const std::size_t end = tag_end(rest);
      if (end == std::string_view::npos) {  // a blank, a comma, or what is no tag
        tags += rest.front();
        rest.remove_prefix(1);
        continue;
      }
      const std::string_view tag = rest.substr(0, end);
      const std::uint64_t mark = tag.starts_with("W/") ? mark_of(request.host, tag.substr(2)) : 0;
      const bool was_strong = mark != 0 && table_[(mark >> 1) & (table_.size() - 1)] == mark;
      tags += was_strong ? tag.substr(2) : tag;
      restored = restored || was_strong;
      rest.remove_prefix(end);
    }
    field.value = std::move(tags);
  }
  return restored;
}

void apply_to_not_modified(const Policy& policy, bool restored, http::Response& response) {
  if (policy.preference.empty() || response.status != 304) return;
  if (restored) weaken_tag(response.fields);
  const std::string type = media_type(response);
  if (restored || (!type.empty() && is_listed(type, policy.types))) add_to_vary(response.fields, "Accept-Encoding");
}

}  // namespace railgun::coding
