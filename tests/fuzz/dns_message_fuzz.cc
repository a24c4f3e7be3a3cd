// Fuzzes: net base
// Answers of name servers, which anyone on the way may have written.
#include "railgund/base/check.h"
#include "railgund/net/dns_message.h"

using namespace railgun;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto answer = net::decode_dns_answer({data, size});
  if (answer) RAILGUN_CHECK(answer->addresses.size() <= net::kMaxDnsAddresses);
  Bytes question;
  (void)net::encode_dns_question(1, as_text(ByteView(data, size)), net::DnsType::kIpv4, question);
  RAILGUN_CHECK(question.size() <= 12 + 255 + 4);
  return 0;
}
