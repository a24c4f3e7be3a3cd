// Fuzzes: net base
// Headers of the PROXY protocol. They come from trusted addresses, but a balancer may be wrong.
#include "railgund/base/check.h"
#include "railgund/net/proxy_protocol.h"

using namespace railgun;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes(data, size);
  const auto whole = net::decode_proxy_header(bytes);
  if (!whole) return 0;
  if (!*whole) {
    RAILGUN_CHECK(size < net::kMaxProxyHeaderBytes);
    return 0;
  }
  const std::size_t taken = (*whole)->bytes;
  RAILGUN_CHECK(taken > 0 && taken <= size && taken <= net::kMaxProxyHeaderBytes);
  // What follows changes nothing, and less is not enough.
  const auto alone = net::decode_proxy_header(bytes.first(taken));
  RAILGUN_CHECK(alone && *alone && (*alone)->bytes == taken);
  const auto cut = net::decode_proxy_header(bytes.first(taken - 1));
  RAILGUN_CHECK(cut && !*cut);
  return 0;
}
