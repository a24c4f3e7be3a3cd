// Fuzzes: config
// Any text is read or refused; whatever was read, a look-up gives at least one place with a port.
#include <algorithm>
#include <cstdint>
#include <string_view>

#include "railgund/base/bytes.h"
#include "railgund/base/check.h"
#include "railgund/config/origin_map.h"

using namespace railgun;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // The first line is the host that is looked up, the rest the map.
  const std::string_view text = as_text({data, size});
  const std::size_t end = std::min(text.find('\n'), text.size());
  const Result<config::OriginMap> map = config::parse_origin_map(text.substr(std::min(end + 1, text.size())), "fuzz");
  if (!map) {
    RAILGUN_CHECK(map.error().code == Errc::kInvalid && map.error().text.starts_with("fuzz:"));
    return 0;
  }
  for (const bool secure : {false, true}) {
    const config::MappedOrigin found = map->find(text.substr(0, end), secure);
    RAILGUN_CHECK(!found.targets.empty());
    RAILGUN_CHECK(!found.from_default || found.from_map);
    for (const config::OriginTarget& target : found.targets)
      RAILGUN_CHECK(target.endpoint.port != 0 || (is_unix_socket(target.endpoint) && !target.secure && found.from_map));
  }
  return 0;
}
