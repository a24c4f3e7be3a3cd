// Fuzzes: proxy
// The header that anyone may paste into `railgunctl decode`. What is read is written and read again, and must be the
// same.
#include <cstdint>
#include <string>

#include "railgund/base/bytes.h"
#include "railgund/base/check.h"
#include "railgund/proxy/cf_railgun.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace railgun;
  if (const auto header = proxy::parse_cf_railgun(as_text({data, size}))) {
    const std::string once = proxy::format_cf_railgun(*header);
    RAILGUN_CHECK(proxy::format_cf_railgun(proxy::parse_cf_railgun(once).value()) == once);
  }
  return 0;
}
