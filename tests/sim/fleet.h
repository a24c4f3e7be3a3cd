// Three senders and two listeners of one site that share a store: what one edge has learned, the others use, and so does the
// listener that takes over.
#pragma once

#include <cstdint>
#include <string>

namespace railgun::sim {

// Empty if all of this holds, else what did not:
// - while listeners die, edges restart and the store forgets, every visitor gets the origin's bytes or an error;
// - when that is over, a page that one edge has asked for is a delta at the next edge that asks, and a page stays one when
//   its listener dies and the other one is asked: unless the store lies or is far away, or the caches are too small.
std::string run_fleet(std::uint64_t seed, bool verbose);

}  // namespace railgun::sim
