// What the pages that several visitors were sent at one address have in common: the template and the text, without their
// names and tokens. It is no secret of any of them, so it may be a reference for everybody; whole versions of such pages
// are hardly ever the same. A core of bounded size; both ends of a link see the same versions in the same order, and so
// make the same text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "railgund/base/bytes.h"
#include "railgund/base/hash.h"
#include "railgund/base/time.h"

namespace railgun::page {

// For all links of a worker. Within the limit in bytes, each link watches its own pages.
class CommonText {
 public:
  // The most addresses that are watched for one link, with at most 96 KB for each. One makes room for another. A visit to
  // an application asks for some hundred, scripts included, and the first is to be known when the third visitor comes.
  static constexpr std::size_t kPages = 4096;
  static constexpr std::size_t kMostPageBytes = 384 * 1024;

  // All of them come within this time: one visitor seldom changes network and session twice in it.
  static constexpr Duration kWithin = std::chrono::minutes(30);

  // Where a page was sent. Links are told apart by their numbers, which are not used again.
  struct Place {
    std::uint64_t link;
    Id128 page;
  };
  // Who counts as another visitor: one with other credentials *and* in another network. Applications that change a
  // visitor's cookie with each answer would make many of one.
  struct Visitor {
    Id128 credentials;
    std::string network;  // empty: not known, does not count
  };

  // A page as it is compared: in stretches, which are made once however many places it is compared at.
  class Text {
   public:
    struct Stretch {
      std::uint64_t hash;
      ByteView bytes;
    };

    // `hash`: of stretches, so that nobody can make two that look the same. Both outlive it.
    Text(ByteView bytes, const KeyedHash& hash) : bytes_(bytes), hash_(hash) {}
    ByteView bytes() const { return bytes_; }
    const std::vector<Stretch>& stretches();

   private:
    ByteView bytes_;
    const KeyedHash& hash_;
    std::vector<Stretch> stretches_;  // empty until they are asked for
  };

  explicit CommonText(std::size_t limit_bytes = 0) : limit_bytes_(limit_bytes) {}

  // The most it may hold, 0 until it is set. What is over it is dropped: what has been watched longest goes first.
  void set_limit(std::size_t bytes);
  std::size_t bytes() const { return bytes_; }

  // `visitor` was sent `text` at `place`. What the texts of `required` visitors (this one is the last) have in common: their
  // stretches that are the same and come in the same order; one that all have several times comes so often. Nothing
  // before there are so many visitors, or if it is little.
  std::optional<Bytes> received(const Place& place, Text& text, const Visitor& visitor, unsigned required, Instant now);
  // The link is gone.
  void forget(std::uint64_t link);

 private:
  struct Watched {
    Place place{};
    std::uint64_t slot = 0;             // its key in slots_
    std::vector<std::uint64_t> common;  // hashes of the stretches of all texts so far, in order
    std::vector<Visitor> visitors;      // at least one
    Instant begun{};                    // when the first of them came
    std::size_t bytes() const;
  };
  using Entry = std::list<Watched>::iterator;

  void drop(Entry entry);
  void drop_oldest_over(std::size_t bytes);

  std::size_t limit_bytes_;
  std::size_t bytes_ = 0;       // of all entries
  std::list<Watched> watched_;  // the first begun first
  std::unordered_map<std::uint64_t, Entry> slots_;
};

}  // namespace railgun::page
