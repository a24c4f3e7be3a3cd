#include "railgund/app/drive.h"

#include <algorithm>

#include "railgund/base/check.h"
#include "railgund/log/log.h"

namespace railgun::app {
namespace {

// How long a connection may take to send its last words.
constexpr Duration kFlushPatience = std::chrono::seconds(5);
// How long a peer may take over TLS.
constexpr Duration kHandshakePatience = std::chrono::seconds(10);
constexpr Duration kMeasureEvery = std::chrono::seconds(1);

constexpr const char* kNoCertificate =
    "this daemon has no certificate yet: run 'railgunctl activate TOKEN', or set cert.file, key.file and link.ca_file";
constexpr const char* kNoBundle = "no bundle of certificate authorities was found: set ca.bundle, or validate.cert = 0";

}  // namespace

template <typename Core>
Drive<Core>::Drive(DriveServices services, TrustPtr trust, bool wan_tls, net::SocketOptions link_options,
                   std::unique_ptr<Core> core)
    : services_(services),
      trust_(std::move(trust)),
      wan_tls_(wan_tls),
      link_options_(std::move(link_options)),
      core_(std::move(core)),
      deadline_(services.loop,
                [this] {
                  core_->on_deadline(now());
                  settle();
                }),

      turn_end_(services.loop, [this] { removed_.clear(); }) {
  settle();
}

template <typename Core>
Drive<Core>::~Drive() = default;

template <typename Core>
std::vector<std::string> Drive<Core>::hosts_of(const Connection& connection) {
  if (connection.kind != proxy::Kind::kLink || connection.stream.tls() == nullptr) return {};
  const auto certificate = connection.stream.tls()->peer_certificate();
  return certificate ? certificate->dns_names : std::vector<std::string>{};
}

template <typename Core>
bool Drive<Core>::is_revoked(const Connection& connection) const {
  if (trust_->revoked.empty() || connection.kind != proxy::Kind::kLink || connection.stream.tls() == nullptr)
    return false;
  const auto certificate = connection.stream.tls()->peer_certificate();
  return certificate && trust_->revoked.contains(certificate->serial);
}

template <typename Core>
void Drive<Core>::accept(proxy::Kind kind, net::Descriptor socket, const net::SocketAddress& peer) {
  std::unique_ptr<tls::Engine> engine;
  if (kind == proxy::Kind::kLink && wan_tls_) {
    if (trust_->link == nullptr) {
      log::error("link from " + to_string(peer) + " refused: " + kNoCertificate);
      return;
    }
    engine = std::make_unique<tls::Engine>(tls::Engine::server(trust_->link));
  }
  auto made = std::make_unique<Connection>(*this, kind);
  Connection& connection = *made;
  connections_.emplace(&connection, std::move(made));
  const bool ready = engine == nullptr;
  connection.stream.adopt(std::move(socket), peer, std::move(engine), now() + kHandshakePatience,
                          kind == proxy::Kind::kLink ? link_options_ : net::SocketOptions{});
  if (ready) on_open(connection);
}

template <typename Core>
void Drive<Core>::on_open(Connection& connection) {
  if (is_revoked(connection)) {
    log::information("link with " + connection.stream.peer() +
                     " refused: its railgun is deleted, disabled or deactivated");
    connection.is_accounted_for = true;
    connection.stream.close({}, now() + kFlushPatience);
    return;
  }
  if (connection.id) {
    core_->connected(*connection.id, hosts_of(connection), now());
  } else {
    connection.id = core_->accepted(connection.kind, connection.stream.peer(), hosts_of(connection), now());
    connection.is_accounted_for = true;
    by_id_[*connection.id] = &connection;
  }
  settle();
}

template <typename Core>
void Drive<Core>::on_bytes(Connection& connection, ByteView bytes) {
  if (!connection.id) return;
  measure(connection);
  core_->receive(*connection.id, bytes, now());
  settle();
}

// Tells a listener now and then how fast a link delivers.
template <typename Core>
void Drive<Core>::measure(Connection& connection) {
  if constexpr (std::is_same_v<Core, proxy::Listener>) {
    if (connection.kind != proxy::Kind::kLink || now() - connection.measured < kMeasureEvery) return;
    connection.measured = now();
    const auto rate = connection.stream.delivery_rate();
    if (rate) core_->measured(*connection.id, {rate->bytes_per_second, rate->is_least});
  }
}

template <typename Core>
void Drive<Core>::on_end(Connection& connection) {
  if (!connection.id) return;
  core_->receive_end(*connection.id, now());
  settle();
}

template <typename Core>
std::size_t Drive<Core>::pull(Connection& connection, Bytes& to, std::size_t most) {
  if (!connection.id) return 0;
  const std::size_t count = core_->pull(*connection.id, to, most, now());
  settle();
  return count;
}

template <typename Core>
void Drive<Core>::on_closed(Connection& connection, const Error& error) {
  if (connection.id) {
    const proxy::ConnectionId id = *connection.id;
    by_id_.erase(id);
    core_->closed(id, error, now());
  } else if (!connection.is_accounted_for) {
    log_failed_link(connection.stream.peer(), error);
  }
  remove(connection);
  settle();
}

// What came to the link port and never became a link. Port scanners and probes leave on their own; who was turned away
// may be an operator's listener.
template <typename Core>
void Drive<Core>::log_failed_link(const std::string& peer, const Error& error) {
  const bool left = error.code == Errc::kUnavailable || error.code == Errc::kTimeout;
  failed_links_.write(left ? log::kInformation : log::kError,
                      left ? "a connection from " + peer + " ended before it was a link: " + error.text
                           : "link from " + peer + " refused: " + error.text,
                      now());
}

template <typename Core>
void Drive<Core>::remove(Connection& connection) {
  const auto found = connections_.find(&connection);
  if (found == connections_.end()) return;
  // Its own code may still be running.
  removed_.push_back(std::move(found->second));
  connections_.erase(found);
  turn_end_.schedule();
}

template <typename Core>
typename Drive<Core>::Connection* Drive<Core>::find(proxy::ConnectionId id) {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second;
}

template <typename Core>
bool Drive<Core>::is_flushed() const {
  return std::all_of(connections_.begin(), connections_.end(),
                     [](const auto& entry) { return entry.first->id || entry.first->kind == proxy::Kind::kOrigin; });
}

template <typename Core>
void Drive<Core>::settle() {
  // Doing one effect may call back here: the outermost call does them all.
  if (settling_) return;
  settling_ = true;
  while (auto effect = core_->poll()) perform(std::move(*effect));
  settling_ = false;
  deadline_.set(core_->deadline());
}

template <typename Core>
void Drive<Core>::perform(proxy::Effect effect) {
  if (const auto* to_dial = std::get_if<proxy::Dial>(&effect)) {
    dial(*to_dial);
  } else if (const auto* want = std::get_if<proxy::WantWrite>(&effect)) {
    if (Connection* connection = find(want->connection)) connection->stream.want_write();
  } else if (const auto* reading = std::get_if<proxy::SetReading>(&effect)) {
    if (Connection* connection = find(reading->connection)) connection->stream.set_reading(reading->on);
  } else if (auto* close = std::get_if<proxy::Close>(&effect)) {
    look_ups_.erase(close->connection);
    if (Connection* connection = find(close->connection)) {
      by_id_.erase(close->connection);
      connection->id.reset();
      if (close->reset) {
        connection->stream.abort();
        remove(*connection);
        return;
      }
      connection->stream.close(std::move(close->last_words), now() + kFlushPatience);
    }
  } else if (auto* get = std::get_if<proxy::StoreGet>(&effect)) {
    store_get(std::move(*get));
  } else if (auto* put = std::get_if<proxy::StorePut>(&effect)) {
    if (services_.store != nullptr) services_.store->put(std::move(put->key), std::move(put->item));
  } else if (auto* prepare = std::get_if<proxy::Prepare>(&effect)) {
    services_.preparer.add(std::move(prepare->version), prepare->strong);
  } else if (const auto* line = std::get_if<proxy::LogLine>(&effect)) {
    log::write(line->level, line->text);
  }
}

template <typename Core>
void Drive<Core>::dial(const proxy::Dial& dial) {
  look_ups_[dial.connection] =
      services_.resolver.resolve(dial.endpoint.host, dial.endpoint.port, dial.give_up,
                                 [this, dial](Result<std::vector<net::SocketAddress>> addresses) {
                                   if (addresses) {
                                     connect(dial, std::move(*addresses));
                                   } else {
                                     core_->closed(dial.connection, addresses.error(), now());
                                   }
                                   // Last: it owns this function.
                                   const auto self = look_ups_.extract(dial.connection);
                                   settle();
                                 });
}

template <typename Core>
void Drive<Core>::connect(const proxy::Dial& dial, std::vector<net::SocketAddress> addresses) {
  std::unique_ptr<tls::Engine> engine;
  if (dial.secure) {
    const bool to_link = dial.kind == proxy::Kind::kLink;
    const tls::ContextPtr& context = to_link ? trust_->link : trust_->origin;
    if (context == nullptr) {
      core_->closed(dial.connection, {Errc::kDenied, to_link ? kNoCertificate : kNoBundle}, now());
      return;
    }
    // Any certificate of the pair's authority will do for a link: addresses change, and the authority is ours alone.
    engine = std::make_unique<tls::Engine>(tls::Engine::client(context, to_link ? std::string{} : dial.server_name));
  }
  auto made = std::make_unique<Connection>(*this, dial.kind);
  Connection& connection = *made;
  connection.id = dial.connection;
  connection.is_accounted_for = true;
  connections_.emplace(&connection, std::move(made));
  by_id_[dial.connection] = &connection;
  connection.stream.connect(std::move(addresses), dial.give_up, std::move(engine),
                            dial.kind == proxy::Kind::kLink ? link_options_ : net::SocketOptions{});
}

template <typename Core>
void Drive<Core>::store_get(proxy::StoreGet get) {
  if (services_.store == nullptr) {
    core_->store_answer(get.ticket, std::nullopt, now());
    return;
  }
  services_.store->get(std::move(get.key), [watch = alive_.watch(), &loop = services_.loop,
                                            ticket = get.ticket](std::optional<Bytes> item) {
    loop.post([watch, ticket, item = std::move(item)] {
      Drive* const drive = watch.get();
      if (drive == nullptr) return;
      drive->core_->store_answer(ticket, item, drive->now());
      drive->settle();
    });
  });
}

template class Drive<proxy::Sender>;
template class Drive<proxy::Listener>;

}  // namespace railgun::app
