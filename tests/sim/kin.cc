#include "kin.h"

#include <algorithm>
#include <cstdio>

#include "pair.h"

namespace railgun::sim {
namespace {

using std::chrono::seconds;

// Of either end. A page of the origin's has 1 to 40 KB that are hardly made smaller.
constexpr std::size_t kCacheBytes = 2 << 20;
constexpr int kCrawled = 400;

class Site {
 public:
  Site(std::uint64_t seed, bool verbose) : pair_(seed), verbose_(verbose) {
    pair_.origin.pauses = false;  // what is chosen by a page's first bytes shall have them
    for (page::Cache* cache : {&pair_.sender_cache, &pair_.listener_cache})
      cache->set_limits({.bytes = kCacheBytes, .prepared_share_bytes = kCacheBytes / 5});
  }

  // Empty if the page came as it should, in one exchange. `is_found`: coded against one of the same shape; a page that is the
  // same takes a few bytes.
  std::string visit(const std::string& target, bool is_found, const std::string& cookie = {}) {
    const std::uint64_t found = counters().found_shape.get();
    const std::uint64_t named = counters().references_named.get();
    if (std::string fault = ask(target, cookie); !fault.empty()) return fault;
    const bool was_found = counters().found_shape.get() > found;
    if (verbose_)
      std::printf("  %s for '%s': %s, %s\n", target.c_str(), cookie.c_str(), was_found ? "found" : "not found",
                  counters().references_named.get() > named ? "named" : "nothing named");
    if (was_found != is_found)
      return "kin: " + target + (was_found ? " was found" : " was not found") + " by its shape";
    return {};
  }

  std::string ask(const std::string& target, const std::string& cookie = {}) {
    const std::uint64_t asked = pair_.listener->counters().requests_started.get();
    const std::uint64_t lost = counters().references_lost.get();
    const auto visitor = pair_.visit(target, {.cookie = cookie});
    pair_.run(seconds(1));
    if (!visitor->is_done() || visitor->outcome().kind != Outcome::Kind::kRight)
      return "kin: " + target + " was not answered: " + visitor->outcome().text;
    // Once, and once more if the listener found a version by its content that the sender has evicted.
    const std::uint64_t again = counters().references_lost.get() - lost;
    if (pair_.listener->counters().requests_started.get() != asked + 1 + again)
      return "kin: " + target + " was asked for too often";
    was_delta_ = visitor->outcome().was_delta;
    return pair_.world.first_fault();
  }

  void purge() {
    pair_.sender_cache.clear();
    pair_.listener_cache.clear();
  }
  void lose_at_listener() { pair_.listener_cache.clear(); }
  bool was_delta() const { return was_delta_; }
  std::size_t most_bytes() const {
    return std::max(pair_.sender_cache.counters().bytes, pair_.listener_cache.counters().bytes);
  }

 private:
  const proxy::Counters& counters() const { return pair_.sender->counters(); }

  Pair pair_;
  bool verbose_;
  bool was_delta_ = false;
};

std::string build(int number) { return "/build-" + std::to_string(1000 + number) + "/same/1"; }

std::string run_shapes(std::uint64_t seed, bool verbose) {
  Site site(seed, verbose);
  if (std::string fault = site.visit(build(0), false); !fault.empty()) return fault;
  for (int i = 1; i < 6; ++i) {
    if (std::string fault = site.visit(build(i), true); !fault.empty()) return fault;
  }
  // A crawler: each page once, in folders of its own. The site's own visitors go on meanwhile.
  for (int i = 0; i < kCrawled; ++i) {
    std::string folder;
    for (int left = i; folder.size() < 3; left /= 26) folder.push_back(static_cast<char>('a' + left % 26));
    if (std::string fault = site.ask("/" + folder + "/same/" + std::to_string(100 + i)); !fault.empty()) return fault;
    if (i % 50 == 49) {
      if (std::string fault = site.visit(build(100 + i), true); !fault.empty()) return fault + ", behind a crawler";
    }
  }
  if (site.most_bytes() > kCacheBytes + kCacheBytes / 8) return "kin: a crawler fills more than the cache";
  site.purge();
  if (std::string fault = site.visit(build(1000), false); !fault.empty()) return fault + ", after a purge";
  return site.visit(build(1001), true);
}

std::string run_visitors(std::uint64_t seed, bool verbose) {
  Site site(seed, verbose);
  std::string fault = site.visit(build(0), false, "s=ann");
  if (fault.empty()) fault = site.visit(build(1), true, "s=ann");
  if (fault.empty()) fault = site.visit(build(2), false, "s=bob");
  if (fault.empty()) fault = site.visit(build(3), false);
  // What everybody was sent may be everybody's.
  if (fault.empty()) fault = site.visit(build(4), true, "s=cid");
  return fault;
}

std::string run_lost(std::uint64_t seed, bool verbose) {
  Site site(seed, verbose);
  std::string fault = site.ask("/news/1");
  if (fault.empty()) fault = site.ask("/news/1");
  if (fault.empty() && !site.was_delta()) return "kin: a page that was sent before is no delta";
  site.lose_at_listener();
  // Named are the other pages of its shape, all lost; then its own version, lost, and the others', of which one is there.
  if (fault.empty()) fault = site.ask("/news/2");
  if (fault.empty()) fault = site.ask("/news/1");
  if (fault.empty()) fault = site.ask("/news/1");
  if (fault.empty() && !site.was_delta()) return "kin: a page is no delta after the listener has lost its version once";
  return fault;
}

}  // namespace

std::string run_kin(std::uint64_t seed, bool verbose) {
  std::string fault = run_shapes(seed, verbose);
  if (fault.empty()) fault = run_visitors(seed, verbose);
  if (fault.empty()) fault = run_lost(seed, verbose);
  return fault;
}

}  // namespace railgun::sim
