#include "railgund/coding/gzip_encoder.h"

#include <algorithm>
#include <bit>
#include <utility>

#include <zlib.h>

namespace railgun::coding {
namespace {

// A longer segment costs fewer bytes (each has code tables of its own, about 80) and is coded again for more changes.
constexpr std::size_t kMostSegmentBytes = 32 * 1024;
// A chunk that is coded again and again has little to copy from, and a long context costs more time than the chunk.
constexpr std::size_t kSmallRunBytes = 4 * 1024;
constexpr std::size_t kSmallRunContextBytes = 8 * 1024;
// A page of 100 KB has 70 chunks, and its coded segments take 25 KB: one place for 512 bytes of the cache is enough.
constexpr std::size_t kBytesPerSeenChunk = 512;

constexpr std::uint8_t kHead[] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff};  // no name, no time, unknown system
constexpr std::uint8_t kFinalBlock[] = {0x03, 0x00};                       // fixed codes, nothing but its end

ByteView last_of(ByteView bytes, std::size_t most) { return bytes.last(std::min(bytes.size(), most)); }

}  // namespace

GzipShop::GzipShop(int level, std::size_t limit_bytes, ByteView key)
    : deflate(level),
      cache(limit_bytes),
      seen(std::bit_ceil(std::max<std::size_t>(limit_bytes / kBytesPerSeenChunk, 64))),
      hash(key) {}

GzipEncoder::GzipEncoder(std::shared_ptr<GzipShop> shop) : shop_(std::move(shop)), page_(++shop_->pages) {}

void GzipEncoder::begin(Bytes& to) {
  if (std::exchange(begun_, true)) return;
  append(to, kHead);
}

void GzipEncoder::write(ByteView piece, Bytes& to) {
  begin(to);
  const std::size_t start = text_.size();
  append(text_, piece);
  Run run{.begin = start, .end = start};
  bool run_ends = false;
  while (run.end < text_.size()) {
    const ByteView rest = ByteView(text_).subspan(run.end);
    const Chunk chunk = next_chunk(rest);
    const Id128 id = shop_->hash(rest.first(chunk.bytes));
    const bool is_known = shop_->seen.note(id);
    const bool is_full = run.is_known && run.end - run.begin + chunk.bytes > kMostSegmentBytes;
    if (run.end > run.begin && (run_ends || is_full || is_known != run.is_known)) {
      code_run(run, to);
      run = {.begin = run.end, .end = run.end};
    }
    run.is_known = is_known;
    run.end += chunk.bytes;
    append(run.ids, id.bytes);
    chunks_.push_back({id, chunk.bytes});
    chunks_bytes_ += chunk.bytes;
    run_ends = is_known && chunk.ends_segment;
  }
  if (run.end > run.begin) code_run(run, to);
  forget_old_text();
}

void GzipEncoder::forget_old_text() {
  // Not at once: moving what is kept costs as much as coding a small piece.
  if (text_.size() > 2 * kContextBytes) {
    text_.erase(text_.begin(), text_.end() - static_cast<std::ptrdiff_t>(kContextBytes));
  }
  while (!chunks_.empty() && chunks_bytes_ - chunks_.front().bytes >= kContextBytes) {
    chunks_bytes_ -= chunks_.front().bytes;
    chunks_.pop_front();
  }
}

void GzipEncoder::code_run(const Run& run, Bytes& to) {
  const ByteView text = ByteView(text_).subspan(run.begin, run.end - run.begin);
  if (run.is_known) {
    code_known(run, to);
  } else {
    const std::size_t most = text.size() <= kSmallRunBytes ? kSmallRunContextBytes : kContextBytes;
    shop_->deflate.code({page_, length_}, last_of(ByteView(text_).first(run.begin), most), text, to);
    add_crc(static_cast<std::uint32_t>(crc32_z(0, text.data(), text.size())), text.size());
  }
}

void GzipEncoder::code_known(const Run& run, Bytes& to) {
  const ByteView text = ByteView(text_).subspan(run.begin, run.end - run.begin);
  const ByteView context = last_of(ByteView(text_).first(run.begin), kContextBytes);
  const Id128 key = shop_->hash(run.ids);
  const Id128 before = context_before(run.ids.size() / sizeof(Id128));
  if (CodedSegment* kept = shop_->cache.find(key)) {
    if (kept->context == before || grains_hash(kept->grains, run.begin) == kept->grains_hash) {
      kept->context = before;
      append(to, kept->coded);
      add_crc(kept->crc, kept->text_bytes);
      return;
    }
  }
  CodedSegment segment{.crc = static_cast<std::uint32_t>(crc32_z(0, text.data(), text.size())),
                       .text_bytes = text.size()};
  shop_->deflate.code({page_, length_}, context, text, segment.coded);
  append(to, segment.coded);
  add_crc(segment.crc, segment.text_bytes);
  if (const auto grains = shop_->deflate.grains_of(segment.coded, text.size())) {
    segment.grains = *grains;
    segment.grains_hash = grains_hash(*grains, run.begin);
    segment.context = before;
    shop_->cache.put(key, std::move(segment));
  }
}

void GzipEncoder::add_crc(std::uint32_t crc, std::size_t bytes) {
  crc_ = static_cast<std::uint32_t>(crc32_combine(crc_, crc, static_cast<z_off_t>(bytes)));
  length_ += bytes;
}

// Of the text of those grains before `end`.
Id128 GzipEncoder::grains_hash(const Grains& grains, std::size_t end) const {
  Bytes text;
  text.reserve(grains.count() * kGrainBytes);
  for (std::size_t i = 0; i < grains.size() && i * kGrainBytes < end; ++i) {
    if (!grains[i]) continue;
    const std::size_t grain_end = end - i * kGrainBytes;
    const std::size_t grain_begin = grain_end - std::min(kGrainBytes, grain_end);
    append(text, ByteView(text_).subspan(grain_begin, grain_end - grain_begin));
  }
  return shop_->hash(text);
}

// Names the context before the last `count` chunks: the chunks that cover it.
Id128 GzipEncoder::context_before(std::size_t count) const {
  Bytes ids;
  std::size_t covered = 0;
  for (auto chunk = chunks_.rbegin() + static_cast<std::ptrdiff_t>(count); chunk != chunks_.rend(); ++chunk) {
    append(ids, chunk->id.bytes);
    covered += chunk->bytes;
    if (covered >= kContextBytes) break;
  }
  return shop_->hash(ids);
}

void GzipEncoder::finish(Bytes& to) {
  begin(to);
  append(to, kFinalBlock);
  for (const std::uint32_t number : {crc_, static_cast<std::uint32_t>(length_)}) {
    for (int shift = 0; shift < 32; shift += 8) to.push_back(static_cast<std::uint8_t>(number >> shift));
  }
}

}  // namespace railgun::coding
