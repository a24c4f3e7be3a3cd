// Fuzzes: coding http base
// Pages that share text, coded one after the other by one workshop. Oracle: each is decoded to itself.
#include <algorithm>
#include <cstdint>

#include "railgund/base/check.h"
#include "railgund/coding/gzip_encoder.h"
#include "railgund/http/content_coding.h"

namespace {

using railgun::append;
using railgun::Bytes;
using railgun::ByteView;

constexpr std::size_t kStockBytes = 40'000;
constexpr std::size_t kMostCacheBytes = 60'000;

// The same text in every run, with repetitions of all lengths.
Bytes stock() {
  Bytes text;
  std::uint32_t state = 1;
  while (text.size() < kStockBytes) {
    state = state * 1'664'525 + 1'013'904'223;
    const std::size_t back = 1 + (state >> 8) % 20'000;
    if (back < text.size() && (state >> 30) != 0) {
      for (std::uint32_t count = 3 + (state >> 24) % 60; count > 0; --count) text.push_back(text[text.size() - back]);
    } else {
      text.push_back(static_cast<std::uint8_t>(state >> 16));
    }
  }
  return text;
}

void check(const std::shared_ptr<railgun::coding::GzipShop>& shop, ByteView page, std::size_t piece) {
  railgun::coding::GzipEncoder encoder(shop);
  railgun::http::GzipDecoder decoder;
  Bytes coded;
  for (ByteView rest = page; !rest.empty(); rest = rest.subspan(std::min(piece, rest.size()))) {
    encoder.write(rest.first(std::min(piece, rest.size())), coded);
  }
  encoder.finish(coded);
  RAILGUN_CHECK(decoder.receive(coded).has_value() && decoder.finished());
  const Bytes decoded = decoder.take();
  RAILGUN_CHECK(std::equal(decoded.begin(), decoded.end(), page.begin(), page.end()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Bytes kStock = stock();
  const auto shop = std::make_shared<railgun::coding::GzipShop>(6, kMostCacheBytes, railgun::as_bytes("key"));
  const ByteView input(data, size);
  Bytes page = kStock;
  for (int round = 0; round < 2; ++round) check(shop, page, page.size());
  // Six bytes are an edit: where, how much goes, how much of the stock and of the input comes instead.
  std::size_t edits = 0;
  for (ByteView rest = input; rest.size() >= 6 && edits < 12; rest = rest.subspan(6), ++edits) {
    const std::size_t at = (rest[0] * 256U + rest[1]) % page.size();
    const std::size_t end = std::min(page.size(), at + rest[2] * 16U);
    const std::size_t from = (rest[3] * 256U + rest[4]) % (kStock.size() - 256);
    Bytes with(kStock.begin() + static_cast<std::ptrdiff_t>(from),
               kStock.begin() + static_cast<std::ptrdiff_t>(from + rest[5]));
    append(with, rest.first(rest[5] % 6));
    page.erase(page.begin() + static_cast<std::ptrdiff_t>(at), page.begin() + static_cast<std::ptrdiff_t>(end));
    page.insert(page.begin() + static_cast<std::ptrdiff_t>(at), with.begin(), with.end());
    if (page.empty()) page = kStock;
    check(shop, page, rest[0] % 4 == 0 ? 1000 + rest[1] : page.size());
  }
  return 0;
}
