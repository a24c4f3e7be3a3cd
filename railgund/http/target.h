// What a request asks for: the forms of a target (RFC 9112 3.2) and the host.
#pragma once

#include <string>
#include <string_view>

#include "railgund/http/refusal.h"

namespace railgun::http {

struct Target {
  std::string path;  // origin-form, or "*"
  std::string host;  // lower case, with its port if one was written; empty if the target names none
  bool is_absolute = false;
  bool secure = false;  // of an absolute-form target
};

// Splits a target. Percent-encoding is left as it is, right or wrong: what it means is the origin's to say.
// Refuses forms that `method` does not have, user names, fragments, and hosts that cannot be one.
Judged<Target> split_target(std::string_view method, std::string_view target);

// A host as Host or a target names it: letters, digits, ".", "-", "_", or an IPv6 address in brackets, and a port or
// not. In lower case; an empty port is dropped.
Judged<std::string> parse_host(std::string_view text);

// Compares hosts as parse_host() gives them; the scheme's own port is as good as none.
bool same_host(std::string_view a, std::string_view b, bool secure);

}  // namespace railgun::http
