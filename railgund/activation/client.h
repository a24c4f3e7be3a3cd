// Sends one line to a sender's activation.listen and reports the answer. The sender is authenticated by the fingerprint
// of its authority, which is in the token.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string>

#include "railgund/control/activation_message.h"
#include "railgund/net/completion.h"
#include "railgund/net/resolver.h"
#include "railgund/net/secure_stream.h"

namespace railgun::activation {

class Client final : private net::StreamHandler {
 public:
  // Called once, from the loop; may destroy the client.
  // Errors: kNotFound, kUnavailable, kTimeout (try again); kDenied (another sender, or the token refused).
  using Done = std::function<void(Result<control::ActivationAnswer>)>;
  static constexpr Duration kTimeout = std::chrono::seconds(30);
  // A sender under attack rejects connections before TLS. They are retried every kRetry for kRetryFor.
  static constexpr Duration kRetry = std::chrono::milliseconds(700), kRetryFor = std::chrono::seconds(15);

  Client(net::EventLoop& loop, Endpoint sender, std::string fingerprint_hex, std::string line, Duration timeout,
         Done done);
  ~Client() override;

 private:
  void connect();
  void finish(Result<control::ActivationAnswer> result);
  void on_connected() override;
  void on_bytes(ByteView bytes) override;
  void on_end() override;
  std::size_t pull(Bytes& to, std::size_t most) override;
  void on_closed(std::optional<Error> error) override;

  net::EventLoop& loop_;
  Endpoint sender_;
  std::string fingerprint_;
  std::string to_send_, received_;
  net::Completion<Result<control::ActivationAnswer>> outcome_;
  Instant deadline_;
  Instant retry_until_;
  bool opened_ = false;
  net::Resolver resolver_;
  std::vector<net::SocketAddress> addresses_;
  std::unique_ptr<net::SecureStream> stream_;
  net::Timer retry_;
  std::unique_ptr<net::Resolver::Lookup> lookup_;
  net::Timer timeout_;
};

}  // namespace railgun::activation
