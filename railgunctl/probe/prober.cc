#include "railgunctl/probe/prober.h"

#include <algorithm>
#include <cerrno>

#include <unistd.h>

#include "railgunctl/settings_file.h"
#include "railgund/base/file.h"
#include "railgund/config/state_files.h"
#include "railgund/link/greeting.h"
#include "railgund/link/mux.h"
#include "railgund/net/clock.h"
#include "railgund/proxy/message_codec.h"

namespace railgun::ctl {
namespace {

constexpr std::size_t kEchoes = 5;
constexpr std::size_t kMaxCertificateBytes = 1 << 20;
// How long after the handshake a server may take to say that it wants a certificate, beyond the round trip.
constexpr Duration kComplaintTime = std::chrono::milliseconds(300);

// TLS 1.3 lets a client finish before the server has looked at its certificate: the complaint comes after.
bool complains(Wire& wire, Instant deadline) {
  const auto bytes = wire.read(deadline);
  return !bytes && bytes.error().code == Errc::kDenied;
}

void look_at_tls(ProbeFacts& facts, Wire wire, Instant deadline) {
  const auto context = tls::make_probe_context();
  if (!context) {
    facts.tls_error = context.error();
    return;
  }
  const Instant begun = net::steady_now();
  // The listener's certificate is for no name, but web servers choose theirs by it.
  if (const auto done = wire.secure(*context, facts.target.host, deadline); !done) {
    facts.tls_error = done.error();
    if (done.error().code == Errc::kMalformed) facts.first_bytes = std::string(as_text(wire.first_bytes()));
    return;
  }
  const tls::Engine& engine = *wire.engine();
  facts.tls = ProbeFacts::Tls{.time = net::steady_now() - begun,
                              .version = engine.version(),
                              .cipher = engine.cipher(),
                              .group = engine.group(),
                              .protocol = engine.protocol(),
                              .certificate = engine.peer_certificate()};
  const Duration wait = 2 * facts.attempts.back().time + kComplaintTime;
  facts.tls->asks_for_certificate = complains(wire, std::min(deadline, net::steady_now() + wait));
}

// The asker's end of one link, as far as its greeting and a few echoes.
class LinkLook {
 public:
  LinkLook(ProbeFacts& facts, Wire& wire, Instant deadline)
      : facts_(facts),
        wire_(wire),
        deadline_(deadline),
        mux_(link::Role::kAsker, limits(), proxy::encode_greeting({.reference_key = {}, .build = "0000"}),
             net::steady_now()) {}

  void run() {
    while (!has_seen_all() && net::steady_now() < deadline_) {
      if (auto done = turn(); !done) {
        if (!facts_.link) facts_.link_error = done.error();
        return;
      }
    }
    if (!facts_.link) facts_.link_error = Error{Errc::kTimeout, "timeout before the greeting"};
    mux_.go_away("only a probe");
    // The peer is told out of courtesy.
    (void)write();
  }

 private:
  static link::Limits limits() {
    return {.idle_timeout = std::chrono::milliseconds(1), .ping_timeout = std::chrono::seconds(60)};
  }
  bool has_seen_all() const {
    return facts_.link && (facts_.link->is_sender || facts_.link->round_trips.size() >= kEchoes);
  }

  Result<void> write() {
    Bytes bytes;
    mux_.pull(bytes, SIZE_MAX, net::steady_now());
    return wire_.write(bytes, deadline_);
  }

  Result<void> turn() {
    if (auto alive = mux_.on_deadline(net::steady_now()); !alive) return alive;
    if (auto written = write(); !written) return written;
    const auto bytes = wire_.read(std::min(deadline_, mux_.deadline()));
    if (!bytes) return bytes.error().code == Errc::kTimeout ? Result<void>{} : std::unexpected(bytes.error());
    if (bytes->empty()) return fail(Errc::kUnavailable, "the peer closed the connection");
    if (auto read = read_greeting(*bytes); !read || has_seen_all()) return read;
    if (auto received = mux_.receive(*bytes, net::steady_now()); !received) return received;
    while (auto event = mux_.poll()) take(*event);
    return {};
  }

