// Visitors who leave in the middle of an answer: what both ends keep of it all the same.
#pragma once

#include <cstdint>
#include <string>

namespace railgun::sim {

// Empty if all of this holds, else what did not:
// - of an answer of which little is missing the rest is taken, and the next visitor's is a delta;
// - many who leave at once make the sender take no more than LateAnswer::kMost answers, and hold nothing afterwards;
// - if the link is lost meanwhile, nothing is kept and nothing hangs.
std::string run_late(std::uint64_t seed, bool verbose);

}  // namespace railgun::sim
