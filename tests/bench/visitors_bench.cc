// ./dev bench browser visitors: the memory that a sender takes for the dictionaries of an hour's visitors, and what of
// their pages it still knows when they come back. Drives proxy::Dictionaries, the shelf, the maker and the ledger as a
// worker does, on a virtual clock.
//   visitors_bench [VISITORS [ADDRESSES [MB]]]   (100000, 1000, the default of browser.pages_memory)
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

#include "railgund/base/text.h"
#include "railgund/proxy/dictionaries.h"

namespace railgun::proxy {
namespace {

constexpr std::size_t kPageBytes = 92'516;
constexpr int kVisits = 4;        // of each visitor
constexpr double kReturns = 0.5;  // of the visits but the first: to a page that the visitor has been sent
constexpr double kKnown = 0.3;    // of the visitors are logged in: a cookie, their name in the page
constexpr double kPause = 240;    // seconds between two visits, on average
constexpr double kHour = 3600;
constexpr double kPopularity = 1;  // Zipf's exponent

class Pages {
 public:
  explicit Pages(std::size_t addresses) : own_(addresses) {
    std::vector<std::string> words(900);
    for (std::string& word : words) {
      for (auto letters = 2 + random_() % 8; letters > 0; --letters) word += "aeioubcdfglmnprst"[random_() % 17];
    }
    const auto text_of = [&](std::size_t bytes) {
      std::string text;
      while (text.size() < bytes) {
        text += "<article id=s" + std::to_string(random_()) + "><p>";
        for (int i = 0; i < 40; ++i) text += words[random_() % words.size()] + ' ';
        text += "</p></article>\n";
      }
      text.resize(bytes);
      return text;
    };
    template_ = text_of(kPageBytes / 2);
    for (std::string& own : own_) own = text_of(kPageBytes / 2);
  }

  // Half of a page is the template's. 32 bytes are new in each answer; `name`: of the visitor, if he is known.
  std::string make(std::size_t address, const std::string& name) {
    std::string page = "<!doctype html><title>Page</title><p>Answer ";
    for (int i = 0; i < 32; ++i) page += "0123456789abcdef"[random_() % 16];
    if (!name.empty()) page += "</p>\n<p>Hello " + name + ", your token is " + std::to_string(random_()) + name;
    return page + "</p>\n" + template_ + own_[address];
  }

 private:
  std::mt19937 random_{1};
  std::string template_;
  std::vector<std::string> own_;
};

struct Visit {
  double second;
  std::uint32_t visitor;
};

std::vector<Visit> visits_of_an_hour(std::uint32_t visitors, std::mt19937& random) {
  std::uniform_real_distribution<double> begin(0, kHour);
  std::exponential_distribution<double> pause(1 / kPause);
  std::vector<Visit> all;
  for (std::uint32_t visitor = 0; visitor < visitors; ++visitor) {
    double second = begin(random);
    for (int i = 0; i < kVisits; ++i, second += pause(random)) all.push_back({second, visitor});
  }
  std::ranges::sort(all, {}, &Visit::second);
  return all;
}

struct Held {
  std::uint32_t address;
  dictionary::Hash hash;
};

std::string base64(ByteView bytes) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) group = group << 8 | (i + k < bytes.size() ? bytes[i + k] : 0U);
    for (std::size_t k = 0; k < 4; ++k) text += i + k <= bytes.size() ? kDigits[group >> (18 - 6 * k) & 63] : '=';
  }
  return text;
}

std::size_t resident_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) return std::strtoul(line.c_str() + 6, nullptr, 10) * 1024;
  }
  return 0;
}

http::Request request_of(std::uint32_t visitor, std::uint32_t address, bool is_known) {
  http::Request request;
  request.method = "GET";
  request.host = "site.test";
  request.target = "/articles/" + std::to_string(address);
  request.secure = true;
  request.fields = {{"X-Real-IP", "198." + std::to_string(visitor >> 16) + "." + std::to_string(visitor >> 8 & 255) +
                                      "." + std::to_string(visitor & 255)},
                    {"Accept-Encoding", "gzip, deflate, br, zstd, dcb, dcz"},
                    {"Sec-Fetch-Dest", "document"},
                    {"Sec-Fetch-Mode", "navigate"},
                    {"Sec-Fetch-Site", "none"},
                    {"Sec-CH-UA", R"("Chromium";v="156")"}};
  if (is_known) request.fields.push_back({"Cookie", "session=" + std::to_string(visitor)});
  return request;
}

http::Response response_of(std::size_t bytes) {
  http::Response response;
  response.status = 200;
  response.fields = {{"Content-Type", "text/html; charset=utf-8"}, {"Cache-Control", "private, no-cache"}};
  response.body = {.kind = http::BodyLength::Kind::kKnown, .bytes = bytes};
  return response;
}

