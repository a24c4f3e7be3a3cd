// Who may have a connection to one origin, and who waits for one. Connections are shared fairly between links, sites
// and visitors: whoever holds many leaves some for the others. Pure: no connections, no time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "railgund/proxy/call_id.h"

namespace railgun::proxy {

// Whom a request to an origin is for.
struct Claimant {
  std::uint64_t link = 0;  // 0: none, as on a sender's direct way
  std::string site{};      // the host name
  std::string visitor{};   // of the visitor's address, config::network_of()
};

// What a connection is used for. A request begins as what can be told from its head, and may change.
enum class OriginUse : std::uint8_t {
  kAnswer,  // an answer that ends by itself
  kStream,  // lasts as long as the client likes: tunnels, event streams, uploads that have not come yet
};

// Of `room` places that are left, one visitor may have so many times as many. So one alone can take seven eighths of all
// places, two take seven fifteenths each, and there is always one for the next who comes. A site has many visitors, and
// a link many sites: they may take more, or one visitor could use up what its whole site or link may have.
inline constexpr std::size_t kVisitorShare = 7;
inline constexpr std::size_t kSiteShare = 15;
inline constexpr std::size_t kLinkShare = 31;
constexpr bool is_within_share(std::size_t held, std::size_t room, std::size_t share) { return held < share * room; }

// The places of one origin: as many as it may have connections (setting origin.connections).
class OriginPlaces {
 public:
  explicit OriginPlaces(std::size_t most) : most_(most) {}

  // Whether one more may be taken. Streams leave an eighth of all places for answers, whoever they are for.
  bool may_take(const Claimant& claimant, OriginUse use) const;
  void take(const Claimant& claimant, OriginUse use);
  void give_back(const Claimant& claimant, OriginUse use);

  std::size_t held() const { return held_; }
  void set_most(std::size_t most) { most_ = most; }  // those held stay

 private:
  using Key = std::pair<OriginUse, std::string>;
  template <typename Visit>
  static void each_key(const Claimant& claimant, OriginUse use, Visit visit);
  std::size_t streams_room() const;

  std::size_t most_;
  std::size_t held_ = 0;
  std::size_t streams_ = 0;
  std::map<Key, std::size_t> by_key_;  // held by each link, site and visitor; never 0
};

// Requests that wait for a place. Visitors are served in turn, and the requests of each first in, first out, as far as
// they may have a place at all. Holds at most kMost requests, of which one visitor has its share.
class OriginQueue {
 public:
  static constexpr std::size_t kMost = 1000;

  // False: full, or the visitor's share is.
  bool add(CallId call, const Claimant& claimant, OriginUse use);
  // As it was added. Nothing if it is not there.
  void remove(CallId call, const Claimant& claimant, OriginUse use);
  // Takes out the next that may have one of the places.
  std::optional<CallId> take_next(const OriginPlaces& places);

  bool empty() const { return size_ == 0; }

 private:
  // Requests that are served or not for the same reasons.
  struct Line {
    Claimant claimant;
    OriginUse use;
    std::deque<CallId> calls;  // never empty
  };
  using LineKey = std::tuple<OriginUse, std::uint64_t, std::string>;
  struct Visitor {
    std::map<LineKey, Line> lines;
    std::size_t size = 0;
  };

  std::map<std::string, Visitor> visitors_;
  std::string served_last_;
  std::size_t size_ = 0;
};

}  // namespace railgun::proxy
