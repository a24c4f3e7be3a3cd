// Which versions of pages that visitors asked for with credentials are no secret after all: those that several visitors
// were sent, byte for byte. A core of fixed size.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "railgund/base/hash.h"

namespace railgun::page {

class Sharing {
 public:
  // So many versions are watched, about 48 bytes each. One that is not asked for again makes room for others.
  static constexpr std::size_t kVersions = 4096;
  // The most visitors that may be required.
  static constexpr unsigned kMostVisitors = 8;

  // `versions`: to be watched.
  explicit Sharing(std::size_t versions = kVersions) : sets_((versions + kWays - 1) / kWays) {}

  // `visitor` was sent `version` of `page`. True if at least `required` visitors were by now, this one among them:
  // it may be a reference for everybody. What was forgotten for want of room counts anew, so that the answer may come
  // late, but never too early.
  bool received(const Id128& page, const Id128& version, const Id128& visitor, unsigned required);

 private:
  struct Watched {
    Id128 name{};  // of page and version
    std::uint32_t visitors = 0;
    std::array<std::uint32_t, kMostVisitors - 1> seen{};  // a part of each one's hash; two alike count once
  };
  // Versions in the same set displace each other, but not two that are asked for in turn.
  static constexpr std::size_t kWays = 8;
  std::size_t sets_;
  std::vector<Watched> watched_;  // sets by the name; empty until there is something
};

}  // namespace railgun::page
