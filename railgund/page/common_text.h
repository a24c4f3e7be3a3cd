// What the pages that several visitors were sent at one address have in common: the template and the text, without their
// names and tokens. It is no secret of any of them, so it may be a reference for everybody; whole versions of such pages
// are hardly ever the same. A core of bounded size; both ends of a link see the same versions in the same order, and so
// make the same text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "railgund/base/bytes.h"
#include "railgund/base/hash.h"
#include "railgund/base/time.h"

namespace railgun::page {

class CommonText {
 public:
  // So many addresses are watched, with at most 32 KB for each. One makes room for another.
  static constexpr std::size_t kPages = 128;
  static constexpr std::size_t kMostPageBytes = 128 * 1024;

  // All of them come within this time: one visitor seldom changes network and session twice in it.
  static constexpr Duration kWithin = std::chrono::minutes(30);

  // Who counts as another visitor: one with other credentials *and* in another network. Applications that change a
  // visitor's cookie with each answer would make many of one.
  struct Visitor {
    Id128 credentials;
    std::string network;  // empty: not known, does not count
  };

  // `visitor` was sent `text` at `page`. What the texts of `required` visitors (this one is the last) have in common: their
  // stretches that are the same and come in the same order. Nothing before there are so many, or if it is little.
  // `hash`: of stretches, so that nobody can make two that look the same.
  std::optional<Bytes> received(const Id128& page, ByteView text, const Visitor& visitor, unsigned required,
                                const KeyedHash& hash, Instant now);

 private:
  struct Watched {
    Id128 page{};
    std::vector<std::uint64_t> common;  // hashes of the stretches of all texts so far, in order
    std::vector<Visitor> visitors;
    Instant begun{};  // when the first of them came
  };
  std::vector<Watched> watched_;  // by the page; empty until there is something
};

}  // namespace railgun::page
