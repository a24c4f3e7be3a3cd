// The listener's half of activation: redeems a token, keeps what it got in the state directory, renews the certificate
// at two thirds of its life, and gives it up.
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

  // Redeems activation.token of the settings if there is no certificate yet, again and again while the sender cannot
  // be reached. `daemon` outlives it.
  Listener(net::EventLoop& loop, Daemon& daemon);
  ~Listener();

  // `host`: under which the sender reaches this listener; empty: activation.railgun_host, else the address it sees.
  // Errors: kInvalid (certificates are set by hand, no token), kUnavailable (one is under way, the sender cannot be
  // reached), kDenied (the token is refused, each reason said apart; the folder cannot be written).
  void activate(const std::string& token, const std::string& host, Done done);

  // Tells the sender that this listener's certificate is to count no more, then puts it and its key away, so that the
  // next start is not active. Links go on meanwhile. `done`: called once, within some ten seconds.
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
