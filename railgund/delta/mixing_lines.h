// Where the mixing model keeps what it learned about contexts: hashed tables of 64-byte lines. A page's lines can be
// primed once from a reference and shared; each user copies only the lines he touches.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>

#include "railgund/base/bytes.h"
#include "railgund/delta/mixing_tables.h"

namespace railgun::delta::mixing {

// The contexts of a byte's bits: the last one, two, three and four bytes, the word so far, and the byte replaced.
inline constexpr std::size_t kContexts = 6;
inline constexpr std::size_t kPrimedContexts = 5;
// The contexts whose last follower is remembered: two, three bytes, the word, four bytes.
inline constexpr std::size_t kRanks = 4;
inline constexpr std::size_t kTables = kContexts + kRanks;

struct alignas(64) Line {
  std::array<std::uint8_t, 64> bytes;
};

// How many lines each table has for a reference of so many bytes, one table after the other.
class Layout {
 public:
  explicit Layout(std::size_t page_bytes);

  std::size_t line(std::size_t table, std::uint32_t hash) const { return first_[table] + (hash & mask_[table]); }
  std::size_t lines() const { return lines_; }
  // The tables a reference primes come first.
  std::size_t primed_lines() const { return first_[kTables - 1]; }

 private:
  std::array<std::uint32_t, kTables> first_{};
  std::array<std::uint32_t, kTables> mask_{};
  std::size_t lines_ = 0;
};

// Numbers of the tables in a layout.
inline constexpr std::size_t kFirstRank = kPrimedContexts;
constexpr std::size_t table_of_context(std::size_t context) {
  return context < kPrimedContexts ? context : kTables - 1;
}

// What the contexts are made of.
class Recent {
 public:
  // Goes on behind these eight bytes, the latest lowest.
  void set(std::uint64_t bytes);
  void push(std::uint8_t byte);
  std::uint64_t bytes() const { return bytes_; }

  // All but the last, which the caller adds.
  std::array<std::uint32_t, kContexts> contexts() const;
  std::array<std::uint32_t, kRanks> ranks() const;

 private:
  std::uint64_t bytes_ = 0;
  std::uint32_t word_ = 0;
};

// Spreads a context and the nibble before (plus one; 0: none) over the bits.
inline std::uint32_t spread(std::uint32_t context, unsigned nibble) {
  const std::uint32_t hash = (context + nibble * 0x9e3779b9U) * 0x2c1b3c6dU;
  return hash ^ hash >> 15;
}

// A line holds four slots of sixteen bytes: a check of the context, then the histories of a nibble's fifteen nodes.
// Gives the slot of the context with this hash; the less used one of two gives way if it has none.
inline std::uint8_t* slot_of(Line& line, std::uint32_t hash) {
  const auto check = static_cast<std::uint8_t>(hash >> 24);
  std::uint8_t* one = line.bytes.data() + (hash >> 22 & 3) * 16;
  std::uint8_t* two = line.bytes.data() + ((hash >> 22 & 3) ^ 1) * 16;
  const unsigned seen_one = (one[1] >> 4) + (one[1] & 15U);
  const unsigned seen_two = (two[1] >> 4) + (two[1] & 15U);
  const bool take_two = one[0] != check && (two[0] == check || seen_two < seen_one);
  std::uint8_t* slot = take_two ? two : one;
  if (slot[0] != check) {
    std::memset(slot, 0, 16);
    slot[0] = check;
  }
  return slot;
}

// A line holds thirty-two ranks: the byte that followed a context last and most, four bits of check, and how often (0:
// never).
class Rank {
 public:
  explicit Rank(std::uint16_t value) : value_(value) {}
  static std::uint8_t* place(Line& line, std::uint32_t hash) { return line.bytes.data() + (hash >> 27) * 2; }

  unsigned seen(std::uint32_t hash) const { return matches(hash) ? value_ >> 12 : 0U; }
  std::uint8_t byte() const { return static_cast<std::uint8_t>(value_); }
  std::uint16_t after(std::uint32_t hash, std::uint8_t byte) const {
    const unsigned count = seen(hash);
    if (count != 0 && this->byte() == byte) return count < 15 ? value_ + 0x1000 : value_;
    if (count > 1) return static_cast<std::uint16_t>((value_ & 0xfff) | (count / 2) << 12);
    return static_cast<std::uint16_t>(0x1000 | (hash >> 15 & 0xf00) | byte);
  }

 private:
  bool matches(std::uint32_t hash) const { return (value_ & 0xf00) == (hash >> 15 & 0xf00); }
  std::uint16_t value_;
};

inline std::uint16_t load_rank(const std::uint8_t* place) {
  std::uint16_t value = 0;
  std::memcpy(&value, place, 2);
  return value;
}
inline void store_rank(std::uint8_t* place, std::uint16_t value) { std::memcpy(place, &value, 2); }

// Lines primed from a reference. Immutable, shared.
class PrimedLines {
 public:
  // Of a longer page a sample is learned, so that the work is bounded: about 30 ms.
  explicit PrimedLines(ByteView page);

  const Layout& layout() const { return layout_; }
  const Line* lines() const { return lines_.get(); }
  std::size_t memory_bytes() const { return layout_.primed_lines() * sizeof(Line); }

 private:
  void learn(ByteView text);

  Layout layout_;
  std::unique_ptr<Line[]> lines_;
};

// One user's lines: the primed ones, or blank ones without, until he touches them.
class OwnLines {
 public:
  // `primed` outlives this; null: none.
  OwnLines(const PrimedLines* primed, const Layout& layout)
      : primed_(primed == nullptr ? nullptr : primed->lines()),
        layout_(layout),
        lines_(std::make_unique_for_overwrite<Line[]>(layout.lines())),
        touched_(std::make_unique<std::uint8_t[]>(layout.lines())) {}

  // Asks the caches for a line that is wanted soon: several at once come sooner than one after the other.
  void fetch(std::size_t table, std::uint32_t hash) const {
    const std::size_t index = layout_.line(table, hash);
    __builtin_prefetch(&touched_[index]);
    __builtin_prefetch(&lines_[index], 1);
    if (primed_ != nullptr && index < layout_.primed_lines()) __builtin_prefetch(&primed_[index]);
  }

  Line& touch(std::size_t table, std::uint32_t hash) {
    const std::size_t index = layout_.line(table, hash);
    Line& line = lines_[index];
    if (touched_[index] == 0) {
      touched_[index] = 1;
      if (primed_ != nullptr && index < layout_.primed_lines()) {
        line = primed_[index];
      } else {
        line = {};
      }
    }
    return line;
  }

 private:
  const Line* primed_;
  Layout layout_;
  std::unique_ptr<Line[]> lines_;
  std::unique_ptr<std::uint8_t[]> touched_;
};

// Learns a nibble in one context without coding it.
inline void learn_nibble(std::uint8_t* slot, unsigned nibble) {
  unsigned node = 1;
  for (int k = 3; k >= 0; --k) {
    const unsigned bit = nibble >> k & 1;
    slot[node] = kNextHistory[bit][slot[node]];
    node = node * 2 + bit;
  }
}

}  // namespace railgun::delta::mixing
