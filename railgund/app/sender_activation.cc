#include "railgund/app/sender_activation.h"

#include <algorithm>
#include <array>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <unistd.h>

#include "railgund/app/server.h"
#include "railgund/app/state_file.h"
#include "railgund/base/check.h"
#include "railgund/base/field.h"
#include "railgund/control/activation_message.h"
#include "railgund/tls/certificate.h"
#include "railgund/tls/lifetime.h"
#include "railgund/tls/token.h"

namespace railgun::app {
namespace {

constexpr const char* kAuthorityKeyFile = "authority.key";
constexpr std::uint16_t kActivationPort = 2409;
constexpr Duration kRetry = std::chrono::seconds(1);
constexpr Duration kDialAfter = std::chrono::milliseconds(150);
constexpr Duration kTroubleRetry = std::chrono::seconds(10);  // after trouble with the state directory
constexpr auto kAuthorityLife = std::chrono::days(3650);

WallTime wall_now() { return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()); }

template <std::size_t Size>
std::array<std::uint8_t, Size> random_bytes() {
  std::array<std::uint8_t, Size> bytes;
  RAILGUN_CHECK(RAND_bytes(bytes.data(), static_cast<int>(Size)) == 1);
  return bytes;
}

std::int64_t count(WallTime time) { return time.time_since_epoch().count(); }

std::chrono::seconds certificate_life(const config::Config& config) {
  return std::chrono::floor<std::chrono::seconds>(config.activation_certificate_life);
}

Bytes from_hex(std::string_view text) {
  Bytes bytes;
  const auto digit = [](char c) { return static_cast<std::uint8_t>(c <= '9' ? c - '0' : c - 'a' + 10); };
  for (std::size_t i = 0; i + 1 < text.size(); i += 2)
    bytes.push_back(static_cast<std::uint8_t>(digit(text[i]) << 4 | digit(text[i + 1])));
  return bytes;
}

struct FreeOpenssl {
  void operator()(BIO* bio) const noexcept { BIO_free(bio); }
  void operator()(X509* certificate) const noexcept { X509_free(certificate); }
  void operator()(X509_REQ* request) const noexcept { X509_REQ_free(request); }
};
template <typename T>
using Handle = std::unique_ptr<T, FreeOpenssl>;

// Whether the authority signed the certificate, and the request is of the same key: then whoever sent it holds that
// key, as verify_request() has checked the request's own signature.
bool proves_possession(const std::string& authority_pem, const std::string& certificate_pem,
                       const std::string& request_pem) {
  const Handle<BIO> authority_text(BIO_new_mem_buf(authority_pem.data(), static_cast<int>(authority_pem.size())));
  const Handle<X509> authority(PEM_read_bio_X509(authority_text.get(), nullptr, nullptr, nullptr));
  const Handle<BIO> certificate_text(BIO_new_mem_buf(certificate_pem.data(), static_cast<int>(certificate_pem.size())));
  const Handle<BIO> request_text(BIO_new_mem_buf(request_pem.data(), static_cast<int>(request_pem.size())));
  const Handle<X509> certificate(PEM_read_bio_X509(certificate_text.get(), nullptr, nullptr, nullptr));
  const Handle<X509_REQ> request(PEM_read_bio_X509_REQ(request_text.get(), nullptr, nullptr, nullptr));
  return authority && certificate && request &&
         X509_verify(certificate.get(), X509_get0_pubkey(authority.get())) == 1 &&
         EVP_PKEY_eq(X509_get0_pubkey(certificate.get()), X509_REQ_get0_pubkey(request.get())) == 1;
}

bool nears_end(const std::string& certificate_pem, WallTime now) {
  const auto facts = tls::certificate_facts(certificate_pem);
  return !facts || now >= tls::renewal_time(*facts);
}

control::ActivationAnswer answer_with(const control::Railgun& railgun, std::string certificate, std::string authority) {
  return {.name = railgun.name,
          .certificate = std::move(certificate),
          .authority = std::move(authority),
          .hosts = railgun.hosts};
}

// Where the sender is to dial the listener; empty: nowhere, it dials itself.
std::string address_of(const control::ActivationRequest& request, const std::string& peer) {
  if (request.port == 0) return {};
  const auto endpoint = parse_endpoint(request.host.empty() ? peer : request.host, request.port);
  return endpoint ? to_string(*endpoint) : std::string{};
}

}  // namespace

