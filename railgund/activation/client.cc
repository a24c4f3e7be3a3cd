#include "railgund/activation/client.h"

namespace railgun::activation {

Client::Client(net::EventLoop& loop, Endpoint sender, std::string fingerprint_hex, std::string line, Duration timeout,
               Done done)
    : loop_(loop),
      sender_(std::move(sender)),
      fingerprint_(std::move(fingerprint_hex)),
      to_send_(std::move(line) + '\n'),
      outcome_(loop, std::move(done)),
      deadline_(loop.now() + timeout),
      retry_until_(loop.now() + std::min(timeout, kRetryFor)),
      resolver_(loop),
      retry_(loop, [this] { connect(); }),
      timeout_(loop,
               [this] { finish(fail(Errc::kTimeout, "the sender at " + to_string(sender_) + " does not answer")); }) {
  timeout_.set(deadline_);
  lookup_ =
      resolver_.resolve(sender_.host, sender_.port, deadline_, [this](Result<std::vector<net::SocketAddress>> found) {
        if (!found) return finish(std::unexpected(found.error()));
        addresses_ = *std::move(found);
        connect();
      });
}

Client::~Client() = default;

void Client::connect() {
  auto context = tls::make_unverified_context();
  if (!context) return finish(std::unexpected(context.error()));
  net::StreamHandler& handler = *this;
  stream_ = std::make_unique<net::SecureStream>(loop_, handler);
  stream_->connect(addresses_, deadline_, std::make_unique<tls::Engine>(tls::Engine::client(*context, "")), {});
}

void Client::finish(Result<control::ActivationAnswer> result) {
  timeout_.cancel();
  outcome_.set(std::move(result));
}

void Client::on_connected() {
  opened_ = true;
  const auto certificate = stream_->tls()->peer_certificate();
  if (!certificate || certificate->fingerprint != fingerprint_) {
    to_send_.clear();
    finish(fail(Errc::kDenied,
                "Activation Failed: " + to_string(sender_) +
                    " is not the sender that made this token: its fingerprint is another; the token was not sent"));
    stream_->close({}, loop_.now());
    return;
  }
  stream_->want_write();
}

void Client::on_bytes(ByteView bytes) {
  received_ += as_text(bytes);
  const std::size_t end = received_.find('\n');
  if (end != std::string::npos) {
    finish(control::parse_activation_answer(std::string_view(received_).substr(0, end)));
  } else if (received_.size() > control::kMaxActivationBytes) {
    finish(fail(Errc::kTooLarge, "the sender's answer is too long"));
  }
}

void Client::on_end() {
  finish(fail(Errc::kUnavailable, "the sender at " + to_string(sender_) + " closed the connection"));
}

std::size_t Client::pull(Bytes& to, std::size_t most) {
  const std::size_t count = std::min(most, to_send_.size());
  append(to, as_bytes(to_send_).first(count));
  to_send_.erase(0, count);
  return count;
}

void Client::on_closed(std::optional<Error> closed) {
  const Error error = closed.value_or(Error{Errc::kUnavailable, "closed"});
  const bool was_rejected = !opened_ && stream_->was_connected() && error.code == Errc::kUnavailable;
  if (was_rejected && loop_.now() + kRetry < retry_until_) {
    retry_.set(loop_.now() + kRetry);
    return;
  }
  if (was_rejected) {
    return finish(fail(error.code, "the sender at " + to_string(sender_) +
                                       " closes connections at once, as it does over its rate limit; wait a minute (" +
                                       error.text + ")"));
  }
  finish(fail(error.code, "the sender at " + to_string(sender_) + ": " + error.text));
}

}  // namespace railgun::activation
