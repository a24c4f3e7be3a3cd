// Pages for the tests of this folder: made, repeatable, of the kinds that matter.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "railgund/base/bytes.h"
#include "railgund/delta/reference.h"

namespace railgun::delta::test {

// xorshift64*: the same numbers everywhere.
class Numbers {
 public:
  explicit Numbers(std::uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15ULL + 1) {}
  std::uint64_t next() {
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return state_ * 0x2545f4914f6cdd1dULL;
  }
  std::size_t below(std::size_t limit) { return static_cast<std::size_t>(next() >> 11) % limit; }

 private:
  std::uint64_t state_;
};

// Something like a list page: repeated markup around changing words.
inline Bytes list_page(std::size_t items, std::uint64_t seed) {
  static const char* const kWords[] = {"river", "market", "signal", "window", "garden", "letter", "copper", "season"};
  Numbers numbers(seed);
  std::string text = "<!doctype html><html><head><title>List</title></head><body><ul>\n";
  for (std::size_t i = 0; i < items; ++i) {
    text += "<li class=\"item\" id=\"i" + std::to_string(i) + "\"><a href=\"/item/" +
            std::to_string(numbers.below(100000)) + "\">" + kWords[numbers.below(8)] + " " + kWords[numbers.below(8)] +
            "</a> <span class=\"votes\">" + std::to_string(numbers.below(1000)) + "</span></li>\n";
  }
  return to_bytes(as_bytes(text + "</ul></body></html>\n"));
}

inline Bytes noise(std::size_t count, std::uint64_t seed) {
  Numbers numbers(seed);
  Bytes bytes(count);
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(numbers.next() >> 56);
  return bytes;
}

// The page after `edits` small changes: overwritten, inserted, deleted and moved stretches.
inline Bytes edited(Bytes page, std::size_t edits, std::uint64_t seed) {
  Numbers numbers(seed);
  for (std::size_t i = 0; i < edits && page.size() > 64; ++i) {
    const std::size_t at = numbers.below(page.size() - 40);
    const std::size_t count = 1 + numbers.below(20);
    const auto from = page.begin() + static_cast<std::ptrdiff_t>(at);
    switch (numbers.below(4)) {
      case 0:
        for (std::size_t k = 0; k < count; ++k) page[at + k] = static_cast<std::uint8_t>('0' + numbers.below(10));
        break;
      case 1: {
        const Bytes words = list_page(1, numbers.next());
        page.insert(from, words.begin() + 60, words.begin() + 60 + static_cast<std::ptrdiff_t>(count));
        break;
      }
      case 2:
        page.erase(from, from + static_cast<std::ptrdiff_t>(count));
        break;
      default: {
        const std::size_t source = numbers.below(page.size() - 40);
        const Bytes piece(page.begin() + static_cast<std::ptrdiff_t>(source),
                          page.begin() + static_cast<std::ptrdiff_t>(source + 40));
        page.insert(from, piece.begin(), piece.end());
      }
    }
  }
  return page;
}

inline std::shared_ptr<const Reference> reference_of(Bytes page) {
  return std::make_shared<const Reference>(std::move(page));
}

struct Pair {
  std::string name;
  std::shared_ptr<const Reference> reference;  // null: cold
  Bytes page;
};

inline std::vector<Pair> pairs() {
  const Bytes list = list_page(400, 1);
  Bytes grown = list;
  append(grown, list_page(50, 9));
  std::vector<Pair> all;
  all.push_back({"cold", nullptr, list});
  all.push_back({"cold and empty", nullptr, {}});
  all.push_back({"cold noise", nullptr, noise(5000, 2)});
  all.push_back({"one byte from nothing", reference_of({}), Bytes{42}});
  all.push_back({"nothing from a page", reference_of(list), {}});
  all.push_back({"unchanged", reference_of(list), list});
  all.push_back({"a few edits", reference_of(list), edited(list, 5, 3)});
  all.push_back({"many edits", reference_of(list), edited(list, 200, 4)});
  all.push_back({"grown", reference_of(list), grown});
  all.push_back({"shrunk", reference_of(grown), list});
  all.push_back({"the front cut off", reference_of(list), Bytes(list.begin() + 5000, list.end())});
  all.push_back({"another page of the site", reference_of(list), list_page(300, 5)});
  all.push_back({"nothing in common", reference_of(list), noise(20000, 6)});
  all.push_back({"zeros", reference_of(Bytes(3000, 0)), Bytes(7000, 0)});
  all.push_back({"tiny", reference_of(to_bytes(as_bytes("hello"))), to_bytes(as_bytes("hallo"))});
  return all;
}

}  // namespace railgun::delta::test