Result<bool> prepare_sender_identity(const config::Config& config, WallTime now) {
  const auto file = [&](const char* name) { return state_file(config, name); };
  auto authority_key = read_state_file(file(kAuthorityKeyFile));
  auto authority = read_state_file(file(kAuthorityFile));
  if (!authority_key || !authority) {
    // Half an authority is a lost one: refuse to make another over it.
    if (authority_key || authority)
      return fail(Errc::kInvalid,
                  file(kAuthorityFile) + " and " + file(kAuthorityKeyFile) + " belong together: one is missing");
    if (authority_key.error().code != Errc::kNotFound) return std::unexpected(authority_key.error());
    auto made = tls::create_authority("railgun authority", tls::validity_from(now, kAuthorityLife), random_bytes<16>());
    if (!made) return std::unexpected(made.error());
    if (auto written = write_state_file(file(kAuthorityKeyFile), made->key); !written)
      return std::unexpected(written.error());
    if (auto written = write_state_file(file(kAuthorityFile), made->certificate); !written)
      return std::unexpected(written.error());
    authority_key = made->key;
    authority = made->certificate;
  }
  const auto own = read_state_file(file(kCertificateFile));
  if (own && !nears_end(*own, now)) return false;
  auto request = tls::create_request("sender");
  if (!request) return std::unexpected(request.error());
  auto certificate = tls::issue_certificate({*authority_key, *authority}, request->request, {"sender.railgun"},
                                            tls::validity_from(now, certificate_life(config)), random_bytes<16>());
  if (!certificate) return std::unexpected(certificate.error());
  if (auto written = write_state_file(file(kKeyFile), request->key); !written) return std::unexpected(written.error());
  if (auto written = write_state_file(file(kCertificateFile), *certificate); !written)
    return std::unexpected(written.error());
  return true;
}

Duration until_identity_is_looked_at(const config::Config& config, WallTime now) {
  const auto own = read_state_file(state_file(config, kCertificateFile));
  const auto facts = own ? tls::certificate_facts(*own) : std::unexpected(own.error());
  return facts ? Duration(tls::until_next_look(*facts, now)) : kTroubleRetry;
}

SenderActivation::SenderActivation(Server& server, Registry registry, tls::KeyAndCertificate authority,
                                   tls::ContextPtr context)
    : server_(server),
      registry_(std::move(registry)),
      authority_(std::move(authority)),
      context_(std::move(context)),
      retry_(server.loop(), [this] { open_port(); }),
      dial_soon_(server.loop(), [this] { apply(); }) {}

Result<std::unique_ptr<SenderActivation>> SenderActivation::start(Server& server) {
  const config::Config& config = *server.config();
  auto registry = Registry::load(state_file(config, kRegistryFile));
  if (!registry) return std::unexpected(registry.error());
  auto key = read_state_file(state_file(config, kAuthorityKeyFile));
  auto certificate = read_state_file(state_file(config, kAuthorityFile));
  if (!key) return std::unexpected(key.error());
  if (!certificate) return std::unexpected(certificate.error());
  auto context = tls::make_server_context(*certificate, *key);
  if (!context) return std::unexpected(context.error());
  std::unique_ptr<SenderActivation> activation(new SenderActivation(
      server, *std::move(registry), {*std::move(key), *std::move(certificate)}, *std::move(context)));
  activation->apply();
  activation->open_port();
  return activation;
}

void SenderActivation::open_port() {
  const config::Config& config = *server_.config();
  if (!config.activation_listen) return;
  auto port =
      ActivationServer::open(server_.loop(), *config.activation_listen, context_,
                             [this](std::string_view line, const std::string& peer) { return answer(line, peer); });
  if (!port) {
    if (port_trouble_.empty()) {
      log::error("activation.listen: " + port.error().text + "; trying again every second");
    }
    port_trouble_ = port.error().text;
    retry_.set(server_.loop().now() + kRetry);
    return;
  }
  port_ = *std::move(port);
  if (port_trouble_.empty()) return;
  port_trouble_.clear();
  log::error("activation.listen: open now");
  // Until it gave up the port, the process before this one may have written to the book.
  auto book = Registry::load(state_file(config, kRegistryFile));
  if (!book) return log::error("activation: " + book.error().text);
  registry_ = *std::move(book);
  apply();
}

