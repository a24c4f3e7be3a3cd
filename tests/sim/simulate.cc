// Runs pairs through storms, by seed: links cut, daemons killed, stores that lie, clients that stall, origins that break off,
// prepared state that leaves while it is used, a listener whose certificate is for another host. What must hold: a client
// gets the origin's bytes or an error, never a mixture; nothing stalls; no request ever holds more bytes than
// proxy/held_limits.h allows; every request is counted once; and when the storm is over, everything works again and pages
// cross as deltas. Then the same seed without a storm, while both daemons are replaced again and again by successors, as
// upgrades in place do: no request may fail. With every second of these seeds the versions are handed over, with the others
// they are lost. Some seeds run twice and must do the same both times; some also run through line_faults.h, contents.h,
// kin.h, late.h and fleet.h.
//
//   simulate --seeds N [--first SEED]     many; prints the seeds that failed
//   simulate --seed SEED                  one, with what happened
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "contents.h"
#include "fleet.h"
#include "kin.h"
#include "late.h"
#include "line_faults.h"
#include "storm.h"

namespace railgun::sim {
namespace {

// Every seed that this divides also has its lines fail.
constexpr std::uint64_t kLineEach = 10;
// Every seed that this divides also has pages known by their content; and visitors who leave.
constexpr std::uint64_t kContentsEach = 8;
constexpr std::uint64_t kLateEach = 3;
// And pages that are found by their addresses.
constexpr std::uint64_t kKinEach = 8;
// And senders and listeners that share a store.
constexpr std::uint64_t kFleetEach = 5;

// Every seed that this divides runs twice.
constexpr std::uint64_t kRepeatEach = 10;

bool run_seed(std::uint64_t seed, bool verbose, Counts& total) {
  Storm storm(seed, verbose);
  std::string fault = storm.run();
  if (fault.empty() && seed % kRepeatEach == 0) {
    Storm again(seed, false);
    if (!again.run().empty() || again.trace() != storm.trace()) fault = "the second run of this seed is another one";
  }
  if (fault.empty() && seed / 2 % 2 == 0) fault = Storm(seed, verbose).run_upgrades();
  if (fault.empty() && seed % kLineEach == 0) fault = run_line_faults(seed, verbose);
  if (fault.empty() && seed % kContentsEach == 0) fault = run_contents(seed, verbose);
  if (fault.empty() && seed % kLateEach == 0) fault = run_late(seed, verbose);
  if (fault.empty() && seed % kKinEach == 0) fault = run_kin(seed, verbose);
  if (fault.empty() && seed % kFleetEach == 0) fault = run_fleet(seed, verbose);
  total.right += storm.counts().right;
  total.errors += storm.counts().errors;
  total.cut += storm.counts().cut;
  total.deltas += storm.counts().deltas;
  total.prepared_drops += storm.counts().prepared_drops;
  if (!fault.empty()) std::printf("seed %llu: %s\n", static_cast<unsigned long long>(seed), fault.c_str());
  return fault.empty();
}

}  // namespace
}  // namespace railgun::sim

int main(int argc, char** argv) {
  std::uint64_t count = 100;
  std::uint64_t first = 100;
  bool one = false;
  for (int i = 1; i < argc; i += 2) {
    const std::string_view option = argv[i];
    const char* const text = i + 1 < argc ? argv[i + 1] : "";
    char* end = nullptr;
    const std::uint64_t value = std::strtoull(text, &end, 10);
    if (end == text || *end != '\0' || (option != "--seeds" && option != "--first" && option != "--seed")) {
      std::fprintf(stderr, "usage: simulate [--seeds COUNT] [--first SEED] | --seed SEED\n");
      return 2;
    }
    if (option == "--seeds") count = value;
    if (option == "--first") first = value;
    if (option == "--seed") one = true, first = value, count = 1;
  }
  railgun::sim::Counts total;
  std::size_t failed = 0, ran = 0;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    ++ran;
    failed += !railgun::sim::run_seed(seed, one, total);
  }
  std::printf(
      "%zu seeds, %zu failed: %zu right answers (%zu by delta), %zu errors, %zu cut; prepared state left %llu times\n",
      ran, failed, total.right, total.deltas, total.errors, total.cut,
      static_cast<unsigned long long>(total.prepared_drops));
  return failed == 0 ? 0 : 1;
}
