// Ten thousand idle clients are a bar of the product: what one connection holds between requests is counted here, by
// counting what is allocated and freed.
#include <cstdlib>
#include <new>

#include <gtest/gtest.h>
#include <malloc.h>

#include "railgund/http/server_connection.h"

namespace {

std::size_t live_bytes = 0;

void* counted_new(std::size_t size) {
  void* memory = std::malloc(size);
  if (memory == nullptr) std::abort();
  live_bytes += malloc_usable_size(memory);
  return memory;
}

void counted_delete(void* memory) noexcept {
  if (memory == nullptr) return;
  live_bytes -= malloc_usable_size(memory);
  std::free(memory);
}

}  // namespace

void* operator new(std::size_t size) { return counted_new(size); }
void operator delete(void* memory) noexcept { counted_delete(memory); }
void operator delete(void* memory, std::size_t) noexcept { counted_delete(memory); }

namespace railgun::http {
namespace {

TEST(IdleMemory, OfAServerConnectionIsSmallBeforeAndAfterAnExchange) {
  constexpr std::size_t kMost = 600;
  const std::size_t before = live_bytes;
  ServerConnection connection({}, false, Instant{});
  EXPECT_GT(live_bytes, before);
  EXPECT_LE(live_bytes - before, kMost);

  const std::string request = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 50000\r\n\r\n" + std::string(50'000, 'x');
  const Bytes body(50'000);
  const std::size_t outside = live_bytes;
  for (int i = 0; i < 3; ++i) {
    for (std::size_t at = 0; at < request.size(); at += 1000) {
      connection.receive(as_bytes(std::string_view(request).substr(at, 1000)), Instant{});
    }
    while (connection.poll()) {
    }
    connection.send_response({.status = 200, .body = {BodyLength::Kind::kChunked}}, Instant{});
    connection.send_body(body, Instant{});
    connection.send_end(Instant{});
    EXPECT_GT(live_bytes - outside, body.size());
    while (connection.wants_write()) {
      Bytes piece;
      connection.pull(piece, 16 * 1024, Instant{});
    }
  }
  EXPECT_EQ(live_bytes, outside);
}

}  // namespace
}  // namespace railgun::http
