// The sender's half of activation: its identity and certificate authority, the registry of railguns, tokens, and the
// port where listeners redeem them and renew their certificates.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "railgund/activation/daemon.h"
#include "railgund/activation/issuer.h"
#include "railgund/activation/registry.h"
#include "railgund/activation/server.h"
#include "railgund/control/message.h"
#include "railgund/log/log.h"

namespace railgun::activation {

class Sender {
 public:
  // Makes the sender's identity, reads the registry and opens the port; retries what fails. Keeps the certificate
  // renewed from then on. Does nothing where cert.file is set. `daemon` outlives it.
  Sender(net::EventLoop& loop, Daemon& daemon);

  // Closes the port and changes nothing any more: this process is ending, and a successor owns the registry.
  void retire();

  // The `railgun-…` commands. Errors: those of Registry; kUnavailable while there is no registry.
  Result<std::string> handle(const control::Request& request);

 private:
  void check_identity();
  Result<void> start(const config::Config& config);
  void report_failure(const Error& error);
  void open_port();
  std::string registry_path() const;
  Result<std::string> create(const control::Arguments& arguments);
  template <typename Change>
  Result<std::string> set(Change work);
  template <typename Change>
  auto change(Change work) -> decltype(work(std::declval<Registry&>()));
  std::string answer(std::string_view line, const std::string& peer);
  void report(const Outcome& outcome, const std::string& peer);
  // Makes the daemon serve and reject what the registry says now.
  void apply();

  net::EventLoop& loop_;
  Daemon& daemon_;
  std::string failure_;               // why there is no registry, or the identity cannot be renewed
  std::optional<Registry> registry_;  // once it could be read; issuer_ and context_ are set then
  std::optional<Issuer> issuer_;
  tls::ContextPtr context_;
  std::unique_ptr<Server> port_;
  net::Timer identity_check_;
  net::Timer retry_;
  net::Timer apply_soon_;
  std::string port_failure_;  // why it is not open
  bool retired_ = false;
  log::RateLimit rejections_;
};

}  // namespace railgun::activation
