#include "railgund/proxy/dictionaries.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "railgund/base/text.h"
#include "railgund/coding/accept_encoding.h"
#include "railgund/coding/rules.h"
#include "railgund/config/value.h"
#include "railgund/dictionary/freshness.h"
#include "railgund/dictionary/pattern.h"
#include "railgund/dictionary/request.h"
#include "railgund/http/syntax.h"
#include "railgund/page/page_key.h"
#include "railgund/proxy/forwarding.h"

namespace railgun::proxy {
namespace {

// With which an origin switches dictionaries off for one answer.
constexpr std::string_view kSwitch = "railgun-dictionary";
// A browser keeps a dictionary as long as it is fresh.
constexpr std::string_view kFreshness = "public, max-age=604800, immutable";
// The level of zstd for scripts and styles against an earlier version.
constexpr int kFileLevel = 9;

page::RequestKeys keys_for(const http::Request& request, std::string_view target, const config::Config& config) {
  const page::Isolation isolation = {.visitors = true,
                                     .ignored_cookies = config.isolate_ignore_cookies,
                                     .cookies = config.isolate_cookies,
                                     .fields = config.isolate_headers,
                                     .authorization = config.isolate_authorization};
  return page::request_keys(request.secure, request.host, target, request.fields, isolation);
}

dictionary::Audience audience_of(const http::Request& request, const config::Config& config) {
  const page::RequestKeys keys = keys_for(request, "/", config);
  return {.site = keys.own.site, .group = keys.everybodys().address};
}

bool is_html(const http::Response& response) {
  const std::string_view type = field_value(response.fields, "content-type");
  return response.status == 200 && same_name(http::trim_blanks(type.substr(0, type.find(';'))), "text/html");
}

bool names_dictionary(const http::Response& response) {
  if (find_field(response.fields, "use-as-dictionary") != nullptr) return true;
  return std::ranges::any_of(response.fields, [](const Field& field) {
    return same_name(field.name, "link") &&
           lower_ascii(field.value).find("compression-dictionary") != std::string::npos;
  });
}

// Has the browser keep the page as a dictionary for its own address. False: it may not.
bool keep_page(const http::Request& request, http::Response& response) {
  // What the browser has is kept for longer.
  if (response.status == 304) {
    dictionary::make_keepable(response.fields);
    return false;
  }
  const auto pattern = dictionary::pattern_of(request.target);
  if (request.method != "GET" || !is_html(response) || !pattern ||
      find_field(response.fields, "content-encoding") != nullptr || !dictionary::make_keepable(response.fields)) {
    return false;
  }
  response.fields.push_back({"Use-As-Dictionary", "match=\"" + *pattern + R"(", match-dest=("document"))"});
  return true;
}

// Has the browser keep a script or style as a dictionary for its next version. Changes nothing in what the origin said
// about caching.
bool keep_file(const http::Request& request, std::string_view destination, const std::string& pattern,
               http::Response& response) {
  if (request.method != "GET" || response.status != 200 || find_field(request.fields, "authorization") != nullptr ||
      find_field(response.fields, "content-encoding") != nullptr ||
      !dictionary::is_fresh_for_everybody(response.fields)) {
    return false;
  }
  response.fields.push_back(
      {"Use-As-Dictionary", "match=\"" + pattern + R"(", match-dest=(")" + std::string(destination) + R"("))"});
  return true;
}

// The same text, prepared: what is coded against it has changed more than a page does from one answer to the next.
// A browser keeps the file for long, so it may take 1 to 3 ms; it has 5 to 30 % fewer bytes than at level 3.
dictionary::DictionaryPtr well_prepared(const dictionary::DictionaryPtr& found) {
  if (found == nullptr) return nullptr;
  return std::make_shared<const dictionary::Dictionary>(to_bytes(found->bytes()), found->hash(), kFileLevel);
}

// The visitor has another cookie after the answer. Nobody gets a new name by one that is deleted (Max-Age=0), or that is
// what it was: some applications send it with each answer.
bool gives_another_cookie(const http::Request& request, const http::Response& response) {
  const auto has = [&](std::string_view cookie) {
    return std::ranges::any_of(request.fields, [&](const Field& field) {
      return same_name(field.name, "cookie") &&
             std::ranges::any_of(split(field.value, ";"), [&](std::string_view own) { return trim(own) == cookie; });
    });
  };
  return std::ranges::any_of(response.fields, [&](const Field& field) {
    if (!same_name(field.name, "set-cookie")) return false;
    const auto parts = split(field.value, ";");
    const bool is_deleted = std::ranges::any_of(parts, [](auto part) { return same_name(trim(part), "max-age=0"); });
    return !parts.empty() && !is_deleted && !has(trim(parts.front()));
  });
}

// A sample of this answer, without its text; nothing if it is for one visitor alone.
std::optional<dictionary::Sample> sample_of(const http::Request& request, const http::Response& response,
                                            const config::Config& config) {
  if (request.method != "GET" || !is_html(response) || !keep_of(request, response, config.reference_no_store) ||
      find_field(request.fields, "authorization") != nullptr ||
      find_field(response.fields, "content-encoding") != nullptr) {
    return std::nullopt;
  }
  const page::RequestKeys keys = keys_for(request, request.target, config);
  const bool gives_cookie = gives_another_cookie(request, response);
  // Cookies that change with each answer would make many visitors of one.
  if (gives_cookie && keys.is_private()) return std::nullopt;
  dictionary::Sample sample;
  sample.network = hash128(as_bytes(config::network_of(visitor_address(request.fields))));
  sample.credentials = keys.is_private() ? keys.visitor : sample.network;
  sample.is_public = !keys.is_private() && !gives_cookie &&
                     !coding::has_directive(response.fields, "cache-control", "private") &&
                     !coding::has_directive(response.fields, "cache-control", "no-store");
  return sample;
}

}  // namespace

DictionaryUse Dictionaries::begin(http::Request& request, const config::Site& site, const config::Config& config,
                                  bool is_from_trusted_proxy) const {
  DictionaryUse use;
  const config::BrowserDictionary way = site.dictionary.value_or(config.browser_dictionary);
  if (way == config::BrowserDictionary::kOff || (request.method != "GET" && request.method != "HEAD") ||
      !request.upgrade.empty() || !dictionary::is_secure_context(request, is_from_trusted_proxy)) {
    return use;
  }
  use.is_on = true;
  use.is_document = dictionary::is_document(request.fields);
  use.is_offered = use.is_document && dictionary::fetches_dictionaries(request.fields);
  use.varies_by_destination = way == config::BrowserDictionary::kPage;
  use.takes_pages = use.varies_by_destination && use.is_document &&
                    find_field(request.fields, "authorization") == nullptr &&
                    dictionary::chromium_version(request.fields) >= dictionary::kTestedChromium;
  use.audience = audience_of(request, config);
  const bool is_own_reader = dictionary::is_own_reader(request.fields);
  if (is_own_reader) use.file = dictionary::file_destination(request.fields);
  if (is_own_reader && coding::read_accept_encoding(request.fields).of(coding::Coding::kDcz) > 0) {
    use.held = dictionary::read_available_dictionary(request.fields);
  }
  // Other bytes with each visitor, for nobody behind the sender.
  remove_fields(request.fields, "available-dictionary");
  remove_fields(request.fields, "dictionary-id");
  return use;
}

dictionary::DictionaryPtr Dictionaries::asked_for(const http::Request& request, const DictionaryUse& use) const {
  if (!use.is_on || !request.target.starts_with(kPath)) return nullptr;
  const auto bytes = from_hex(std::string_view(request.target).substr(kPath.size()));
  dictionary::Hash hash{};
  if (!bytes || bytes->size() != hash.size()) return nullptr;
  std::ranges::copy(*bytes, hash.begin());
  return shelf_.find_for_site(use.audience.site, hash);
}

http::Response Dictionaries::head_of(const dictionary::Dictionary& dictionary) {
  http::Response response;
  response.status = 200;
  response.fields = {{"Content-Type", "text/plain; charset=utf-8"},
                     {"X-Content-Type-Options", "nosniff"},
                     {"Cache-Control", std::string(kFreshness)},
                     {"Use-As-Dictionary", R"(match="/*", match-dest=("document"))"}};
  response.body = {.kind = http::BodyLength::Kind::kKnown, .bytes = dictionary.bytes().size()};
  return response;
}

KnownDictionary Dictionaries::answer(DictionaryUse& use, const http::Request& request, http::Response& response,
                                     const config::Config& config, Instant now) const {
  if (!use.is_on) return {};
  const bool is_switched_off = same_name(field_value(response.fields, kSwitch), "off");
  remove_fields(response.fields, kSwitch);
  if (is_switched_off) return {};
  KnownDictionary known{.varies = true};
  const bool has_own = names_dictionary(response);
  if (use.held) known.dictionary = shelf_.find(use.audience, *use.held);
  if (use.takes_pages) {
    const page::RequestKeys keys = keys_of(request, config);
    if (use.held && known.dictionary == nullptr) {
      known.dictionary = shelf_.ledger().find(keys.own.address, *use.held);
      known.is_page = known.dictionary != nullptr;
    }
    if (!has_own && keep_page(request, response)) {
      const page::RequestKeys after = keys_after(request, response, config, keys);
      use.kept = {.address = after.own.page, .page_template = after.everybodys().sibling, .place = after.own.address};
    }
  }
  if (const auto pattern = use.file.empty() ? std::nullopt : dictionary::pattern_of_versions(request.target)) {
    // All versions have one key, whoever asks.
    const page::PageKeys keys = keys_for(request, *pattern, config).everybodys();
    if (use.held && known.dictionary == nullptr) {
      known.dictionary = well_prepared(shelf_.ledger().find(keys.address, *use.held));
      known.is_file = known.dictionary != nullptr;
    }
    if (!has_own && keep_file(request, use.file, *pattern, response))
      use.kept = {.address = keys.page, .page_template = keys.sibling, .place = keys.address};
  }
  if (use.varies_by_destination && (is_html(response) || response.status == 304))
    coding::add_to_vary(response.fields, "Sec-Fetch-Dest");
  if (use.is_offered && is_html(response) && !has_own) {
    const dictionary::DictionaryPtr current = shelf_.current(use.audience, now);
    if (current != nullptr && current->hash() != use.held) {
      response.fields.push_back(
          {"Link", "<" + std::string(kPath) + to_hex(current->hash()) + R"(>; rel="compression-dictionary")"});
    }
  }
  if (shelf_.wants_sample(use.audience, now)) use.sample = sample_of(request, response, config);
  return known;
}

void Dictionaries::add(DictionaryUse& use, ByteView piece) {
  if (!use.sample && !use.kept) return;
  if (use.text.size() + piece.size() > dictionary::Shelf::kMostSampleBytes) {
    use.keep_nothing();
    return;
  }
  append(use.text, piece);
}

bool Dictionaries::finish(DictionaryUse& use, const http::Request& request, Instant now) const {
  if (use.kept) shelf_.ledger().add(*use.kept, dictionary::hash_of(use.text), use.text);
  use.kept.reset();
  if (!use.sample) return false;
  dictionary::Sample sample = *std::exchange(use.sample, std::nullopt);
  sample.text = std::exchange(use.text, {});
  return shelf_.add(use.audience, hash128(as_bytes(request.target)), std::move(sample), now);
}

}  // namespace railgun::proxy
