// What is inside this program: a static one is not reached by the system's updates.
#pragma once

#include <string>

namespace railgun::ctl {

// One line: each library with the version that runs, and the compiler.
std::string library_versions();

}  // namespace railgun::ctl
