// Fuzzes: control
// Lines that anyone with the group's right may send to the control socket, and what a daemon may answer. What is read
// is written and read again, and must be the same.
#include <cstdint>
#include <string>

#include "railgund/base/bytes.h"
#include "railgund/base/check.h"
#include "railgund/control/message.h"
#include "railgund/control/status.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace railgun;
  const std::string_view text = as_text({data, size});
  if (const auto request = control::parse_request(text)) {
    const auto again = control::parse_request(control::format_request(*request));
    RAILGUN_CHECK(again && *again == *request);
  }
  if (const auto answer = control::parse_answer(text)) {
    if (const auto status = control::from_json<control::Status>(*answer)) {
      const std::string once = control::to_json(*status);
      RAILGUN_CHECK(control::to_json(control::from_json<control::Status>(once).value()) == once);
    }
  }
  return 0;
}
