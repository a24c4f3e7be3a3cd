#include "railgund/proxy/early_hints.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "railgund/base/text.h"
#include "railgund/http/syntax.h"

namespace railgun::proxy {
namespace {

constexpr std::size_t kMostAttributes = 32;
constexpr std::size_t kMostAddressBytes = 1024;

bool is_html_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

struct Tag {
  std::string name;  // in lower case; of an end tag with '/' before it
  Fields attributes;
};

// Reads the tags of HTML one by one, as far as a browser's reading of a head needs it (HTML Living Standard 13.2.5).
class TagReader {
 public:
  explicit TagReader(std::string_view text) : text_(text) {}

  // The next tag; none: the text ends, maybe in the middle of one.
  std::optional<Tag> next() {
    for (;;) {
      at_ = text_.find('<', at_);
      if (at_ >= text_.size()) return std::nullopt;
      ++at_;
      if (text_.substr(at_).starts_with("!--")) {
        if (!skip_past("-->", at_ + 3)) return std::nullopt;
      } else if (text_.substr(at_).starts_with('!') || text_.substr(at_).starts_with('?')) {
        if (!skip_past(">", at_)) return std::nullopt;
      } else if (at_ < text_.size() && (is_letter(text_[at_]) || text_[at_] == '/')) {
        return read_tag();
      }
    }
  }
  // Goes to the end tag of an element whose content is no markup.
  bool skip_content(std::string_view name) {
    for (;;) {
      const std::size_t end = text_.find("</", at_);
      if (end == std::string_view::npos) return false;
      at_ = end + 2;
      if (same_name(text_.substr(at_, name.size()), name)) return skip_past(">", at_);
    }
  }

