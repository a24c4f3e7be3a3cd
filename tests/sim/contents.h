// One sender and one listener, and pages that are the same under several names: what the listener finds by content, for
// whom, and what happens when the sender has lost it.
#pragma once

#include <cstdint>
#include <string>

namespace railgun::sim {

// Empty if all of this holds, else what did not:
// - a page that the sender has under another name crosses as a delta;
// - if the sender has lost it, the request is sent twice, once; then the page is found again;
// - names that a stranger makes up displace nothing;
// - a visitor's own page is found for that visitor alone, until several visitors were sent it;
// - two ends that keep visitors apart by different rules find nothing.
std::string run_contents(std::uint64_t seed, bool verbose);

}  // namespace railgun::sim
