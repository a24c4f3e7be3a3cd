// stats.url: one POST of the statistics, over HTTP or HTTPS, whose answer's status is all that matters.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "railgund/base/endpoint.h"
#include "railgund/http/client_connection.h"
#include "railgund/net/completion.h"
#include "railgund/net/resolver.h"
#include "railgund/net/secure_stream.h"
#include "railgund/tls/context.h"

namespace railgun::statistics {

struct PostTarget {
  bool secure = false;
  Endpoint endpoint;
  std::string host;           // as the Host field has it
  std::string path;           // with the query; at least "/"
  std::string authorization;  // of "user:password@", or empty
};

// "http[s]://[USER:PASSWORD@]HOST[:PORT][/PATH][?QUERY]". Errors: kInvalid; the text has no part of the URL.
Result<PostTarget> parse_post_url(std::string_view url);
// Scheme, host and port: what a log may show.
std::string shown(const PostTarget& target);

class Post final : private net::StreamHandler {
 public:
  // Looking up, connecting, sending, and the head of the answer.
  static constexpr Duration kTimeout = std::chrono::seconds(10);

  // Called once, from the loop; may destroy the post. Errors: what a person can do about it.
  using Done = std::function<void(Result<void>)>;

  // `context`: for HTTPS; null otherwise.
  Post(net::EventLoop& loop, net::Resolver& resolver, PostTarget target, tls::ContextPtr context, std::string body,
       Done done);
  ~Post() override;

 private:
  void connect(std::vector<net::SocketAddress> addresses);
  void on_connected() override;
  void on_bytes(ByteView bytes) override;
  void on_end() override;
  std::size_t pull(Bytes& to, std::size_t most) override;
  void on_closed(std::optional<Error> error) override;
  void send_body();
  void take_events();
  void finish(Result<void> result);
  Instant now() const { return loop_.now(); }

  net::EventLoop& loop_;
  PostTarget target_;
  tls::ContextPtr context_;
  std::string body_;
  std::size_t body_sent_ = 0;
  bool ended_ = false;  // all of the request was handed on
  net::Completion<Result<void>> outcome_;
  Instant deadline_;
  http::ClientConnection http_;
  net::SecureStream stream_;
  net::Timer timeout_;
  std::unique_ptr<net::Resolver::Lookup> lookup_;
};

}  // namespace railgun::statistics
