#include "railgund/activation/sender.h"

#include <algorithm>
#include <utility>

#include <unistd.h>

#include "railgund/activation/identity.h"
#include "railgund/activation/state_file.h"
#include "railgund/config/state_files.h"
#include "railgund/control/activation_message.h"
#include "railgund/net/clock.h"
#include "railgund/tls/random.h"
#include "railgund/tls/token.h"

namespace railgun::activation {
namespace {

constexpr const char* kRegistryFile = "registry.json";
constexpr std::uint16_t kActivationPort = 2409;
constexpr Duration kRetry = std::chrono::seconds(1);
constexpr Duration kDialAfter = std::chrono::milliseconds(150);
constexpr Duration kFailureRetry = std::chrono::seconds(10);  // after an error of the state directory

// A registry that is not there yet is empty. Errors: of reading; kMalformed.
Result<Registry> load_registry(const std::string& path) {
  const auto text = read_state_file(path);
  if (!text && text.error().code == Errc::kNotFound) return Registry{};
  if (!text) return std::unexpected(text.error());
  auto registry = Registry::parse(*text);
  if (!registry) return fail(registry.error().code, path + ": " + registry.error().text);
  return registry;
}

}  // namespace

Sender::Sender(net::EventLoop& loop, Daemon& daemon)
    : loop_(loop),
      daemon_(daemon),
      identity_check_(loop, [this] { check_identity(); }),
      retry_(loop, [this] { open_port(); }),
      apply_soon_(loop, [this] { apply(); }) {
  check_identity();
}

void Sender::check_identity() {
  const config::ConfigPtr config = daemon_.settings();
  if (!config->cert_file.empty() || config->state_directory.empty()) {
    failure_ = "certificates are set by hand (cert.file), or state.directory is not set";
    return;
  }
  const auto prepared = prepare_identity(*config, net::wall_now());
  identity_check_.set(loop_.now() + until_next_check(*config, net::wall_now()));
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
  auto registry = load_registry(registry_path());
  if (!registry) return std::unexpected(registry.error());
  auto authority = load_authority(config);
  if (!authority) return std::unexpected(authority.error());
  auto context = tls::make_server_context(authority->certificate, authority->key);
  if (!context) return std::unexpected(context.error());
  registry_ = *std::move(registry);
  issuer_.emplace(*std::move(authority));
  context_ = *std::move(context);
  apply();
  open_port();
  return {};
}

std::string Sender::registry_path() const { return config::state_file(*daemon_.settings(), kRegistryFile); }

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
  log::notice("activation.listen: open now");
  // The previous process may have changed the registry until it closed the port.
  auto reread = load_registry(registry_path());
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
  if (auto applied = daemon_.set_registered(registry_->sites(), registry_->revoked_serials()); !applied) {
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
      return set([&](Registry& registry) { return registry.set_enabled(arguments.name, true); });
    case control::Command::kRailgunDisable:
      return set([&](Registry& registry) { return registry.set_enabled(arguments.name, false); });
    case control::Command::kRailgunDelete:
      return set([&](Registry& registry) { return registry.remove(arguments.name); });
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
                "activation.listen is not set, so no listener could redeem the token: set it (to 0.0.0.0:2409, for "
                "example) and restart");
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
  const auto fingerprint = tls::certificate_fingerprint(issuer_->authority().certificate);
  if (!fingerprint) return std::unexpected(fingerprint.error());
  const auto secret = tls::random_bytes<32>();
  tls::Token token{.activation = *endpoint, .fingerprint = {}, .secret = to_bytes(secret)};
  std::copy(fingerprint->begin(), fingerprint->end(), token.fingerprint.begin());
  auto text = tls::encode_token(token);
  if (!text) return std::unexpected(text.error());
  const WallTime now = net::wall_now();
  auto created = change([&](Registry& registry) {
    return registry.create(arguments.name, arguments.hosts, arguments.uses,
                           now + std::chrono::seconds(arguments.expires_seconds), secret, now);
  });
  if (!created) return std::unexpected(created.error());
  log::notice("railgun " + created->name + " created by railgunctl");
  return control::to_json(control::CreatedRailgun{*std::move(created), *std::move(text)});
}

// Enables, disables or deletes a railgun.
template <typename Change>
Result<std::string> Sender::set(Change work) {
  const Result<control::Railgun> railgun = change(work);
  if (!railgun) return std::unexpected(railgun.error());
  apply();
  const bool is_deleted = railgun->status == control::RailgunStatus::kDeleted;
  if (is_deleted || !railgun->enabled) {
    for (const std::string& host : railgun->hosts) daemon_.cut_links(host);
  }
  log::notice("railgun " + railgun->name +
              (is_deleted         ? " deleted"
               : railgun->enabled ? " enabled"
                                  : " disabled") +
              " by railgunctl");
  return control::to_json(*railgun);
}

// Changes a copy of the registry, writes it to the disk, and only then makes it the registry.
template <typename Change>
auto Sender::change(Change work) -> decltype(work(std::declval<Registry&>())) {
  Registry changed = *registry_;
  auto result = work(changed);
  if (!result) return result;
  if (auto written = write_state_file(registry_path(), changed.format()); !written)
    return std::unexpected(written.error());
  registry_ = std::move(changed);
  return result;
}

std::string Sender::answer(std::string_view line, const std::string& peer) {
  const auto request = control::parse_activation_request(line);
  const Result<Outcome> outcome = !request ? std::unexpected(request.error()) : change([&](Registry& registry) {
    return issuer_->answer(
        registry, *request,
        {.now = net::wall_now(),
         .peer = peer,
         .lifetime = std::chrono::floor<std::chrono::seconds>(daemon_.settings()->activation_certificate_life),
         .serial = tls::random_bytes<16>()});
  });
  if (!outcome) {
    rejections_.write(log::kError, outcome.error().text + ", from " + peer, loop_.now());
    return control::format_error(outcome.error());
  }
  report(*outcome, peer);
  return control::format_activation_answer(outcome->answer);
}

void Sender::report(const Outcome& outcome, const std::string& peer) {
  const std::string railgun = "railgun " + outcome.railgun.name;
  switch (outcome.kind) {
    case Outcome::Kind::kActivated:
      // The sender connects once the listener can have its certificate. A listener that connects itself may be here by
      // then, so its sites are served at once.
      apply_soon_.set(loop_.now() + (outcome.address.empty() ? Duration(0) : kDialAfter));
      log::notice(railgun + " activated by the listener at " + peer +
                  (outcome.address.empty() ? ", which connects to this sender" : "; connecting to " + outcome.address));
      if (!outcome.clock_warning.empty())
        log::error(railgun + ": " + outcome.clock_warning + ": correct the wrong one");
      return;
    case Outcome::Kind::kRenewed:
      return log::information(railgun + ": certificate of the listener at " + peer + " renewed");
    case Outcome::Kind::kDeactivated:
      // Its links end by themselves: the listener finishes its requests.
      apply();
      return log::notice(railgun + ": listener at " + peer + " deactivated" +
                         (outcome.railgun.status == control::RailgunStatus::kVerified ? "; others are active" : ""));
  }
}

}  // namespace railgun::activation
