// One sender, two listeners of one site, and lines that swallow everything for a while: how soon requests are answered
// then, and by whom.
#pragma once

#include <cstdint>
#include <string>

namespace railgun::sim {

// Empty if all of this holds, else what did not:
// - one listener, 3 to 9 s of darkness: every request is answered, within kBack after the line is back;
// - one listener, 40 s of darkness: every request ends within the link's timeouts, and new ones are answered within kBack
//   after the line is back;
// - the first of two listeners dies, or its line is dark: the second answers; once the first is back, it answers again.
std::string run_line_faults(std::uint64_t seed, bool verbose);

}  // namespace railgun::sim
