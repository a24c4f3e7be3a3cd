// Versions of the bundled libraries: the system's updates do not reach those of a static program.
#pragma once

#include <string>

namespace railgun {

// Of the libraries of both programs, and of the compiler:
// "OpenSSL 3.0.15, libevent 2.1.12, …; compiler 12".
std::string library_versions();

}  // namespace railgun
