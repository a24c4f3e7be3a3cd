// Names to addresses, without blocking (libevent's evdns). Addresses and what /etc/hosts knows need no query; answers
// are kept for a short while, so that a burst of connections to one origin asks once. What libevent cannot tell, as an
// answer that does not fit a datagram, is asked again over TCP.
//
// Name servers fail more often than origins move. So an answer that is over its time is used once more, while its name is
// looked up anew, and for longer if that look-up fails (RFC 8767).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "railgund/base/result.h"
#include "railgund/base/time.h"
#include "railgund/net/event_loop.h"
#include "railgund/net/socket_address.h"

namespace railgun::net {

struct ResolverFiles {
  std::string servers = "/etc/resolv.conf";
  std::string hosts = "/etc/hosts";
};

class Resolver {
 public:
  // At least one address, or an error: kNotFound (there is no such name), kTimeout, kUnavailable (no server answers).
  using Answer = std::function<void(Result<std::vector<SocketAddress>>)>;

  // One look-up under way: destroying it cancels it, and its answer never comes. May outlive the resolver.
  class Lookup {
   public:
    virtual ~Lookup() = default;
  };

  static constexpr std::size_t kCacheEntries = 1024;
  // evdns does not tell how long an answer may be kept; this long is safe with every sensible zone.
  static constexpr Duration kCacheTime = std::chrono::seconds(30);
  // After that an answer is used at once, and looked up anew for the next one.
  static constexpr Duration kStaleTime = std::chrono::minutes(5);
  // And so long it is used if the look-up fails, unless the name is gone.
  static constexpr Duration kLastResortTime = std::chrono::hours(1);
  // How often, at most, the files are looked at for changes.
  static constexpr Duration kCheckEvery = std::chrono::seconds(5);

  explicit Resolver(EventLoop& loop, ResolverFiles files = {});
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // `answer` is called once, from the loop and never from inside this call; it may destroy the look-up.
  [[nodiscard]] std::unique_ptr<Lookup> resolve(const std::string& host, std::uint16_t port, Instant give_up,
                                                Answer answer);
  // Forgets answers and reads the files again. Look-ups under way go on as they began.
  void reload();

 private:
  class Query;
  struct Shared;

  void reload_if_changed(Instant now);
  void refresh(const std::string& name);

  EventLoop& loop_;
  ResolverFiles files_;
  std::shared_ptr<Shared> shared_;
  std::map<std::string, std::unique_ptr<Lookup>> refreshes_;  // of names in the cache, so no more than those
  std::string files_state_;
  Instant next_check_{};
};

}  // namespace railgun::net
