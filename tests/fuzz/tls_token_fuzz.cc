// Fuzzes: tls
#include "railgund/base/check.h"
#include "railgund/tls/token.h"

// Whatever decodes encodes to a text that decodes to the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace railgun;
  const Result<tls::Token> token = tls::decode_token(as_text({data, size}));
  if (!token) return 0;
  const Result<std::string> text = tls::encode_token(*token);
  RAILGUN_CHECK(text.has_value());
  const Result<tls::Token> again = tls::decode_token(*text);
  RAILGUN_CHECK(again.has_value() && *again == *token);
  return 0;
}
