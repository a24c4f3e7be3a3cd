// The versions that stand for the pages of one template (or of one address whose numbers change): for each kind of
// content two, so that scripts and feeds of a folder do not displace its pages. Of fixed size.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "railgund/base/hash.h"
#include "railgund/page/media_class.h"

namespace railgun::page {

class KinVersions {
 public:
  // The first version stays the first while so many others are added, because to prepare one costs several times what
  // coding against it does.
  static constexpr unsigned kStays = 16;
  // So many kinds of content are told apart. The one that was added to least recently makes room for another.
  static constexpr std::size_t kMostKinds = 4;

  // `replaced`: the version of the same page before this one. If that was the first, the new one takes its place.
  void add(const Id128& id, MediaClass kind, const std::optional<Id128>& replaced);
  // A version that is older than those that are there: takes a place that is empty, or none.
  void add_older(const Id128& id, MediaClass kind);

  // Best first: those of the expected kind, then the first of each other, as added to most recently. If the expected
  // kind is unknown or not there, the first of each comes before any second.
  std::vector<Id128> best(MediaClass expected) const;

  // The version has left. True if none is left.
  bool forget(const Id128& id);

  // Of one with one kind of content.
  static constexpr std::size_t usual_memory_bytes() { return sizeof(KinVersions) + sizeof(Kind); }

 private:
  struct Kind {
    MediaClass kind;
    Id128 first;
    std::optional<Id128> second;  // the latest
    unsigned since_first = 0;     // others added since
  };
  std::vector<Kind> kinds_;  // added to most recently first
};

}  // namespace railgun::page
