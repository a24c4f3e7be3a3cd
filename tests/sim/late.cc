#include "late.h"

#include <cstdio>
#include <memory>
#include <vector>

#include "pair.h"

namespace railgun::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Manners kLeaves{.leaves_after = 1};
// The timeout of a late answer, and what an origin takes to stop.
constexpr Duration kOver = proxy::LateAnswer::kTimeout + seconds(3);

std::string target(int number) { return "/late/same/" + std::to_string(number) + "/" + std::to_string(number * 7919); }

// Empty if the sender is at rest: each request has ended and nothing is held.
std::string at_rest(Pair& pair) {
  const proxy::Counters& counters = pair.sender->counters();
  const std::uint64_t held =
      counters.held_page.get() + counters.held_decoded.get() + counters.held_coded.get() + counters.held_upload.get();
  if (held != 0) return "late: " + std::to_string(held) + " bytes are held when nobody asks";
  if (pair.sender_cache.under_way_bytes() != 0) return "late: pages are under way when nobody asks";
  const std::uint64_t ended =
      counters.requests_completed.get() + counters.requests_failed.get() + counters.requests_aborted.get();
  if (counters.requests_started.get() != ended) return "late: a request has not ended";
  return pair.world.first_fault();
}

std::string run_next_visits(std::uint64_t seed, bool verbose) {
  Pair pair(seed);
  constexpr int kPages = 6;
  // An answer that comes in one piece is there before its visitor can leave: more pages, until one is not. On a long line
  // (pair.h) that may be all of them.
  constexpr int kMostPages = 60;
  const auto& late = pair.sender->counters().answers_late;
  for (int i = 0; i < kPages || (late.get() == 0 && i < kMostPages); ++i) {
    pair.visit(target(i), kLeaves);
    pair.run(kOver);
    const auto next = pair.visit(target(i));
    pair.run(seconds(2));
    if (verbose)
      std::printf("  late %s: %s, %llu late\n", target(i).c_str(), next->header().c_str(),
                  static_cast<unsigned long long>(late.get()));
    if (!next->is_done() || next->outcome().kind != Outcome::Kind::kRight)
      return "late: the next visitor is not served";
    if (!next->outcome().was_delta) return "late: the next visitor's answer is no delta";
  }
  if (late.get() == 0 && seed % 8 != 0) return "late: no answer was completed after its visitor had left";
  return at_rest(pair);
}

std::string run_many(std::uint64_t seed, bool cuts_link) {
  Pair pair(seed);
  constexpr int kVisitors = 3 * static_cast<int>(proxy::LateAnswer::kMost);
  std::vector<std::shared_ptr<Visitor>> visitors;
  for (int i = 0; i < kVisitors; ++i) visitors.push_back(pair.visit(target(i), kLeaves));
  if (cuts_link) {
    pair.run(milliseconds(50 + pair.world.dice.below(200)));
    pair.sender->core().cut_links("listener:2408", pair.world.now);
    pair.sender->settle();
  }
  pair.run(kOver);
  for (const auto& visitor : visitors) {
    if (!visitor->is_done()) return "late: a visitor who leaves waits";
  }
  if (std::string fault = at_rest(pair); !fault.empty()) return fault;
  const auto next = pair.visit(target(0));
  pair.run(seconds(5));
  if (!next->is_done() || next->outcome().kind != Outcome::Kind::kRight)
    return "late: the visitor after many is not served";
  return at_rest(pair);
}

}  // namespace

std::string run_late(std::uint64_t seed, bool verbose) {
  std::string fault = run_next_visits(seed, verbose);
  if (fault.empty()) fault = run_many(seed, false);
  if (fault.empty()) fault = run_many(seed, true);
  return fault;
}

}  // namespace railgun::sim
