// The listener of one worker: links from senders on one side, origins on the other. The whole core; its shell is
// app/drive.h, its test bench tests/sim.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "railgund/config/config.h"
#include "railgund/page/cache.h"
#include "railgund/proxy/counters.h"
#include "railgund/proxy/effect.h"
#include "railgund/proxy/link_speed.h"
#include "railgund/proxy/status.h"

namespace railgun::proxy {

class Listener {
 public:
  // `cache` and `counters` outlive the listener. `reference_key`: 32 bytes, the key of our reference ids: the same for
  // all workers, and for all listeners that share a store. `build`: four hex digits.
  Listener(config::ConfigPtr config, page::Cache& cache, Counters& counters, bool has_store, ByteView reference_key,
           const std::string& build, Instant now);
  ~Listener();

  // The same face as proxy/sender.h, which see.
  void configure(config::ConfigPtr config, bool has_store, Instant now);
  // Asks the senders to use other links, for `patience`; then no new requests. Ends when those under way have.
  void drain(Duration patience, Instant now);
  bool is_drained() const;
  void cut_links(const std::string& peer, Instant now);

  ConnectionId accepted(ConnectionKind kind, const std::string& peer, std::vector<std::string> hosts, Instant now);
  void connected(ConnectionId id, std::vector<std::string> hosts, Instant now);
  void receive(ConnectionId id, ByteView bytes, Instant now);
  void receive_end(ConnectionId id, Instant now);
  void closed(ConnectionId id, const Error& error, Instant now);
  // How fast a link delivers.
  void measured(ConnectionId id, const LinkRate& rate);
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
