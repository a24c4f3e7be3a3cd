#include "railgund/activation/sender.h"

#include <algorithm>

#include <unistd.h>

#include "railgund/activation/identity.h"
#include "railgund/base/field.h"
#include "railgund/config/state_files.h"
#include "railgund/control/activation_message.h"
#include "railgund/tls/certificate.h"
#include "railgund/tls/lifetime.h"
#include "railgund/tls/random.h"
#include "railgund/tls/token.h"

namespace railgun::activation {
namespace {

constexpr std::uint16_t kActivationPort = 2409;
constexpr Duration kRetry = std::chrono::seconds(1);
constexpr Duration kDialAfter = std::chrono::milliseconds(150);
constexpr Duration kFailureRetry = std::chrono::seconds(10);  // after an error of the state directory

WallTime wall_now() { return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()); }

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

Sender::Sender(net::EventLoop& loop, Daemon& daemon)
    : loop_(loop),
      daemon_(daemon),
      identity_check_(loop, [this] { check_identity(); }),
      retry_(loop, [this] { open_port(); }),
      dial_soon_(loop, [this] { apply(); }) {
  check_identity();
}

void Sender::check_identity() {
  const config::ConfigPtr config = daemon_.settings();
  if (!config->cert_file.empty() || config->state_directory.empty()) {
    failure_ = "certificates are set by hand (cert.file), or state.directory is not set";
    return;
  }
  const auto prepared = prepare_identity(*config, wall_now());
  identity_check_.set(loop_.now() + until_next_check(*config, wall_now()));
  if (!prepared) return report_failure(prepared.error());
  if (*prepared) {
    if (auto loaded = daemon_.reload_trust(); !loaded) return report_failure(loaded.error());
  }
  if (!registry_) {
    if (auto started = start(*config); !started) {
      identity_check_.set(loop_.now() + kFailureRetry);
      return report_failure(started.error());
    }
  }
  failure_.clear();
}

Result<void> Sender::start(const config::Config& config) {
  auto registry = Registry::load(config::state_file(config, kRegistryFile));
  if (!registry) return std::unexpected(registry.error());
  auto authority = load_authority(config);
  if (!authority) return std::unexpected(authority.error());
  auto context = tls::make_server_context(authority->certificate, authority->key);
  if (!context) return std::unexpected(context.error());
  registry_ = *std::move(registry);
  authority_ = *std::move(authority);
  context_ = *std::move(context);
  apply();
  open_port();
  return {};
}

void Sender::report_failure(const Error& error) {
  if (error.text != failure_) log::error("activation: " + error.text);
  failure_ = error.text;
}

void Sender::open_port() {
  const config::ConfigPtr settings = daemon_.settings();
  const config::Config& config = *settings;
  if (!config.activation_listen) return;
  auto port = Server::open(loop_, *config.activation_listen, context_,
                           [this](std::string_view line, const std::string& peer) { return answer(line, peer); });
  if (!port) {
    if (port_failure_.empty()) {
      log::error("activation.listen: " + port.error().text + "; trying again every second");
    }
    port_failure_ = port.error().text;
    retry_.set(loop_.now() + kRetry);
    return;
  }
  port_ = *std::move(port);
  if (port_failure_.empty()) return;
  port_failure_.clear();
  log::error("activation.listen: open now");
  // The previous process may have changed the registry until it closed the port.
  auto reread = Registry::load(config::state_file(config, kRegistryFile));
  if (!reread) return log::error("activation: " + reread.error().text);
  registry_ = *std::move(reread);
  apply();
}

void Sender::retire() {
  retired_ = true;
  identity_check_.cancel();
  retry_.cancel();
  port_.reset();
}

void Sender::apply() {
  if (auto applied = daemon_.set_registered(registry_->sites(), registry_->refused_serials()); !applied) {
    log::error("activation: " + applied.error().text);
  }
}

Result<std::string> Sender::handle(const control::Request& request) {
  const control::Arguments& arguments = request.arguments;
  if (!registry_ && !retired_) check_identity();
  if (!registry_) return fail(Errc::kUnavailable, "this sender keeps no railguns: " + failure_);
  if (retired_ && control::access_of(request.command) == control::Access::kChange) {
    return fail(Errc::kUnavailable, "this daemon is ending: ask again in a moment");
  }
  switch (request.command) {
    case control::Command::kRailgunCreate:
      return create(arguments);
    case control::Command::kRailgunList:
      return control::to_json(registry_->list());
    case control::Command::kRailgunEnable:
      return change(registry_->set_enabled(arguments.name, true));
    case control::Command::kRailgunDisable:
      return change(registry_->set_enabled(arguments.name, false));
    case control::Command::kRailgunDelete:
      return change(registry_->remove(arguments.name));
    default:
      break;
  }
  const auto railgun = registry_->show(arguments.name);
  if (!railgun) return std::unexpected(railgun.error());
  return control::to_json(*railgun);
}

Result<std::string> Sender::create(const control::Arguments& arguments) {
  const config::ConfigPtr settings = daemon_.settings();
  const config::Config& config = *settings;
  if (!config.activation_listen) {
    return fail(Errc::kInvalid,
                "set activation.listen (as 0.0.0.0:2409) and restart, so that listeners can come to be activated");
  }
  if (port_ == nullptr) return fail(Errc::kUnavailable, "activation.listen is not open yet: " + port_failure_);
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
  const auto secret = tls::random_bytes<32>();
  tls::Token token{.activation = *endpoint, .fingerprint = {}, .secret = to_bytes(secret)};
  std::copy(fingerprint->begin(), fingerprint->end(), token.fingerprint.begin());
  auto text = tls::encode_token(token);
  if (!text) return std::unexpected(text.error());
  const WallTime now = wall_now();
  auto made = registry_->create(arguments.name, arguments.hosts, arguments.uses,
                                now + std::chrono::seconds(arguments.expires_seconds), secret, now);
  if (!made) return std::unexpected(made.error());
  log::error("railgun " + made->name + " was made, by railgunctl");
  return control::to_json(control::CreatedRailgun{*std::move(made), *std::move(text)});
}

Result<std::string> Sender::change(Result<control::Railgun> changed) {
  if (!changed) return std::unexpected(changed.error());
  apply();
  if (changed->status == "D" || !changed->enabled) {
    for (const std::string& host : changed->hosts) daemon_.cut_links(host);
  }
  log::error("railgun " + changed->name + " is " +
             (changed->status == "D" ? "deleted"
              : changed->enabled     ? "enabled"
                                     : "disabled") +
             ", by railgunctl");
  return control::to_json(*changed);
}

std::string Sender::answer(std::string_view line, const std::string& peer) {
  const auto request = control::parse_activation_request(line);
  Result<control::ActivationAnswer> result = !request                   ? std::unexpected(request.error())
                                             : request->deactivate      ? deactivate(*request)
                                             : !request->secret.empty() ? redeem(*request, peer)
                                                                        : renew(*request);
  if (result) {
    result->time = count(wall_now());
    return control::format_activation_answer(*result);
  }
  refusals_.write(log::kError, result.error().text + ", from " + peer, loop_.now());
  return control::format_error(result.error());
}

Result<std::string> Sender::issue(const control::Railgun& railgun, const std::string& request) {
  return tls::issue_certificate(authority_, request, railgun.hosts,
                                tls::validity_from(wall_now(), certificate_life(*daemon_.settings())),
                                tls::random_bytes<16>());
}

Result<control::ActivationAnswer> Sender::redeem(const control::ActivationRequest& request, const std::string& peer) {
  const auto railgun = registry_->check_token(from_hex(request.secret), wall_now());
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
  if (auto noted = registry_->activated(railgun->name, address, facts->serial, facts->not_after, wall_now()); !noted)
    return std::unexpected(noted.error());
  // A listener that is dialled takes links once it has its certificate. One that dials is here as soon, so its sites
  // are served at once.
  dial_soon_.set(loop_.now() + (address.empty() ? Duration(0) : kDialAfter));
  log::error("railgun " + railgun->name + " is activated, from " + peer +
             (address.empty() ? "; it dials in" : "; it is dialled at " + address));
  return answer_with(*railgun, *std::move(certificate), authority_.certificate);
}

Result<control::ActivationAnswer> Sender::renew(const control::ActivationRequest& request) {
  const auto facts = tls::certificate_facts(request.certificate);
  if (!facts) return std::unexpected(facts.error());
  const auto railgun = registry_->check_certificate(facts->serial);
  if (!railgun) return std::unexpected(railgun.error());
  if (wall_now() > facts->not_after + tls::kRenewableAfterEnd) {
    return fail(Errc::kDenied, "Activation Failed: the certificate ended on " + tls::utc_text(facts->not_after) +
                                   ", too long ago to be renewed: activate the listener with a new token");
  }
  if (auto checked = tls::verify_request(request.request); !checked) return std::unexpected(checked.error());
  if (!tls::proves_possession(authority_.certificate, request.certificate, request.request)) {
    return fail(Errc::kDenied, "Activation Failed: the certificate to renew is not of this sender, or of another key");
  }
  auto certificate = issue(*railgun, request.request);
  if (!certificate) return std::unexpected(certificate.error());
  const auto fresh = tls::certificate_facts(*certificate);
  if (!fresh) return std::unexpected(fresh.error());
  if (auto noted = registry_->renewed(railgun->name, facts->serial, fresh->serial, fresh->not_after, wall_now());
      !noted)
    return std::unexpected(noted.error());
  return answer_with(*railgun, *std::move(certificate), authority_.certificate);
}

Result<control::ActivationAnswer> Sender::deactivate(const control::ActivationRequest& request) {
  const auto facts = tls::certificate_facts(request.certificate);
  if (!facts) return std::unexpected(facts.error());
  if (auto known = registry_->check_certificate(facts->serial); !known) return std::unexpected(known.error());
  if (auto checked = tls::verify_request(request.request); !checked) return std::unexpected(checked.error());
  if (!tls::proves_possession(authority_.certificate, request.certificate, request.request)) {
    return fail(Errc::kDenied, "the certificate to deactivate is not of this sender, or of another key");
  }
  const auto railgun = registry_->deactivated(facts->serial, wall_now());
  if (!railgun) return std::unexpected(railgun.error());
  // Its links end by themselves: the listener finishes what it has begun.
  apply();
  log::error("railgun " + railgun->name + ": a listener has deactivated itself; status " + railgun->status +
             (railgun->status == "V" ? " (others are active)" : ""));
  return control::ActivationAnswer{.name = railgun->name, .deactivated = true};
}

}  // namespace railgun::activation
