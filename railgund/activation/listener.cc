#include "railgund/activation/listener.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include <sys/stat.h>
#include <unistd.h>

#include "railgund/activation/state_file.h"
#include "railgund/base/hash.h"
#include "railgund/base/text.h"
#include "railgund/config/state_files.h"
#include "railgund/control/json_fields.h"
#include "railgund/log/log.h"
#include "railgund/net/clock.h"
#include "railgund/tls/authority.h"
#include "railgund/tls/certificate.h"
#include "railgund/tls/lifetime.h"
#include "railgund/tls/token.h"

namespace railgun::activation {

// Where the certificate came from: state.directory/activation.json.
struct Source {
  std::string sender{};       // HOST:PORT
  std::string fingerprint{};  // of its authority, hex
  std::string name{};         // the railgun's, as the sender says it
};
void fields(auto& visit, Source& value) {
  visit("sender", value.sender);
  visit("fingerprint", value.fingerprint);
  visit("name", value.name);
}

namespace {

using config::kAuthorityFile;
using config::kCertificateFile;
using config::kKeyFile;
using config::state_file;

constexpr const char* kSourceFile = "activation.json";
constexpr Duration kRetry = std::chrono::seconds(30);
constexpr Duration kDeactivateTimeout = std::chrono::seconds(10);
// Folder for the files of an identity that was deactivated.
constexpr const char* kPutAway = "deactivated";

bool may_help_to_wait(const Error& error) {
  return error.code == Errc::kUnavailable || error.code == Errc::kTimeout || error.code == Errc::kNotFound;
}

}  // namespace

Listener::Listener(net::EventLoop& loop, Daemon& daemon)
    : loop_(loop), daemon_(daemon), check_(loop, [this] { look_after_certificate(); }) {
  check_.set(loop_.now());
}

Listener::~Listener() = default;

void Listener::look_after_certificate() {
  const config::ConfigPtr settings = daemon_.settings();
  const config::Config& config = *settings;
  if (!config.cert_file.empty() || config.state_directory.empty()) return;
  const auto certificate = read_state_file(state_file(config, kCertificateFile));
  if (!certificate) {
    if (!config.activation_token.empty() && client_ == nullptr) at_start();
    return;
  }
  const auto facts = tls::certificate_facts(*certificate);
  if (!facts) return;
  check_.set(loop_.now() + tls::until_next_look(*facts, net::wall_now()));
  if (net::wall_now() >= tls::renewal_time(*facts) && client_ == nullptr) renew();
}

void Listener::at_start() {
  activate(daemon_.settings()->activation_token, "", [this](const Result<control::Activated>& activated) {
    if (activated) return;
    log::error(activated.error().text);
    if (may_help_to_wait(activated.error())) check_.set(loop_.now() + kRetry);
  });
}

void Listener::activate(const std::string& token, const std::string& host, Done done) {
  const config::ConfigPtr settings = daemon_.settings();
  const config::Config& config = *settings;
  if (!config.cert_file.empty())
    return done(fail(Errc::kInvalid,
                     "cert.file is set, so certificates are not fetched: remove it, key.file and link.ca_file first"));
  if (config.state_directory.empty())
    return done(fail(Errc::kInvalid, "state.directory is not set: there is no place for the certificate"));
  if (client_ != nullptr) return done(fail(Errc::kUnavailable, "an activation is in progress"));
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
  const std::string line =
      control::format_activation_request({.secret = to_hex(ByteView(decoded->secret)),
                                          .certificate = "",
                                          .request = request->request,
                                          .host = host.empty() ? config.activation_railgun_host : host,
                                          .port = dials ? std::uint16_t{0} : config.wan_port,
                                          .time = net::wall_now().time_since_epoch().count()});
  client_ = std::make_unique<Client>(loop_, decoded->activation, fingerprint, line, Client::kTimeout,
                                     [this, sender, fingerprint, key = request->key,
                                      done = std::move(done)](const Result<control::ActivationAnswer>& answer) {
                                       const std::unique_ptr<Client> ended = std::move(client_);
                                       if (!answer) return done(std::unexpected(answer.error()));
                                       done(store(key, *answer, sender, fingerprint));
                                     });
}

Result<Listener::Identity> Listener::read_identity() const {
  const config::ConfigPtr settings = daemon_.settings();
  const config::Config& config = *settings;
  auto text = read_state_file(state_file(config, kSourceFile));
  auto certificate = read_state_file(state_file(config, kCertificateFile));
  auto key = read_state_file(state_file(config, kKeyFile));
  for (const auto* file : {&text, &certificate, &key}) {
    if (!*file) return std::unexpected(file->error());
  }
  const auto source = control::read_json<Source>(*text);
  if (!source) return std::unexpected(source.error());
  const auto endpoint = parse_endpoint(source->sender, 0);
  if (!endpoint) return std::unexpected(endpoint.error());
  // Signed by the key of the certificate: that is how the sender knows us.
  auto request = tls::create_request("listener", *key);
  if (!request) return std::unexpected(request.error());
  return Identity{.sender = *endpoint,
                  .fingerprint = source->fingerprint,
                  .name = source->name,
                  .key = *std::move(key),
                  .certificate = *std::move(certificate),
                  .request = *std::move(request)};
}

void Listener::renew() {
  const auto refuse = [this](const std::string& why) {
    log::error("the certificate could not be renewed (" + why + "); trying again");
    look_again();
  };
  const auto identity = read_identity();
  if (!identity) return refuse(identity.error().text);
  const std::string line = control::format_activation_request({.certificate = identity->certificate,
                                                               .request = identity->request,
                                                               .time = net::wall_now().time_since_epoch().count()});
  client_ = std::make_unique<Client>(
      loop_, identity->sender, identity->fingerprint, line, Client::kTimeout,
      [this, refuse, identity = *identity](const Result<control::ActivationAnswer>& answer) {
        const std::unique_ptr<Client> ended = std::move(client_);
        if (!answer) return refuse(answer.error().text);
        const auto stored = store(identity.key, *answer, to_string(identity.sender), identity.fingerprint);
        if (!stored) return refuse(stored.error().text);
        log::notice("certificate renewed by " + to_string(identity.sender));
      });
}

// Sets the clock for the next look by what there is now.
void Listener::look_again() {
  const auto certificate = read_state_file(state_file(*daemon_.settings(), kCertificateFile));
  const auto facts = certificate ? tls::certificate_facts(*certificate) : std::unexpected(certificate.error());
  check_.set(loop_.now() + (facts ? Duration(tls::until_next_look(*facts, net::wall_now())) : kRetry));
}

void Listener::deactivate(std::function<void()> done) {
  check_.cancel();
  client_.reset();
  const config::ConfigPtr settings = daemon_.settings();
  const config::Config& config = *settings;
  if (!config.cert_file.empty()) {
    log::error("not deactivated: cert.file is set, so the certificate is not from an activation");
    return done();
  }
  const auto identity = read_identity();
  if (!identity) {
    log::error("not deactivated: " + identity.error().text);
    return done();
  }
  const std::string line = control::format_activation_request(
      {.certificate = identity->certificate, .request = identity->request, .deactivate = true});
  client_ = std::make_unique<Client>(loop_, identity->sender, identity->fingerprint, line, kDeactivateTimeout,
                                     [this, sender = to_string(identity->sender), name = identity->name,
                                      done = std::move(done)](const Result<control::ActivationAnswer>& answer) {
                                       const std::unique_ptr<Client> ended = std::move(client_);
                                       // Denied: the sender has revoked it already.
                                       if (answer || answer.error().code == Errc::kDenied) {
                                         log::notice("deactivated as " + name + " by " + sender);
                                       } else {
                                         log::error("deactivated here only, because the sender did not answer (" +
                                                    answer.error().text + "): run 'railgunctl railgun delete " +
                                                    (name.empty() ? "NAME" : name) + "' at the sender");
                                       }
                                       put_away();
                                       done();
                                     });
}

void Listener::put_away() {
  const config::ConfigPtr settings = daemon_.settings();
  const config::Config& config = *settings;
  const std::string folder = state_file(config, kPutAway);
  bool is_away = ::mkdir(folder.c_str(), 0700) == 0 || errno == EEXIST;
  // The certificate first: without it the others are not used.
  for (const char* name : {kCertificateFile, kKeyFile, kAuthorityFile, kSourceFile}) {
    if (!is_away) break;
    is_away = ::rename(state_file(config, name).c_str(), (folder + "/" + name).c_str()) == 0 || errno == ENOENT;
  }
  if (is_away) {
    log::notice("key and certificate moved to " + folder + "; to activate again, use a new token");
  } else {
    log::error(folder + ": " + std::strerror(errno) + "; remove " + state_file(config, kCertificateFile) +
               ", or the next start uses it");
  }
}

Result<control::Activated> Listener::store(const std::string& key, const control::ActivationAnswer& answer,
                                           const std::string& sender, const std::string& fingerprint) {
  const auto facts = tls::certificate_facts(answer.certificate);
  if (!facts) return std::unexpected(facts.error());
  const auto authority = tls::certificate_fingerprint(answer.authority);
  if (!authority || to_hex(ByteView(*authority)) != fingerprint) {
    return fail(Errc::kDenied, "Activation Failed: the answer of " + sender + " is signed by another authority");
  }
  const config::ConfigPtr settings = daemon_.settings();
  const config::Config& config = *settings;
  const std::pair<const char*, std::string> files[] = {
      {kKeyFile, key},
      {kAuthorityFile, answer.authority},
      {kSourceFile, control::write_json(Source{sender, fingerprint, answer.name}) + '\n'},
      // Last: without it the others are not used.
      {kCertificateFile, answer.certificate},
  };
  for (const auto& [name, content] : files) {
    if (auto written = write_state_file(state_file(config, name), content); !written)
      return std::unexpected(written.error());
  }
  if (auto loaded = daemon_.reload_trust(); !loaded) return std::unexpected(loaded.error());
  look_again();
  log::notice("activated as " + answer.name + " by " + sender);
  if (answer.time != 0) {
    const std::string difference =
        tls::clock_difference(net::wall_now(), WallTime(std::chrono::seconds(answer.time)), "the sender's");
    if (!difference.empty()) log::error(difference + ": correct the wrong one");
  }
  return control::Activated{answer.name, sender, facts->not_after.time_since_epoch().count()};
}

}  // namespace railgun::activation