void SenderActivation::retire() {
  retired_ = true;
  retry_.cancel();
  port_.reset();
}

void SenderActivation::apply() {
  if (auto applied = server_.set_registered(registry_.sites(), registry_.refused_serials()); !applied) {
    log::error("activation: " + applied.error().text);
  }
}

Result<std::string> SenderActivation::handle(const control::Request& request) {
  const control::Arguments& arguments = request.arguments;
  if (retired_ && control::access_of(request.command) == control::Access::kChange) {
    return fail(Errc::kUnavailable, "this daemon is ending: ask again in a moment");
  }
  switch (request.command) {
    case control::Command::kRailgunCreate:
      return create(arguments);
    case control::Command::kRailgunList:
      return control::to_json(registry_.list());
    case control::Command::kRailgunEnable:
      return change(registry_.set_enabled(arguments.name, true));
    case control::Command::kRailgunDisable:
      return change(registry_.set_enabled(arguments.name, false));
    case control::Command::kRailgunDelete:
      return change(registry_.remove(arguments.name));
    default:
      break;
  }
  const auto railgun = registry_.show(arguments.name);
  if (!railgun) return std::unexpected(railgun.error());
  return control::to_json(*railgun);
}

Result<std::string> SenderActivation::create(const control::Arguments& arguments) {
  const config::Config& config = *server_.config();
  if (!config.activation_listen) {
    return fail(Errc::kInvalid,
                "set activation.listen (as 0.0.0.0:2409) and restart, so that listeners can come to be activated");
  }
  if (port_ == nullptr) return fail(Errc::kUnavailable, "activation.listen is not open yet: " + port_trouble_);
  std::string address = config.activation_address;
  if (address.empty()) {
    char name[256] = "localhost";
    gethostname(name, sizeof name - 1);
    address = std::string(name) + ':' + std::to_string(config.activation_listen->port);
  }
  const auto endpoint = parse_endpoint(address, kActivationPort);
  if (!endpoint) return std::unexpected(endpoint.error());
  const auto fingerprint = tls::certificate_fingerprint(authority_.certificate);
  if (!fingerprint) return std::unexpected(fingerprint.error());
  const auto secret = random_bytes<32>();
  tls::Token token{.activation = *endpoint, .fingerprint = {}, .secret = to_bytes(secret)};
  std::copy(fingerprint->begin(), fingerprint->end(), token.fingerprint.begin());
  auto text = tls::encode_token(token);
  if (!text) return std::unexpected(text.error());
  const WallTime now = wall_now();
  auto made = registry_.create(arguments.name, arguments.hosts, arguments.uses,
                               now + std::chrono::seconds(arguments.expires_seconds), secret, now);
  if (!made) return std::unexpected(made.error());
  log::error("railgun " + made->name + " was made, by railgunctl");
  return control::to_json(control::CreatedRailgun{*std::move(made), *std::move(text)});
}

Result<std::string> SenderActivation::change(Result<control::Railgun> changed) {
  if (!changed) return std::unexpected(changed.error());
  apply();
  if (changed->status == "D" || !changed->enabled) {
    for (const std::string& host : changed->hosts) server_.cut_links(host);
  }
  log::error("railgun " + changed->name + " is " +
             (changed->status == "D" ? "deleted"
              : changed->enabled     ? "enabled"
                                     : "disabled") +
             ", by railgunctl");
  return control::to_json(*changed);
}

std::string SenderActivation::answer(std::string_view line, const std::string& peer) {
  const auto request = control::parse_activation_request(line);
  Result<control::ActivationAnswer> result = !request                   ? std::unexpected(request.error())
                                             : request->deactivate      ? deactivate(*request)
                                             : !request->secret.empty() ? redeem(*request, peer)
                                                                        : renew(*request);
  if (result) {
    result->time = count(wall_now());
    return control::format_activation_answer(*result);
  }
  refusals_.write(log::kError, result.error().text + ", from " + peer, server_.loop().now());
  return control::format_error(result.error());
}

