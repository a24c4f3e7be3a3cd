// The sender of one worker: clients on one side, links to listeners on the other, origins for what goes direct.
// The whole core; proxy/driver.h runs it.
#pragma once

#include <list>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "railgund/base/rate_limit.h"
#include "railgund/config/config.h"
#include "railgund/page/cache.h"
#include "railgund/proxy/client.h"
#include "railgund/proxy/counters.h"
#include "railgund/proxy/effect.h"
#include "railgund/proxy/held_limits.h"
#include "railgund/proxy/router.h"
#include "railgund/proxy/sender_exchange.h"
#include "railgund/proxy/status.h"

namespace railgun::proxy {

class Sender {
 public:
  // `cache`, `shelf` and `counters` outlive the sender. `has_store`: StoreGet and StorePut make sense. `first_request`: where
  // the numbers of requests start, different for each worker and process; the bits from kProcessShift on are those of the
  // process, and tell listeners which links come from it.
  // `compression_key`: random and secret.
  static constexpr unsigned kProcessShift = 40;
  Sender(config::ConfigPtr config, page::Cache& cache, dictionary::Shelf& shelf, Counters& counters, bool has_store,
         std::uint64_t first_request, ByteView compression_key, Instant now);
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;

  // New settings. They apply to requests that begin from now on; timeouts of links and of clients' connections change
  // at once, those of a connection to an origin with its next request. `has_store`: as above.
  void configure(config::ConfigPtr config, bool has_store, Instant now);
  // The page cache's shortage is another one: while there is any, clients that take nothing have little time.
  void shortage_changed(Instant now);
  // The calendar's time at `now`. Without it, answers get no Date (RFC 9110 6.6.1).
  void set_time_of_day(WallTime time, Instant now);
  // No new requests: clients are closed after their answer, those between requests after `timeout`, in which one more
  // may begin.
  void drain(Duration timeout, Instant now);
  bool is_drained() const { return draining_ && clients_.empty(); }
  // Ends links, at once: all whose peer has this name or certificate host.
  void cut_links(const std::string& peer, Instant now);

  // A client has connected while a limit is reached. kClientsLimit: makes room by closing the client that has been idle
  // for longest, and returns nothing: the client may be accepted. Otherwise returns what to send it before it is closed.
  std::optional<Bytes> over_limit(Admission limit, const std::string& peer, Instant now);
  ConnectionId accepted(Incoming incoming, Instant now);
  // A Dial has succeeded, TLS included.
  void connected(ConnectionId id, Established established, Instant now);
  void receive(ConnectionId id, ByteView bytes, Instant now);
  void receive_end(ConnectionId id, Instant now);
  // It is gone; unknown ids are ignored, here and above.
  void closed(ConnectionId id, const Error& error, Instant now);
  // Appends up to about `most` bytes for the connection; 0: nothing for now.
  std::size_t pull(ConnectionId id, Bytes& to, std::size_t most, Instant now);
  void store_answer(TicketId ticket, std::optional<Bytes> item, Instant now);

  // What should be read at a time: less while much is held for clients that do not take it.
  std::size_t read_most() const { return room_beside(router_.context.counters.held_decoded.get()); }
  // The most that one request has ever held.
  const HeldBytes& most_held() const { return router_.context.most_held; }

  std::optional<Effect> poll() { return router_.poll_effect(); }
  Instant deadline() const { return std::min(router_.deadline(), client_deadlines_.earliest()); }
  void on_deadline(Instant now);

  std::vector<LinkStatus> links(Instant now) const { return router_.peers.status(now); }

 private:
  Instant now() const { return router_.context.now; }
  bool is_short() const;
  // Settings and shortage, to all clients.
  void configure_clients();
  // Hands events to the exchanges they are for until there are none: each may make others.
  void settle();
  void handle(StreamOpened&&) {}  // listeners' business
  void handle(StreamEvent&& event);
  void handle(CallEvent&& event);
  void handle(StoreAnswer&& event);
  void handle(DeadlineReached&& event);
  void handle(LinksChanged&&);
  // Works on an exchange, if it is still there, then serves its client.
  template <typename Work>
  void with(ExchangeId id, Work work);
  // Works on the rest of an answer that its visitor gave up.
  template <typename Work>
  void with_late(ExchangeId id, Work work);
  void keep_late(ExchangeId id, SenderExchange& exchange);
  // Takes a client's events, begins and ends its exchanges, reports what has changed.
  void serve(ConnectionId id);
  void serve(ConnectionId id, Client& client);
  void take(ConnectionId id, Client& client, Client::Event event);
  // Works on an exchange of `client`, then removes it if it has finished, else notes what it waits for.
  template <typename Work>
  void work_on(ExchangeId id, Client& client, Work work);
  void note_misuse(const Client& client);
  void release(ConnectionId id);
  void note_idle(ConnectionId id, Client& client);

  Router router_;
  Compression compression_;  // outlives the exchanges, whose encoders it lends
  Dictionaries dictionaries_;
  std::unordered_map<ConnectionId, Client> clients_;
  std::list<ConnectionId> idle_;  // clients between requests, the one that has been idle for longest first
  RateLimit limit_log_{{.burst = 1, .interval = std::chrono::seconds(10)}};  // a limit is reached again and again
  RateLimit misuse_log_{{.burst = 1, .interval = std::chrono::seconds(10)}};
  Deadlines<ConnectionId> client_deadlines_;
  std::unordered_map<ExchangeId, SenderExchange> exchanges_;
  std::unordered_map<ExchangeId, LateAnswer> late_;  // LateAnswer::kMost at most
  std::set<ExchangeId> awaiting_link_;
  std::uint64_t next_request_;
  bool draining_ = false;
  Instant idle_end_{};  // draining: until when an idle client may begin a request
};

}  // namespace railgun::proxy
