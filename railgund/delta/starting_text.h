// A text that both ends know before the first page: words of HTML, CSS, JavaScript and data where pages have them
// (doc/DELTA_FORMAT.md, "The starting text"). A page without a reference can be coded against it. It belongs to the
// protocol: starting_text.py made it, and it never changes.
#pragma once

#include <memory>

#include "railgund/delta/reference.h"

namespace railgun::delta {

// Prepared for both tiers, which takes about 10 ms and 3 MB when it is first asked for. Any thread may ask.
const std::shared_ptr<const Reference>& starting_text();

}  // namespace railgun::delta