  // The mux keeps the peer's versions and role to itself.
  Result<void> read_greeting(ByteView bytes) {
    if (facts_.link) return {};
    append(start_, bytes);
    const auto decoded = link::decode_greeting(start_);
    if (!decoded) return std::unexpected(decoded.error());
    if (!*decoded) return {};
    const link::Greeting& greeting = (*decoded)->greeting;
    facts_.link = ProbeFacts::Link{.lowest_version = greeting.lowest_version,
                                   .highest_version = greeting.highest_version,
                                   .is_sender = greeting.role == link::Role::kAsker};
    if (const auto layer = proxy::decode_greeting(greeting.payload)) facts_.link->build = layer->build;
    return {};
  }

  void take(const link::Event& event) {
    if (const auto* measured = std::get_if<link::RoundTripMeasured>(&event)) {
      facts_.link->round_trips.push_back(measured->time);
    }
  }

  ProbeFacts& facts_;
  Wire& wire_;
  Instant deadline_;
  link::Mux mux_;
  Bytes start_;  // until the greeting is whole
};

void look_at_link(ProbeFacts& facts, const net::SocketAddress& address, const OwnIdentity& identity, Instant deadline) {
  Wire::Attempt attempt = Wire::connect(address, deadline);
  if (!attempt.wire) {
    facts.link_error = Error{Errc::kUnavailable, attempt.reason};
    return;
  }
  // No name: links check the authority alone.
  if (const auto done = attempt.wire->secure(identity.context, "", deadline); !done) {
    facts.link_error = done.error();
    return;
  }
  LinkLook(facts, *attempt.wire, deadline).run();
}

std::string name_of(const config::Config& config, const tls::CertificateFacts& certificate) {
  const auto& names = certificate.dns_names;
  return std::string(config.role == config::Role::kSender ? "the sender " : "the listener ") +
         (names.empty() ? certificate.common_name : names.front());
}

}  // namespace

OwnIdentity own_identity(const config::Config& config) {
  OwnIdentity own;
  const config::IdentityFiles files = config::identity_files(config);
  if (files.certificate.empty()) return own;
  if (!files.are_set && ::access(files.certificate.c_str(), F_OK) != 0) {
    if (errno == EACCES) own.error = Error{Errc::kDenied, files.certificate + " cannot be read: run this as root"};
    return own;
  }
  const auto facts_of = [](const std::string& path) -> std::optional<tls::CertificateFacts> {
    const auto text = read_file(path, kMaxCertificateBytes);
    if (!text) return std::nullopt;
    const auto facts = tls::certificate_facts(*text);
    return facts ? std::optional(*facts) : std::nullopt;
  };
  own.certificate = facts_of(files.certificate);
  own.authority = facts_of(files.authority);
  const auto identity = tls::load_identity(files.certificate, files.key, files.authority);
  if (!identity) {
    own.error = identity.error();
    return own;
  }
  auto context = tls::make_link_context(*identity);
  if (!context) {
    own.error = context.error();
    return own;
  }
  own.context = *std::move(context);
  if (own.certificate) own.name = name_of(config, *own.certificate);
  return own;
}

ProbeFacts probe(const Endpoint& target, const OwnIdentity& identity, Instant deadline) {
  ProbeFacts facts{.target = target, .identity = identity.name, .identity_error = identity.error};
  facts.authority = identity.authority;
  const auto resolved = resolve(target, deadline);
  if (!resolved) {
    facts.name_error = resolved.error();
    return facts;
  }
  if (resolved->was_name) facts.name_time = resolved->time;
  for (const auto& address : resolved->addresses) facts.addresses.push_back(address.host());
  Connected connected = connect_any(resolved->addresses, deadline);
  facts.attempts = std::move(connected.attempts);
  if (!connected.wire) return facts;
  look_at_tls(facts, *std::move(connected.wire), deadline);
  if (facts.tls && facts.tls->protocol == tls::kLinkProtocol && identity.context != nullptr) {
    look_at_link(facts, resolved->addresses[facts.attempts.size() - 1], identity, deadline);
  }
  return facts;
}

}  // namespace railgun::ctl
