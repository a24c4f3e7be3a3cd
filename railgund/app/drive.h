// The daemon's shell of proxy/driver.h: carries bytes between sockets and a core, carries out the core's effects and
// keeps its timer. Decides nothing. One per worker.
#pragma once

#include <memory>
#include <optional>
#include <type_traits>
#include <unordered_map>
#include <vector>

#include "railgund/app/access_log.h"
#include "railgund/app/client_counts.h"
#include "railgund/app/newcomer_list.h"
#include "railgund/app/preparer.h"
#include "railgund/app/trust.h"
#include "railgund/log/log.h"
#include "railgund/memcached/client.h"
#include "railgund/net/alive.h"
#include "railgund/net/descriptor_budget.h"
#include "railgund/net/event_loop.h"
#include "railgund/net/resolver.h"
#include "railgund/net/secure_stream.h"
#include "railgund/proxy/driver.h"
#include "railgund/proxy/listener.h"
#include "railgund/proxy/sender.h"

namespace railgun::app {

// What a drive works with. All of it outlives the drive.
struct DriveServices {
  net::EventLoop& loop;
  net::Resolver& resolver;
  memcached::Client* store;  // null: none
  Preparer& preparer;
  proxy::Counters& counters;           // this worker's
  net::DescriptorBudget& descriptors;  // of the process
  AccessLog& access_log;               // of the process
  std::size_t link_handshakes;         // this worker's part of link.handshakes
  std::size_t tls_handshakes;          // and of tls.handshakes
};

// A client's connection, before a drive has it.
struct AcceptedClient {
  ClientCounts::Place place;
  proxy::Admission admission;
  bool is_tls;      // it came to listen.tls
  bool is_proxied;  // a header of the PROXY protocol comes first
  bool is_local;    // it came over a Unix socket; its address is one that we gave it
};

// Core: proxy::Sender or proxy::Listener.
template <typename Core>
class Drive final {
 public:
  // `wan_tls`: links go under TLS.
  Drive(DriveServices services, TrustPtr trust, bool wan_tls, net::SocketOptions link_options,
        std::unique_ptr<Core> core);
  ~Drive();
  Drive(const Drive&) = delete;
  Drive& operator=(const Drive&) = delete;

  // After calls to the core: settle().
  Core& core() { return driver_.core(); }
  void settle() { driver_.settle(); }
  // The core's links, with what their TLS agreed on.
  std::vector<proxy::LinkStatus> links();
  // New certificates: for connections from now on. Cuts the links whose peers have a certificate of the wrong role, or of
  // an authority that is not trusted any more.
  void set_trust(TrustPtr trust);
  // For look-ups from now on. Null: none.
  void set_store(memcached::Client* store) { services_.store = store; }

  // Takes a connection that came in. Under TLS the core hears of it only after the handshake. Until then (a link without
  // TLS: until its first bytes) the connection is a newcomer: too many push out the oldest, and the handshake has a
  // deadline. `client`: of a client.
  void accept(proxy::ConnectionKind kind, net::Descriptor socket, const net::SocketAddress& peer,
              std::optional<AcceptedClient> client);

  // No connection of a client or a link is left that the core does not know: none sends its final bytes, none is in its
  // TLS handshake.
  bool is_flushed() const;

 private:
  friend class proxy::Driver<Core, Drive>;
  using Driver = proxy::Driver<Core, Drive>;
  // What the other end of a link has to be.
  static constexpr tls::LinkRole kPeer =
      std::is_same_v<Core, proxy::Sender> ? tls::LinkRole::kListener : tls::LinkRole::kSender;
  // A closed connection may take this long to send its final bytes.
  static constexpr Duration kFlushTimeout = std::chrono::seconds(5);
  static constexpr const char* kNoCertificate =
      "this daemon has no certificate yet: run 'railgunctl activate TOKEN', or set cert.file, key.file and "
      "link.ca_file";
  static constexpr const char* kNoDescriptor = "no descriptor left; raise LimitNOFILE of the unit, or ulimit -n";

  // A connection of the core: its stream, and what the drive knows about it. Hands what the stream reports to the
  // drive.
  struct Connection final : net::StreamHandler {
    Connection(Drive& the_drive, proxy::ConnectionKind the_kind)
        : drive(the_drive), kind(the_kind), stream(the_drive.services_.loop, *this) {}
    void on_connected() override { drive.on_open(*this); }
    void on_bytes(ByteView bytes) override { drive.on_bytes(*this, bytes); }
    void on_end() override { drive.on_end(*this); }
    std::size_t pull(Bytes& to, std::size_t most) override { return drive.pull(*this, to, most); }
    void on_closed(std::optional<Error> error) override {
      drive.on_closed(*this, error.value_or(Error{Errc::kUnavailable, "closed"}));
    }

