// Fuzzes: proxy
// Any page gives few short links, each of which a field can hold.
#include <algorithm>
#include <cstdint>

#include "railgund/base/check.h"
#include "railgund/http/syntax.h"
#include "railgund/proxy/early_hints.h"

using namespace railgun;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Fields links = proxy::early_hints({data, size});
  RAILGUN_CHECK(links.size() <= proxy::kMostHints);
  std::size_t bytes = 0;
  for (const Field& link : links) {
    bytes += link.value.size();
    RAILGUN_CHECK(http::is_field_value(link.value) && link.value.starts_with('<'));
    RAILGUN_CHECK(link.value.find(">; rel=") != std::string::npos);
    RAILGUN_CHECK(std::count(link.value.begin(), link.value.end(), '"') % 2 == 0);
  }
  RAILGUN_CHECK(bytes <= proxy::kMostHintBytes);
  return 0;
}
