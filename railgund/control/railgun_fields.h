// The JSON of control::Railgun, which a sender's registry has in its file too. Included by .cc files only, as
// json_fields.h.
#pragma once

#include <array>

#include "railgund/control/json_fields.h"
#include "railgund/control/status.h"

namespace railgun::control {

constexpr auto words_of(RailgunStatus) {
  return std::to_array<Word<RailgunStatus>>(
      {{RailgunStatus::kWaiting, "INI"}, {RailgunStatus::kVerified, "V"}, {RailgunStatus::kDeleted, "D"}});
}

void fields(auto& visit, Railgun& value) {
  visit("name", value.name);
  visit("status", value.status);
  visit("enabled", value.enabled);
  visit("hosts", value.hosts);
  visit("uses_left", value.uses_left);
  visit("created", value.created);
  visit("expires", value.expires);
  visit("activated", value.activated);
  visit("deactivated", value.deactivated);
  visit("addresses", value.addresses);
  visit("serials", value.serials);
}

}  // namespace railgun::control
