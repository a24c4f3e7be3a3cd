// How fast the encoders for visitors are, and how small their output: build/release/bin/coding_bench. The page is like
// that of ./dev bench: 92,516 bytes, 32 of them new each time.
#include <random>
#include <string>

#include <benchmark/benchmark.h>

#include "railgund/coding/encoder.h"

namespace railgun::coding {
namespace {

constexpr std::size_t kPageBytes = 92'516;
constexpr std::size_t kMarkOffset = 70;
constexpr std::size_t kMarkBytes = 32;
constexpr std::size_t kCacheBytes = 16 << 20;

std::string make_page() {
  std::mt19937 random(1);
  std::vector<std::string> words(900);
  for (std::string& word : words) {
    for (auto letters = 2 + random() % 8; letters > 0; --letters) word += "aeioubcdfglmnprst"[random() % 17];
  }
  std::string page = "<!doctype html><html><head><title>Bench</title></head><body><p>Visit ";
  while (page.size() < kPageBytes) {
    std::string text;
    for (int i = 0; i < 40; ++i) text += words[random() % words.size()] + ' ';
    page += "<article id=s" + std::to_string(random()) + "><h2>" + text.substr(0, 50) + "</h2><p>" + text + "</p>\n";
  }
  page.resize(kPageBytes);
  return page;
}

void mark(std::string& page, std::mt19937& random) {
  for (std::size_t i = 0; i < kMarkBytes; ++i) page[kMarkOffset + i] = "0123456789abcdef"[random() % 16];
}

Levels levels_of(Coding coding, int level) {
  Levels levels;
  (coding == Coding::kGzip ? levels.gzip : coding == Coding::kBrotli ? levels.br : levels.zstd) = level;
  return levels;
}

// `cache_bytes` 0: nothing is kept from one page to the next.
void run(benchmark::State& state, Coding coding, std::size_t cache_bytes) {
  std::string page = make_page();
  std::mt19937 random(2);
  Workshop workshop(levels_of(coding, static_cast<int>(state.range(0))), cache_bytes, as_bytes("key"));
  Bytes coded;
  for (auto _ : state) {
    mark(page, random);
    coded.clear();
    Encoder encoder(coding, workshop);
    encoder.write(as_bytes(page), coded);
    encoder.finish(coded);
    benchmark::DoNotOptimize(coded.data());
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * kPageBytes));
  state.counters["bytes"] = static_cast<double>(coded.size());
}

BENCHMARK_CAPTURE(run, gzip_cold, Coding::kGzip, 0)->Arg(1)->Arg(4)->Arg(6);
BENCHMARK_CAPTURE(run, gzip_warm, Coding::kGzip, kCacheBytes)->Arg(1)->Arg(4)->Arg(6)->Arg(9);
BENCHMARK_CAPTURE(run, br, Coding::kBrotli, kCacheBytes)->DenseRange(1, 5);
BENCHMARK_CAPTURE(run, zstd, Coding::kZstd, kCacheBytes)->DenseRange(1, 6);

}  // namespace
}  // namespace railgun::coding

BENCHMARK_MAIN();