int run(std::uint32_t visitors, std::size_t addresses, std::size_t pages_memory) {
  std::mt19937 random(7);
  Pages pages(addresses);
  const std::vector<Visit> visits = visits_of_an_hour(visitors, random);
  std::vector<double> weights;
  for (std::size_t i = 0; i < addresses; ++i) weights.push_back(1 / std::pow(static_cast<double>(i + 1), kPopularity));
  std::discrete_distribution<std::uint32_t> popular(weights.begin(), weights.end());
  std::vector<std::vector<Held>> held(visitors);

  config::Config config;
  config.browser_dictionary = config::BrowserDictionary::kPage;
  config.browser_pages_memory_bytes = pages_memory;
  const config::Site site{.host = "site.test", .listeners = {}, .origin = {}};
  dictionary::Shelf shelf({.bytes = config.browser_memory_bytes,
                           .share_among = config.browser_share_among,
                           .page_bytes = config.browser_pages_memory_bytes},
                          as_bytes("a key of the bench"));
  const Dictionaries dictionaries(shelf);
  const std::size_t resident_before = resident_bytes();
  std::size_t known = 0, returns = 0, by_site = 0, others = 0, most_resident = 0, most_ledger = 0, done = 0;
  std::uniform_real_distribution<double> chance(0, 1);
  for (const Visit& visit : visits) {
    const bool is_known = visit.visitor % 100 < kKnown * 100;
    std::vector<Held>& own = held[visit.visitor];
    const bool is_return = !own.empty() && chance(random) < kReturns;
    const std::uint32_t address = is_return ? own[random() % own.size()].address : popular(random);
    const std::string page = pages.make(address, is_known ? "visitor" + std::to_string(visit.visitor) : "");
    const Instant now{std::chrono::duration_cast<Duration>(std::chrono::duration<double>(visit.second))};
    http::Request request = request_of(visit.visitor, address, is_known);
    const auto before = std::ranges::find(own, address, &Held::address);
    if (before != own.end())
      request.fields.push_back({"Available-Dictionary", ":" + base64(before->hash) + ":"});
    else if (const auto current = shelf.current(dictionaries.begin(request, site, config, true).audience, now))
      request.fields.push_back({"Available-Dictionary", ":" + base64(current->hash()) + ":"});
    http::Response response = response_of(page.size());
    DictionaryUse use = dictionaries.begin(request, site, config, true);
    const KnownDictionary found = dictionaries.answer(use, request, response, config, now);
    (before != own.end() ? returns : others) += 1;
    if (found.dictionary != nullptr) (found.is_page ? known : by_site) += 1;
    Dictionaries::add(use, as_bytes(page));
    if (dictionaries.finish(use, request, now)) shelf.work(use.audience, now);
    const dictionary::Hash hash = dictionary::hash_of(as_bytes(page));
    if (before != own.end())
      before->hash = hash;
    else
      own.push_back({address, hash});
    most_ledger = std::max<std::size_t>(most_ledger, shelf.ledger().counts().page_bytes);
    if (++done % 1000 == 0) most_resident = std::max(most_resident, resident_bytes());
  }
  const double megabyte = 1 << 20;
  const auto percent = [](std::size_t part, std::size_t of) {
    return 100.0 * static_cast<double>(part) / static_cast<double>(std::max<std::size_t>(of, 1));
  };
  std::printf(
      "%u visitors in an hour, %zu visits, %zu addresses of one template, pages of %zu bytes, %.0f %% of the visitors "
      "logged in\n",
      visitors, visits.size(), addresses, kPageBytes, kKnown * 100);
  std::printf("ledger   %6.1f MB at most (browser.pages_memory %.0f MB), %llu pages in it at the end\n",
              static_cast<double>(most_ledger) / megabyte, static_cast<double>(pages_memory) / megabyte,
              static_cast<unsigned long long>(shelf.ledger().counts().pages));
  std::printf("shelf    %6.1f MB (browser.memory %.0f MB), %llu dictionaries\n",
              static_cast<double>(shelf.counts().bytes) / megabyte,
              static_cast<double>(config.browser_memory_bytes) / megabyte,
              static_cast<unsigned long long>(shelf.counts().dictionaries));
  std::printf("resident %6.1f MB more than before\n",
              static_cast<double>(most_resident - std::min(most_resident, resident_before)) / megabyte);
  std::printf(
      "%zu visits to a page that the browser had: %.1f %% coded against that page; the others like a first visit "
      "without dictionary\n",
      returns, percent(known, returns));
  std::printf("%zu visits to another page: %.1f %% coded against the site's dictionary\n", others,
              percent(by_site, others));
  return most_ledger <= pages_memory ? 0 : 1;
}

}  // namespace
}  // namespace railgun::proxy

int main(int count, char** words) {
  const auto number = [&](int place, std::size_t otherwise) {
    return count > place ? std::strtoul(words[place], nullptr, 10) : otherwise;
  };
  const std::size_t megabytes = number(3, railgun::config::Config().browser_pages_memory_bytes >> 20);
  return railgun::proxy::run(static_cast<std::uint32_t>(number(1, 100'000)), std::max(number(2, 1000), std::size_t{1}),
                             megabytes << 20);
}
