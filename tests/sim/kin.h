// One sender and one listener, and pages of a site whose addresses differ in numbers: what is found by the shape of an
// address, what a crawler does to that, and a listener that has lost references.
#pragma once

#include <cstdint>
#include <string>

namespace railgun::sim {

// Empty if all of this holds, else what did not:
// - a page is coded against one whose address differs in its numbers alone;
// - it still is after a crawler has asked for many more pages than there is room for;
// - it is not after both ends were purged, and is again after one more visit;
// - a visitor's own page is named for nobody else;
// - a listener that has lost some of the references named answers in the same exchange, and all is well afterwards.
std::string run_kin(std::uint64_t seed, bool verbose);

}  // namespace railgun::sim
