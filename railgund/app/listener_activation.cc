#include "railgund/app/listener_activation.h"

#include <unistd.h>

#include "railgund/app/server.h"
#include "railgund/app/state_file.h"
#include "railgund/control/json_fields.h"
#include "railgund/log/log.h"
#include "railgund/tls/authority.h"
#include "railgund/tls/certificate.h"
#include "railgund/tls/token.h"

namespace railgun::app {

// Where the certificate came from: state.directory/activation.json.
struct ActivationSource {
  std::string sender{};       // HOST:PORT
  std::string fingerprint{};  // of its authority, hex
};
void fields(auto& visit, ActivationSource& value) {
  visit("sender", value.sender);
  visit("fingerprint", value.fingerprint);
}

namespace {

constexpr const char* kSourceFile = "activation.json";
constexpr Duration kRetry = std::chrono::seconds(30);
constexpr Duration kCheck = std::chrono::hours(1);

WallTime wall_now() { return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()); }

bool may_help_to_wait(const Error& error) {
  return error.code == Errc::kUnavailable || error.code == Errc::kTimeout || error.code == Errc::kNotFound;
}

}  // namespace

ListenerActivation::ListenerActivation(Server& server)
    : server_(server), check_(server.loop(), [this] { look_after_certificate(); }) {
  check_.set(server_.loop().now());
}

ListenerActivation::~ListenerActivation() = default;

void ListenerActivation::look_after_certificate() {
  const config::Config& config = *server_.config();
  check_.set(server_.loop().now() + kCheck);
  if (!config.cert_file.empty() || config.state_directory.empty() || client_ != nullptr) return;
  const auto certificate = read_state_file(state_file(config, kCertificateFile));
  if (!certificate) {
    if (!config.activation_token.empty()) at_start();
    return;
  }
  const auto facts = tls::certificate_facts(*certificate);
  if (facts && wall_now() >= facts->not_before + (facts->not_after - facts->not_before) * 2 / 3) renew();
}

void ListenerActivation::at_start() {
  activate(server_.config()->activation_token, "", [this](const Result<control::Activated>& activated) {
    if (activated) return;
    log::error(activated.error().text);
    if (may_help_to_wait(activated.error())) check_.set(server_.loop().now() + kRetry);
  });
}

void ListenerActivation::activate(const std::string& token, const std::string& host, Done done) {
  const config::Config& config = *server_.config();
  if (!config.cert_file.empty())
    return done(fail(Errc::kInvalid,
                     "cert.file is set, so certificates are not fetched: remove it, key.file and link.ca_file first"));
  if (config.state_directory.empty())
    return done(fail(Errc::kInvalid, "state.directory is not set: there is no place for the certificate"));
  if (client_ != nullptr) return done(fail(Errc::kUnavailable, "an activation is under way"));
  const auto decoded = tls::decode_token(token);
  if (!decoded) return done(fail(decoded.error().code, "Activation Failed: " + decoded.error().text));
  // A full disk must not cost a use of the token.
  const std::string trial = state_file(config, "activation.trial");
  if (auto written = write_state_file(trial, "room\n"); !written) return done(std::unexpected(written.error()));
  ::unlink(trial.c_str());
  auto request = tls::create_request("listener");
  if (!request) return done(std::unexpected(request.error()));
  const std::string sender = to_string(decoded->activation);
  const std::string fingerprint = to_hex(ByteView(decoded->fingerprint));
  // A listener that dials out is not to be dialled.
  const bool dials = !config.wan_dial.empty();
  const std::string line = control::format_activation_request({.secret = to_hex(ByteView(decoded->secret)),
                                                               .certificate = "",
                                                               .request = request->request,
                                                               .host = host.empty() ? config.activation_host : host,
                                                               .port = dials ? std::uint16_t{0} : config.wan_port});
  client_ = std::make_unique<ActivationClient>(server_.loop(), decoded->activation, fingerprint, line,
                                               [this, sender, fingerprint, key = request->key, done = std::move(done)](
                                                   const Result<control::ActivationAnswer>& answer) {
                                                 const std::unique_ptr<ActivationClient> ended = std::move(client_);
                                                 if (!answer) return done(std::unexpected(answer.error()));
                                                 done(store(key, *answer, sender, fingerprint));
                                               });
}

void ListenerActivation::renew() {
  const config::Config& config = *server_.config();
  const auto refuse = [](const std::string& why) { log::error("the certificate could not be renewed: " + why); };
  const auto text = read_state_file(state_file(config, kSourceFile));
  const auto certificate = read_state_file(state_file(config, kCertificateFile));
  const auto key = read_state_file(state_file(config, kKeyFile));
  for (const auto* file : {&text, &certificate, &key}) {
    if (!*file) return refuse(file->error().text);
  }
  const auto source = control::read_json<ActivationSource>(*text);
  if (!source) return refuse(source.error().text);
  const auto endpoint = parse_endpoint(source->sender, 0);
  if (!endpoint) return refuse(endpoint.error().text);
  const auto request = tls::create_request("listener", *key);
  if (!request) return refuse(request.error().text);
  const std::string line =
      control::format_activation_request({.secret = "", .certificate = *certificate, .request = *request});
  client_ = std::make_unique<ActivationClient>(
      server_.loop(), *endpoint, source->fingerprint, line,
      [this, refuse, source = *source, key = *key](const Result<control::ActivationAnswer>& answer) {
        const std::unique_ptr<ActivationClient> ended = std::move(client_);
        if (!answer) return refuse(answer.error().text);
        const auto stored = store(key, *answer, source.sender, source.fingerprint);
        if (!stored) return refuse(stored.error().text);
        log::information("the certificate was renewed by " + source.sender);
      });
}

Result<control::Activated> ListenerActivation::store(const std::string& key, const control::ActivationAnswer& answer,
                                                     const std::string& sender, const std::string& fingerprint) {
  const auto facts = tls::certificate_facts(answer.certificate);
  if (!facts) return std::unexpected(facts.error());
  const auto authority = tls::certificate_fingerprint(answer.authority);
  if (!authority || to_hex(ByteView(*authority)) != fingerprint) {
    return fail(Errc::kDenied, "Activation Failed: the answer of " + sender + " is signed by another authority");
  }
  const config::Config& config = *server_.config();
  const std::pair<const char*, std::string> files[] = {
      {kKeyFile, key},
      {kAuthorityFile, answer.authority},
      {kSourceFile, control::write_json(ActivationSource{sender, fingerprint}) + '\n'},
      // Last: with it the others count.
      {kCertificateFile, answer.certificate},
  };
  for (const auto& [name, content] : files) {
    if (auto written = write_state_file(state_file(config, name), content); !written)
      return std::unexpected(written.error());
  }
  if (auto loaded = server_.reload_trust(); !loaded) return std::unexpected(loaded.error());
  log::error("activated as " + answer.name + " by " + sender);
  return control::Activated{answer.name, sender, facts->not_after.time_since_epoch().count()};
}

}  // namespace railgun::app
