// Which addresses a connection may be made to: a visitor's Host chooses no inner one (doc/SECURITY.md). Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "railgund/base/result.h"
#include "railgund/proxy/effect.h"

namespace railgun::proxy {

// `address`: one that the name of `dial` stands for, as text. `own_hosts`: those of this daemon's certificate. The
// operator has named them, so they may be at an inner address, as in /etc/hosts.
bool may_connect(const Dial& dial, std::string_view address, const std::vector<std::string>& own_hosts);

// What a connection ends with that has no address left; `address`: one of those that it may not have.
Error inner_address_error(const Dial& dial, const std::string& address);

}  // namespace railgun::proxy
