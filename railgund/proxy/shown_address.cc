#include "railgund/proxy/shown_address.h"

#include <algorithm>

namespace railgun::proxy {

std::string shown_address(std::string_view address, config::LogQuery query) {
  const std::size_t mark = address.find('?');
  if (query == config::LogQuery::kAll || mark == std::string_view::npos || mark + 1 == address.size())
    return std::string(address);
  std::string shown(address.substr(0, mark + 1));
  if (query == config::LogQuery::kNone) return shown + "*";
  for (std::string_view rest = address.substr(mark + 1);;) {
    const std::size_t end = std::min(rest.find_first_of("&;"), rest.size());
    const std::string_view parameter = rest.substr(0, end);
    if (const std::size_t equals = parameter.find('='); equals != std::string_view::npos)
      shown += parameter.substr(0, equals + 1);
    if (!parameter.empty()) shown += '*';
    if (end == rest.size()) return shown;
    shown += rest[end];
    rest.remove_prefix(end + 1);
  }
}

}  // namespace railgun::proxy
