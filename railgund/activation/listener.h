// The listener's half of activation: redeems a token, keeps key and certificate in the state directory, renews the
// certificate after two thirds of its lifetime, and deactivates the listener.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "railgund/activation/client.h"
#include "railgund/activation/daemon.h"
#include "railgund/base/result.h"
#include "railgund/control/status.h"

namespace railgun::activation {

class Listener {
 public:
  using Done = std::function<void(Result<control::Activated>)>;

  // Redeems activation.token of the settings if there is no certificate yet; retries while the sender cannot be
  // reached. `daemon` outlives it.
  Listener(net::EventLoop& loop, Daemon& daemon);
  ~Listener();

  // `host`: where the sender connects to this listener; empty: activation.railgun_host, else the address it sees.
  // Errors: kInvalid (cert.file is set, no token), kUnavailable (an activation is in progress, the sender cannot be
  // reached), kDenied (the token is rejected, with the reason; the folder cannot be written).
  void activate(const std::string& token, const std::string& host, Done done);

  // Asks the sender to revoke this listener's certificate, then moves it and its key away, so that the next start is
  // not active. Links go on meanwhile. `done`: called once, within some ten seconds.
  void deactivate(std::function<void()> done);

 private:
  // What the state directory holds, and a request that proves it.
  struct Identity {
    Endpoint sender;
    std::string fingerprint, name, key, certificate, request;
  };
  Result<Identity> read_identity() const;
  void look_again();
  void put_away();
  void at_start();
  void look_after_certificate();
  void renew();
  Result<control::Activated> store(const std::string& key, const control::ActivationAnswer& answer,
                                   const std::string& sender, const std::string& fingerprint);

  net::EventLoop& loop_;
  Daemon& daemon_;
  std::unique_ptr<Client> client_;
  net::Timer check_;
};

}  // namespace railgun::activation
