#include "contents.h"

#include <cstdio>
#include <initializer_list>

#include "pair.h"

namespace railgun::sim {
namespace {

using std::chrono::seconds;

class Contents {
 public:
  Contents(std::uint64_t seed, bool verbose, const config::Config& listener_settings = {})
      : pair_(seed, listener_settings), verbose_(verbose) {
    pair_.origin.pauses = false;  // what is chosen by a page's first bytes shall have them
  }

  // What a visit made of the sender's counters.
  struct Visit {
    bool is_right = false;
    std::uint64_t found = 0, lost = 0, coded_bytes = 0;
  };
  Visit visit(const std::string& target, const std::string& cookie = {}) {
    const Visit before = count();
    const auto visitor = pair_.visit(target, {.cookie = cookie});
    pair_.run(seconds(1));
    Visit after = count();
    after.is_right = visitor->is_done() && visitor->outcome().kind == Outcome::Kind::kRight;
    after.found -= before.found;
    after.lost -= before.lost;
    after.coded_bytes -= before.coded_bytes;
    if (verbose_)
      std::printf("  %s for '%s': %s, found %d, lost %d, %llu bytes\n", target.c_str(), cookie.c_str(),
                  after.is_right ? "right" : "WRONG", static_cast<int>(after.found), static_cast<int>(after.lost),
                  static_cast<unsigned long long>(after.coded_bytes));
    return after;
  }
  // Empty if the visit went like this.
  std::string expect(const std::string& target, const std::string& cookie, std::uint64_t found,
                     std::uint64_t lost = 0) {
    const Visit seen = visit(target, cookie);
    const std::string who = "contents: " + target + " for '" + cookie + "'";
    if (!seen.is_right) return who + " was not answered";
    if (seen.found != found) return who + (found > 0 ? " was not found by content" : " was found by content");
    if (seen.lost != lost) return who + " was sent " + std::to_string(1 + seen.lost) + " times";
    // One that is found is the same page, and an empty delta for each piece in which the origin sends it.
    if (found > 0 && seen.coded_bytes > 100) return who + " took " + std::to_string(seen.coded_bytes) + " bytes";
    if (found == 0 && seen.coded_bytes < 500) return who + " took only " + std::to_string(seen.coded_bytes) + " bytes";
    return pair_.world.first_fault();
  }
  void lose_sender_cache() { pair_.sender_cache.clear(); }
  std::uint64_t requests_at_listener() const { return pair_.listener->counters().requests_started.get(); }

 private:
  Visit count() const {
    const proxy::Counters& counters = pair_.sender->counters();
    return {.found = counters.found_content.get(),
            .lost = counters.references_lost.get(),
            .coded_bytes = counters.coded_bytes.get()};
  }

  Pair pair_;
  bool verbose_;
};

struct Step {
  const char* target;
  const char* cookie;
  std::uint64_t found;
};
std::string run_steps(Contents& contents, std::initializer_list<Step> steps) {
  for (const Step& step : steps) {
    if (std::string fault = contents.expect(step.target, step.cookie, step.found); !fault.empty()) return fault;
  }
  return {};
}

// Folders differ, so that no page names another one as its kin.
std::string run_names(std::uint64_t seed, bool verbose) {
  Contents contents(seed, verbose);
  std::string fault = run_steps(contents, {{"/a/same/1", "", 0}, {"/b/x/same/1", "", 1}});
  if (!fault.empty()) return fault;
  contents.lose_sender_cache();
  if (fault = contents.expect("/c/same/1", "", 0, 1); !fault.empty()) return fault;
  if (fault = run_steps(contents, {{"/d/same/1", "", 1}, {"/a/same/2", "", 0}}); !fault.empty()) return fault;
  const std::uint64_t asked = contents.requests_at_listener();
  constexpr int kMadeUp = 20;
  for (int i = 0; i < kMadeUp; ++i) {
    const std::string number = std::to_string(i);
    if (!contents.visit("/" + std::string(1 + i % 7, 'm') + "/made-up/" + number).is_right)
      return "contents: a made-up name was not answered";
  }
  if (contents.requests_at_listener() != asked + kMadeUp) return "contents: a made-up name was asked for twice";
  return run_steps(contents, {{"/e/same/1", "", 1}, {"/f/same/2", "", 1}});
}

std::string run_visitors(std::uint64_t seed, bool verbose) {
  Contents contents(seed, verbose);
  return run_steps(contents, {
                                 {"/a/same/1", "s=ann", 0},
                                 // Hers alone.
                                 {"/b/same/1", "s=bob", 0},
                                 {"/c/same/1", "", 0},
                                 // What everybody may see is found for everybody.
                                 {"/d/same/1", "s=cid", 1},
                                 {"/a/same/2", "s=ann", 0},
                                 {"/e/same/2", "s=ann", 1},
                                 {"/f/same/2", "s=bob", 0},
                                 {"/g/same/2", "s=cid", 0},
                                 // The third visitor who is sent it at one address: it is no secret.
                                 {"/a/same/3", "s=ann", 0},
                                 {"/a/same/3", "s=bob", 0},
                                 {"/h/same/3", "s=dan", 0},
                                 {"/a/same/3", "s=cid", 0},
                                 {"/i/same/3", "s=eva", 1},
                             });
}

std::string run_other_rules(std::uint64_t seed, bool verbose) {
  config::Config listener;
  listener.isolate_visitors = false;
  Contents contents(seed, verbose, listener);
  return run_steps(contents, {{"/a/same/1", "s=ann", 0}, {"/b/same/1", "s=bob", 0}, {"/c/same/1", "s=ann", 0}});
}

}  // namespace

std::string run_contents(std::uint64_t seed, bool verbose) {
  std::string fault = run_names(seed, verbose);
  if (fault.empty()) fault = run_visitors(seed, verbose);
  if (fault.empty()) fault = run_other_rules(seed, verbose);
  return fault;
}

}  // namespace railgun::sim
