// The sender of one worker: clients on one side, links to listeners on the other, origins for what goes direct.
// The whole core; its shell is app/drive.h, its test bench tests/sim.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "railgund/config/config.h"
#include "railgund/page/cache.h"
#include "railgund/proxy/counters.h"
#include "railgund/proxy/effect.h"
#include "railgund/proxy/status.h"

namespace railgun::proxy {

class Sender {
 public:
  // `cache` and `counters` outlive the sender. `has_store`: StoreGet and StorePut make sense. `first_request`: where
  // the numbers of requests start, different for each worker and process.
  Sender(config::ConfigPtr config, page::Cache& cache, Counters& counters, bool has_store, std::uint64_t first_request,
         Instant now);
  ~Sender();

  // New settings. They apply to requests that begin from now on; timeouts of links and of clients' connections change
  // at once, those of a connection to an origin with its next request. `has_store`: as above.
  void configure(config::ConfigPtr config, bool has_store, Instant now);
  // No new requests: clients are closed after their answer, those between requests after `patience`, in which one may
  // still begin.
  void drain(Duration patience, Instant now);
  bool is_drained() const;
  // Ends links, at once: all whose peer has this name or certificate host.
  void cut_links(const std::string& peer, Instant now);

  // A connection has come in. `peer`: its address. `hosts`: for a link, what its certificate allows (empty: all).
  ConnectionId accepted(ConnectionKind kind, const std::string& peer, std::vector<std::string> hosts, Instant now);
  // A Dial has succeeded, TLS included.
  void connected(ConnectionId id, std::vector<std::string> hosts, Instant now);
  void receive(ConnectionId id, ByteView bytes, Instant now);
  void receive_end(ConnectionId id, Instant now);
  // It is gone; unknown ids are ignored, here and above.
  void closed(ConnectionId id, const Error& error, Instant now);
  // Appends up to about `most` bytes for the connection; 0: nothing for now.
  std::size_t pull(ConnectionId id, Bytes& to, std::size_t most, Instant now);
  void store_answer(TicketId ticket, const std::optional<Bytes>& item, Instant now);

  std::optional<Effect> poll();
  Instant deadline() const;
  void on_deadline(Instant now);

  std::vector<LinkStatus> links(Instant now) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace railgun::proxy