 private:
  bool skip_past(std::string_view what, std::size_t from) {
    const std::size_t found = text_.find(what, from);
    if (found == std::string_view::npos) return false;
    at_ = found + what.size();
    return true;
  }
  std::string_view take_until(std::string_view ends) {
    const std::size_t begin = at_;
    at_ = std::min(text_.find_first_of(ends, at_), text_.size());
    return text_.substr(begin, at_ - begin);
  }
  void skip_blanks() {
    while (at_ < text_.size() && is_html_blank(text_[at_])) ++at_;
  }
  std::optional<Tag> read_tag() {
    Tag tag;
    tag.name = text_[at_] == '/' ? "/" : "";
    at_ += tag.name.size();
    tag.name += lower_ascii(take_until(" \t\n\r\f/>"));
    for (;;) {
      skip_blanks();
      if (at_ == text_.size()) return std::nullopt;
      if (text_[at_] == '>') {
        ++at_;
        return tag;
      }
      if (text_[at_] == '/') {
        ++at_;
        continue;
      }
      if (!read_attribute(tag)) return std::nullopt;
    }
  }
  bool read_attribute(Tag& tag) {
    const std::size_t begin = at_++;  // a name may begin with "="
    take_until(" \t\n\r\f/>=");
    std::string name = lower_ascii(text_.substr(begin, at_ - begin));
    std::string_view value;
    skip_blanks();
    if (at_ < text_.size() && text_[at_] == '=') {
      ++at_;
      skip_blanks();
      if (at_ == text_.size()) return false;
      if (const char quote = text_[at_]; quote == '"' || quote == '\'') {
        ++at_;
        value = take_until(std::string_view(&quote, 1));
        if (at_ == text_.size()) return false;
        ++at_;
      } else {
        value = take_until(" \t\n\r\f>");
      }
    }
    // The first of a name counts.
    if (tag.attributes.size() < kMostAttributes && find_field(tag.attributes, name) == nullptr)
      tag.attributes.push_back({std::move(name), std::string(value)});
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

// An attribute's value without references to characters. Nothing if it has others than "&amp;".
std::optional<std::string> plain(std::string_view value) {
  std::string text;
  while (!value.empty()) {
    constexpr std::string_view kAmp = "&amp;";
    if (value.starts_with(kAmp)) {
      text += '&';
      value.remove_prefix(kAmp.size());
      continue;
    }
    if (value.front() == '&') {
      const std::size_t end = std::min(value.find_first_not_of("#0123456789abcdefghijklmnopqrstuvwxyz"
                                                               "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
                                                               1),
                                       value.size());
      if (value.starts_with("&#") || (end < value.size() && value[end] == ';')) return std::nullopt;
    }
    text += value.front();
    value.remove_prefix(1);
  }
  return text;
}

// An address that a field can hold as it is (RFC 3986): https, http or relative.
bool is_address(std::string_view text) {
  if (text.empty() || text.size() > kMostAddressBytes) return false;
  if (std::ranges::any_of(text, [](char c) {
        return c <= ' ' || c > '~' || std::string_view("\"<>\\^`{|}").find(c) != std::string_view::npos;
      }))
    return false;
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon > text.find_first_of("/?#")) return true;
  const std::string scheme = lower_ascii(text.substr(0, colon));
  return scheme == "https" || scheme == "http";
}

bool has_word(std::string_view list, std::string_view word) {
  while (!list.empty()) {
    const std::size_t begin = std::min(list.find_first_not_of(" \t\n\r\f"), list.size());
    const std::size_t end = std::min(list.find_first_of(" \t\n\r\f", begin), list.size());
    if (same_name(list.substr(begin, end - begin), word)) return true;
    list.remove_prefix(end);
  }
  return false;
}

// ";name=value", quoted where it has to be. False: it cannot be said in a field.
bool add_parameter(std::string& link, std::string_view name, std::string_view value) {
  if (!std::ranges::all_of(value, [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; })) return false;
  link += "; " + std::string(name) + "=";
  link += http::is_token(value) ? std::string(value) : '"' + std::string(value) + '"';
  return true;
}

enum class Kind : std::uint8_t { kNone, kPreload, kModulePreload, kPreconnect, kStyle };

Kind kind_of(const Tag& tag) {
  // What an integrity covers is fetched again if the hint does not say it; what is chosen by the screen, we cannot choose.
  for (const std::string_view name : {"disabled", "integrity", "imagesrcset"}) {
    if (find_field(tag.attributes, name) != nullptr) return Kind::kNone;
  }
  const std::string_view rel = field_value(tag.attributes, "rel");
  if (has_word(rel, "preload")) return Kind::kPreload;
  if (has_word(rel, "modulepreload")) return Kind::kModulePreload;
  if (has_word(rel, "preconnect")) return Kind::kPreconnect;
  const std::string_view media = field_value(tag.attributes, "media");
  const bool is_for_all = media.empty() || same_name(media, "all") || same_name(media, "screen");
  if (has_word(rel, "stylesheet") && !has_word(rel, "alternate") && is_for_all) return Kind::kStyle;
  return Kind::kNone;
}

std::optional<std::string> link_of(const Tag& tag) {
  const Kind kind = kind_of(tag);
  const auto address = plain(trim(field_value(tag.attributes, "href")));
  if (kind == Kind::kNone || !address || !is_address(*address)) return std::nullopt;
  std::string link = "<" + *address + ">; rel=";
  link += kind == Kind::kPreconnect ? "preconnect" : kind == Kind::kModulePreload ? "modulepreload" : "preload";
  const std::string_view as = kind == Kind::kStyle ? "style" : field_value(tag.attributes, "as");
  if (kind == Kind::kPreload && !http::is_token(as)) return std::nullopt;
  if (kind != Kind::kPreconnect && !as.empty() && !add_parameter(link, "as", as)) return std::nullopt;
  if (const Field* const cross = find_field(tag.attributes, "crossorigin"))
    link += same_name(cross->value, "use-credentials") ? "; crossorigin=use-credentials" : "; crossorigin";
  constexpr std::array<std::string_view, 3> kAsTheyAre = {"type", "media", "fetchpriority"};
  for (const std::string_view name : kAsTheyAre) {
    if (kind == Kind::kPreconnect || (kind == Kind::kStyle && name == "media")) continue;
    const auto value = plain(field_value(tag.attributes, name));
    if (!value || (!value->empty() && !add_parameter(link, name, *value))) return std::nullopt;
  }
  return link;
}

}  // namespace

Fields early_hints(ByteView page) {
  TagReader reader(as_text(page.first(std::min(page.size(), kHintPageBytes))));
  Fields links;
  std::size_t bytes = 0;
  while (auto tag = reader.next()) {
    if (tag->name == "base") return {};
    if (tag->name == "body" || tag->name == "/head") break;
    constexpr std::array<std::string_view, 5> kOpaque = {"script", "style", "title", "noscript", "template"};
    if (std::ranges::find(kOpaque, tag->name) != kOpaque.end()) {
      if (!reader.skip_content(tag->name)) break;
      continue;
    }
    if (tag->name != "link") continue;
    auto link = link_of(*tag);
    if (!link || std::ranges::any_of(links, [&](const Field& known) { return known.value == *link; })) continue;
    bytes += link->size();
    if (links.size() == kMostHints || bytes > kMostHintBytes) break;
    links.push_back({"Link", *std::move(link)});
  }
  return links;
}

}  // namespace railgun::proxy
