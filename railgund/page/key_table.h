// Which versions go by a key: for exact keys and addresses the latest two, for shapes and siblings the kin that stand for
// all. Not thread-safe: the cache's shards lock.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "railgund/base/hash.h"
#include "railgund/page/kin.h"
#include "railgund/page/media_class.h"

namespace railgun::page {

// A version by its name, and its place in the order of all: of two, the newer has the larger sequence.
struct Numbered {
  Id128 id;
  std::uint64_t sequence = 0;
};

class KeyTable {
 public:
  // What became of a version under a key.
  struct Added {
    bool is_older = false;            // than the latest there
    std::optional<Id128> replaced{};  // the latest that was, if the version is it now
  };
  Added add(const Id128& key, const Numbered& version);
  void add_kin(const Id128& key, const Id128& id, MediaClass media, const std::optional<Id128>& replaced);
  // One that is older than those that are there.
  void add_older_kin(const Id128& key, const Id128& id, MediaClass media);

  std::optional<Id128> latest(const Id128& key) const;
  // The best `most`.
  std::vector<Id128> kin(const Id128& key, MediaClass expected, std::size_t most) const;

  // The version has left.
  void forget(const Id128& key, const Id128& id);
  void forget_kin(const Id128& key, const Id128& id);

  // Memory for one key of each sort, without the nodes of the maps.
  static constexpr std::size_t kLatestBytes = sizeof(Id128) + 2 * sizeof(Numbered) + sizeof(std::uint64_t);
  static constexpr std::size_t kKinBytes = sizeof(Id128) + KinVersions::usual_memory_bytes();

 private:
  // The latest first.
  struct Latest {
    Numbered first;
    std::optional<Numbered> second;
  };
  std::unordered_map<Id128, Latest> latest_;
  std::unordered_map<Id128, KinVersions> kin_;
};

}  // namespace railgun::page
