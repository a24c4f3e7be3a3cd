#include "railgunctl/savings/recorder.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <fstream>
#include <string_view>

#include "railgunctl/probe/fetch.h"
#include "railgund/net/clock.h"
#include "railgund/tls/context.h"

namespace railgun::ctl {
namespace {

constexpr std::size_t kNameBytes = 100;
// Nobody leads on for longer than this without going in circles.
constexpr int kMostRedirects = 5;

Result<http::Target> target_of(const std::string& url) {
  auto target = http::split_target("GET", url);
  if (!target || !target->is_absolute)
    return fail(Errc::kInvalid, "expected http://HOST/… or https://HOST/…, not '" + url + "'");
  return *std::move(target);
}

Result<Fetched> fetch_page(const http::Target& target, Instant deadline) {
  auto endpoint = parse_endpoint(target.host, target.secure ? 443 : 80);
  if (!endpoint) return std::unexpected(endpoint.error());
  FetchOptions options{.endpoint = *endpoint,
                       .server_name = endpoint->host,
                       .request = {.method = "GET",
                                   .target = target.path,
                                   .host = target.host,
                                   .secure = target.secure,
                                   .fields = {{"User-Agent", "railgunctl-savings/" RAILGUN_VERSION},
                                              {"Accept", "*/*"},
                                              {"Accept-Encoding", "gzip"}}}};
  if (target.secure) {
    auto context = tls::make_origin_context({});
    if (!context) return std::unexpected(context.error());
    options.context = *context;
  }
  Fetched fetched = fetch(options, deadline);
  if (fetched.error) return std::unexpected(*fetched.error);
  return fetched;
}

// Where a redirection leads: another URL, or a path of the same host.
Result<http::Target> next_target(const http::Target& target, const Fetched& answer) {
  const std::string location(field_value(answer.fields, "location"));
  if (!location.starts_with('/')) return target_of(location);
  http::Target next = target;
  next.path = location;
  return next;
}

// Of files that are called by a number; 0: none.
unsigned last_number(const std::filesystem::path& folder) {
  unsigned last = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().stem().string();
    unsigned number = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (error == std::errc() && end == name.data() + name.size()) last = std::max(last, number);
  }
  return last;
}

}  // namespace

std::string page_name(const http::Target& target) {
  std::string name = target.host + target.path;
  for (char& c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.';
    if (!plain) c = '-';
  }
  name.erase(std::unique(name.begin(), name.end(), [](char a, char b) { return a == '-' && b == '-'; }), name.end());
  name.resize(std::min(name.size(), kNameBytes));
  while (name.ends_with('-')) name.pop_back();
  return name;
}

Result<Recorder> Recorder::open(const std::string& url, const std::filesystem::path& folder) {
  auto target = target_of(url);
  if (!target) return std::unexpected(target.error());
  Recorder recorder;
  recorder.folder_ = folder / page_name(*target);
  recorder.target_ = *std::move(target);
  std::error_code error;
  std::filesystem::create_directories(recorder.folder_, error);
  if (error) return fail(Errc::kUnavailable, recorder.folder_.string() + ": " + error.message());
  recorder.last_ = last_number(recorder.folder_);
  return recorder;
}

Result<Recorder::Recorded> Recorder::record(Duration timeout) {
  const Instant deadline = net::steady_now() + timeout;
  http::Target target = target_;
  for (int leads = 0;; ++leads) {
    auto answer = fetch_page(target, deadline);
    if (!answer) return std::unexpected(answer.error());
    if (answer->status == 200) {
      char number[16];
      std::snprintf(number, sizeof(number), "%04u", last_ + 1);
      const std::filesystem::path file = folder_ / number;
      std::ofstream out(file, std::ios::binary);
      out.write(answer->body.data(), static_cast<std::streamsize>(answer->body.size()));
      out.close();
      if (!out) return fail(Errc::kUnavailable, file.string() + ": cannot be written");
      ++last_;
      return Recorded{file, answer->body.size()};
    }
    const std::string what = "answer " + std::to_string(answer->status) + " " + answer->reason;
    if (answer->status < 301 || answer->status > 308 || answer->status == 304) return fail(Errc::kDenied, what);
    auto next = next_target(target, *answer);
    if (!next || leads == kMostRedirects) return fail(Errc::kDenied, what + ", a redirect that cannot be followed");
    target = *std::move(next);
  }
}

}  // namespace railgun::ctl
