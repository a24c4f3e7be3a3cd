// Fuzzes: proxy
// The first byte chooses the decoder: what heads, trailers and greetings say of an exchange. What is read is written in the
// same way again.
#include <cstddef>
#include <cstdint>

#include "railgund/base/check.h"
#include "railgund/proxy/message_codec.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace railgun;
  if (size == 0) return 0;
  const ByteView bytes(data + 1, size - 1);
  switch (data[0] & 3) {
    case 0: {
      Fields fields{{":method", "GET"}, {":scheme", "http"}, {":authority", "site.test"}, {":path", "/"}};
      if (!bytes.empty() && (bytes[0] & 1) != 0) fields.push_back({":protocol", "websocket"});
      const auto ask = proxy::decode_ask(bytes, fields);
      if (!ask) return 0;
      RAILGUN_CHECK(ask->references.size() <= proxy::kMostReferences);
      const proxy::EncodedHead head = proxy::encode_ask(*ask);
      const auto again = proxy::decode_ask(head.prelude, head.fields);
      RAILGUN_CHECK(again && again->references == ask->references && again->lost == ask->lost &&
                    again->takes_found == ask->takes_found);
      return 0;
    }
    case 1: {
      const auto answer = proxy::decode_answer(bytes, {{":status", "200"}}, 3);
      if (!answer) return 0;
      RAILGUN_CHECK(!answer->reference || (*answer->reference < 3 && !answer->found));
      const proxy::EncodedHead head = proxy::encode_answer(*answer);
      const auto again = proxy::decode_answer(head.prelude, head.fields, 3);
      RAILGUN_CHECK(again && again->reference == answer->reference && again->found == answer->found &&
                    again->coding == answer->coding && again->is_first_visit == answer->is_first_visit);
      return 0;
    }
    case 2: {
      const auto trailer = proxy::decode_trailer(bytes);
      if (!trailer) return 0;
      const auto again = proxy::decode_trailer(proxy::encode_trailer(*trailer));
      RAILGUN_CHECK(again && again->kept == trailer->kept);
      return 0;
    }
    default:
      (void)proxy::decode_greeting(bytes);
      return 0;
  }
}