    Drive& drive;
    const proxy::ConnectionKind kind;
    net::SecureStream stream;
    std::optional<ClientCounts::Place> place;
    std::optional<proxy::ConnectionId> id;  // the core's name for it, while the core knows it
    net::DescriptorBudget::Lease descriptor;
    bool is_newcomer = false;       // it is in newcomers_of() it
    Instant measured{};             // when its delivery rate was read last
    bool is_rejected = false;       // a client over a limit: it is told and closed
    bool is_accounted_for = false;  // why it ends has been logged, or is for the core to log
  };

  // Rejects a client that came while a limit is reached, unless there is room after all.
  bool reject_over_limit(Connection& connection, const net::SocketAddress& peer, proxy::Admission admission);
  void on_open(Connection& connection);
  void on_bytes(Connection& connection, ByteView bytes);
  void on_end(Connection& connection);
  std::size_t pull(Connection& connection, Bytes& to, std::size_t most);
  void on_closed(Connection& connection, const Error& error);

  // What proxy/driver.h asks of a shell.
  Instant now() const { return services_.loop.now(); }
  void perform(const proxy::Dial& dial);
  void perform(proxy::WantWrite want);
  void perform(proxy::SetReading reading);
  void perform(proxy::EndOutput end);
  void perform(proxy::Close close);
  void perform(proxy::StoreGet get);
  void perform(const proxy::ChallengeGet& get);
  void perform(proxy::StorePut put);
  void perform(proxy::Prepare prepare);
  void perform(proxy::RefreshDictionary refresh);
  void perform(const proxy::LogLine& line);
  void perform(const proxy::LogAccess& line);
  void set_deadline(Instant when) { deadline_.set(when); }

  void connect(const proxy::Dial& dial, std::vector<net::SocketAddress> addresses);
  void connect_unix(const proxy::Dial& dial);
  // The connection of a dial; null: there is no descriptor left, which the core has been told.
  Connection* add_dialled(const proxy::Dial& dial);
  Connection* find(proxy::ConnectionId id);
  // Of a link; null: it has none, or is no link.
  static const tls::Engine* link_tls(const Connection& connection) {
    return connection.kind == proxy::ConnectionKind::kLink ? connection.stream.tls() : nullptr;
  }
  void cut_distrusted();
  void log_failed_link(const std::string& peer, const Error& error);
  void note_failed_client(const std::string& peer, const Error& error);
  // A descriptor for a new connection; null, counted and logged: there is none for this kind.
  std::optional<net::DescriptorBudget::Lease> take_descriptor(net::DescriptorBudget::Kind kind);
  NewcomerList<Connection>& newcomers_of(const Connection& connection) {
    return connection.kind == proxy::ConnectionKind::kClient ? new_clients_ : new_links_;
  }
  void drop_newcomer(Connection& connection);
  // The peer of a newcomer is known. False: there is no descriptor for one more link, and it is being closed.
  bool admit(Connection& connection);
  // The engine for a connection that came in; null: without TLS. Errors: there is no certificate.
  Result<std::unique_ptr<tls::Engine>> engine_for(proxy::ConnectionKind kind, bool is_tls_client) const;
  void remove(Connection& connection);
  void measure(Connection& connection);

  DriveServices services_;
  TrustPtr trust_;
  bool wan_tls_;
  net::SocketOptions link_options_;
  std::unordered_map<Connection*, std::unique_ptr<Connection>> connections_;
  std::unordered_map<proxy::ConnectionId, Connection*> by_id_;
  std::unordered_map<proxy::ConnectionId, std::unique_ptr<net::Resolver::Lookup>> look_ups_;
  std::vector<std::unique_ptr<Connection>> removed_;  // until the turn is over
  std::size_t rejected_ = 0;                          // connections that are being told so
  bool makes_room_ = false;                           // the core closes an idle client for a new one
  log::RateLimit failed_links_;
  log::RateLimit no_descriptor_{{.burst = 1, .interval = std::chrono::seconds(10)}};
  log::RateLimit failed_clients_{{.burst = 1, .interval = std::chrono::seconds(60)}};
  NewcomerList<Connection> new_links_, new_clients_;
  net::Timer deadline_;
  net::Deferred turn_end_;
  net::Alive<Drive> alive_{*this};
  Driver driver_;
};

}  // namespace railgun::app
