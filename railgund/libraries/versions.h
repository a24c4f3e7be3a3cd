// What is inside our programs: a static one is not reached by the system's updates.
#pragma once

#include <string>

namespace railgun {

// Of the libraries that both programs are made with, and the compiler: "OpenSSL 3.0.15, libevent 2.1.12, …; compiler
// 12".
std::string library_versions();

}  // namespace railgun
