// The sender's half of activation: its certificate authority, the book of railguns, tokens, and the port where
// listeners redeem them and renew their certificates.
#pragma once

#include <memory>
#include <string>

#include "railgund/app/activation_server.h"
#include "railgund/app/registry.h"
#include "railgund/control/activation_message.h"
#include "railgund/control/message.h"
#include "railgund/log/log.h"
#include "railgund/tls/authority.h"

namespace railgun::app {

class Server;

// At a sender whose settings name no certificate: makes the authority at the first start, and the sender's own
// certificate when there is none or it nears its end. True if files have changed.
// Errors: those of the state directory.
Result<bool> prepare_sender_identity(const config::Config& config, WallTime now);
// How long until that is worth asking again.
Duration until_identity_is_looked_at(const config::Config& config, WallTime now);

class SenderActivation {
 public:
  // A port that cannot be opened is tried again every second: after an upgrade the process before holds it for a while.
  // Errors: a damaged book, or an authority that cannot be used.
  static Result<std::unique_ptr<SenderActivation>> start(Server& server);

  // This process is ending. Nobody is activated any more: a successor has the book now.
  void retire();

  // The `railgun-…` commands. Errors: those of Registry; kUnsupported where there is no authority.
  Result<std::string> handle(const control::Request& request);

 private:
  SenderActivation(Server& server, Registry registry, tls::KeyAndCertificate authority, tls::ContextPtr context);

  void open_port();
  Result<std::string> create(const control::Arguments& arguments);
  Result<std::string> change(Result<control::Railgun> changed);
  std::string answer(std::string_view line, const std::string& peer);
  Result<control::ActivationAnswer> redeem(const control::ActivationRequest& request, const std::string& peer);
  Result<control::ActivationAnswer> renew(const control::ActivationRequest& request);
  Result<control::ActivationAnswer> deactivate(const control::ActivationRequest& request);
  Result<std::string> issue(const control::Railgun& railgun, const std::string& request);
  // Makes the server serve and refuse what the book says now.
  void apply();

  Server& server_;
  Registry registry_;
  tls::KeyAndCertificate authority_;
  tls::ContextPtr context_;
  std::unique_ptr<ActivationServer> port_;
  net::Timer retry_;
  net::Timer dial_soon_;
  std::string port_trouble_;  // why it is not open
  bool retired_ = false;
  log::RateLimit refusals_;
};

}  // namespace railgun::app
