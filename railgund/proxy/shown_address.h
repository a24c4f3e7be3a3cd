// What logs show of an address: its query string may hold secrets (setting log.query). Pure.
#pragma once

#include <string>
#include <string_view>

#include "railgund/config/config.h"

namespace railgun::proxy {

// `address`: a request's target, or a whole URL. kNames: "/a?token=*&page=*"; a parameter without a name is its value,
// so it becomes "*". kNone: "/a?*".
std::string shown_address(std::string_view address, config::LogQuery query);

}  // namespace railgun::proxy
