// The listener's half of activation: redeems a token, keeps what it got in the state directory, and renews the
// certificate at two thirds of its life.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "railgund/app/activation_client.h"
#include "railgund/base/result.h"
#include "railgund/control/status.h"

namespace railgun::app {

class Server;

class ListenerActivation {
 public:
  using Done = std::function<void(Result<control::Activated>)>;

  // Redeems activation.token of the settings if there is no certificate yet, again and again while the sender cannot
  // be reached. `server` outlives it.
  explicit ListenerActivation(Server& server);
  ~ListenerActivation();

  // `host`: under which the sender reaches this listener; empty: activation.railgun_host, else the address it sees.
  // Errors: kInvalid (certificates are set by hand, no token), kUnavailable (one is under way, the sender cannot be
  // reached), kDenied (the token is refused, each reason said apart; the folder cannot be written).
  void activate(const std::string& token, const std::string& host, Done done);

 private:
  void at_start();
  void look_after_certificate();
  void renew();
  Result<control::Activated> store(const std::string& key, const control::ActivationAnswer& answer,
                                   const std::string& sender, const std::string& fingerprint);

  Server& server_;
  std::unique_ptr<ActivationClient> client_;
  net::Timer check_;
};

}  // namespace railgun::app
