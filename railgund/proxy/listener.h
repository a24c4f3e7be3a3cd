// The listener of one worker: links from senders on one side, origins on the other. The whole core; proxy/driver.h runs
// it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "railgund/config/config.h"
#include "railgund/page/cache.h"
#include "railgund/proxy/counters.h"
#include "railgund/proxy/effect.h"
#include "railgund/proxy/held_limits.h"
#include "railgund/proxy/link_speed.h"
#include "railgund/proxy/listener_exchange.h"
#include "railgund/proxy/router.h"
#include "railgund/proxy/status.h"

namespace railgun::proxy {

class Listener {
 public:
  // `cache` and `counters` outlive the listener. `reference_key`: 32 bytes, the key of our reference ids: the same for
  // all workers, and for all listeners that share a store. `build`: four hex digits.
  Listener(config::ConfigPtr config, page::Cache& cache, Counters& counters, bool has_store, ByteView reference_key,
           const std::string& build, Instant now);
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  // The same face as proxy/sender.h, which see.
  void configure(config::ConfigPtr config, bool has_store, Instant now);
  // Asks the senders to use other links, and takes requests for `timeout` (at least a second) until they do. Ends when
  // the requests under way have.
  void drain(Duration timeout, Instant now);
  bool is_drained() const { return draining_ && exchanges_.empty() && router_.peers.empty(); }
  void cut_links(const std::string& peer, Instant now);

  ConnectionId accepted(Incoming incoming, Instant now);
  void connected(ConnectionId id, Established established, Instant now);
  void receive(ConnectionId id, ByteView bytes, Instant now);
  void receive_end(ConnectionId id, Instant now);
  void closed(ConnectionId id, const Error& error, Instant now);
  // How fast a link delivers.
  void measured(ConnectionId id, const LinkRate& rate) { router_.peers.measured(id, rate); }
  std::size_t pull(ConnectionId id, Bytes& to, std::size_t most, Instant now);
  void store_answer(TicketId ticket, std::optional<Bytes> item, Instant now);

  // What should be read at a time: less while much is held for links that do not take it.
  std::size_t read_most() const {
    return room_beside(router_.context.counters.held_decoded.get() + router_.context.counters.held_coded.get());
  }
  // The most that one request has ever held.
  const HeldBytes& most_held() const { return router_.context.most_held; }

  std::optional<Effect> poll() { return router_.poll_effect(); }
  Instant deadline() const { return router_.deadline(); }
  void on_deadline(Instant now);

  std::vector<LinkStatus> links(Instant now) const { return router_.peers.status(now); }

 private:
  // Hands events to the exchanges they are for until there are none: each may make others.
  void settle();
  void handle(StreamOpened&& event);
  void handle(StreamEvent&& event);
  void handle(CallEvent&& event);
  void handle(StoreAnswer&& event);
  void handle(DeadlineReached&& event);
  void handle(LinksChanged&&) {}
  // Works on an exchange, if it is still there, and removes it when it has finished.
  template <typename Work>
  void with(ExchangeId id, Work work);

  Router router_;
  KeyedHash hash_;
  std::unordered_map<ExchangeId, ListenerExchange> exchanges_;
  std::uint64_t last_exchange_ = 0;
  bool draining_ = false;
};

}  // namespace railgun::proxy
