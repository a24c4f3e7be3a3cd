#include "railgund/proxy/address_rule.h"

#include "railgund/config/address_class.h"
#include "railgund/proxy/peers.h"

namespace railgun::proxy {

bool may_connect(const Dial& dial, std::string_view address, const std::vector<std::string>& own_hosts) {
  if (!dial.public_only || config::is_public_address(address)) return true;
  return !own_hosts.empty() && allows(own_hosts, dial.endpoint.host);
}

Error inner_address_error(const Dial& dial, const std::string& address) {
  const std::string& host = dial.endpoint.host;
  return {Errc::kInvalid, host + " is at the inner address " + address +
                              ", which only the map file may choose: add the line " + host + " = " + address};
}

}  // namespace railgun::proxy
