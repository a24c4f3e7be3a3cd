// Fuzzes: control
// What anyone may send to a sender's activation port, and what a listener may be answered.
#include <cstdint>
#include <string>

#include "railgund/base/bytes.h"
#include "railgund/base/check.h"
#include "railgund/control/activation_message.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace railgun;
  const std::string_view text = as_text({data, size});
  if (const auto request = control::parse_activation_request(text)) {
    RAILGUN_CHECK(control::parse_activation_request(control::format_activation_request(*request)) == *request);
  }
  if (const auto answer = control::parse_activation_answer(text)) {
    RAILGUN_CHECK(control::parse_activation_answer(control::format_activation_answer(*answer)) == *answer);
  }
  return 0;
}