Result<std::string> SenderActivation::issue(const control::Railgun& railgun, const std::string& request) {
  return tls::issue_certificate(authority_, request, railgun.hosts,
                                tls::validity_from(wall_now(), certificate_life(*server_.config())),
                                random_bytes<16>());
}

Result<control::ActivationAnswer> SenderActivation::redeem(const control::ActivationRequest& request,
                                                           const std::string& peer) {
  const auto railgun = registry_.check_token(from_hex(request.secret), wall_now());
  if (!railgun) return std::unexpected(railgun.error());
  const WallTime listeners_clock{std::chrono::seconds(request.time)};
  if (request.time != 0) {
    if (auto checked = tls::check_listener_clock(wall_now(), listeners_clock); !checked)
      return std::unexpected(checked.error());
    const std::string difference =
        tls::clock_difference(wall_now(), listeners_clock, "that of the listener at " + peer);
    if (!difference.empty()) log::error("railgun " + railgun->name + ": " + difference + ": set the one that is wrong");
  }
  auto certificate = issue(*railgun, request.request);
  if (!certificate) return std::unexpected(certificate.error());
  const auto facts = tls::certificate_facts(*certificate);
  if (!facts) return std::unexpected(facts.error());
  const std::string address = address_of(request, peer);
  if (auto noted = registry_.activated(railgun->name, address, facts->serial, facts->not_after, wall_now()); !noted)
    return std::unexpected(noted.error());
  // A listener that is dialled takes links once it has its certificate. One that dials is here as soon, so its sites
  // are served at once.
  dial_soon_.set(server_.loop().now() + (address.empty() ? Duration(0) : kDialAfter));
  log::error("railgun " + railgun->name + " is activated, from " + peer +
             (address.empty() ? "; it dials in" : "; it is dialled at " + address));
  return answer_with(*railgun, *std::move(certificate), authority_.certificate);
}

Result<control::ActivationAnswer> SenderActivation::renew(const control::ActivationRequest& request) {
  const auto facts = tls::certificate_facts(request.certificate);
  if (!facts) return std::unexpected(facts.error());
  const auto railgun = registry_.check_certificate(facts->serial);
  if (!railgun) return std::unexpected(railgun.error());
  if (wall_now() > facts->not_after + tls::kRenewableAfterEnd) {
    return fail(Errc::kDenied, "Activation Failed: the certificate ended on " + tls::utc_text(facts->not_after) +
                                   ", too long ago to be renewed: activate the listener with a new token");
  }
  if (auto checked = tls::verify_request(request.request); !checked) return std::unexpected(checked.error());
  if (!proves_possession(authority_.certificate, request.certificate, request.request)) {
    return fail(Errc::kDenied, "Activation Failed: the certificate to renew is not of this sender, or of another key");
  }
  auto certificate = issue(*railgun, request.request);
  if (!certificate) return std::unexpected(certificate.error());
  const auto fresh = tls::certificate_facts(*certificate);
  if (!fresh) return std::unexpected(fresh.error());
  if (auto noted = registry_.renewed(railgun->name, facts->serial, fresh->serial, fresh->not_after, wall_now()); !noted)
    return std::unexpected(noted.error());
  return answer_with(*railgun, *std::move(certificate), authority_.certificate);
}

Result<control::ActivationAnswer> SenderActivation::deactivate(const control::ActivationRequest& request) {
  const auto facts = tls::certificate_facts(request.certificate);
  if (!facts) return std::unexpected(facts.error());
  if (auto known = registry_.check_certificate(facts->serial); !known) return std::unexpected(known.error());
  if (auto checked = tls::verify_request(request.request); !checked) return std::unexpected(checked.error());
  if (!proves_possession(authority_.certificate, request.certificate, request.request)) {
    return fail(Errc::kDenied, "the certificate to deactivate is not of this sender, or of another key");
  }
  const auto railgun = registry_.deactivated(facts->serial, wall_now());
  if (!railgun) return std::unexpected(railgun.error());
  // Its links end by themselves: the listener finishes what it has begun.
  apply();
  log::error("railgun " + railgun->name + ": a listener has deactivated itself; status " + railgun->status +
             (railgun->status == "V" ? " (others are active)" : ""));
  return control::ActivationAnswer{.name = railgun->name, .deactivated = true};
}

}  // namespace railgun::app
