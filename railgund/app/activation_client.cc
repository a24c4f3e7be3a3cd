#include "railgund/app/activation_client.h"

namespace railgun::app {

ActivationClient::ActivationClient(net::EventLoop& loop, Endpoint sender, std::string fingerprint_hex, std::string line,
                                   Duration patience, Done done)
    : loop_(loop),
      sender_(std::move(sender)),
      fingerprint_(std::move(fingerprint_hex)),
      to_send_(std::move(line) + '\n'),
      done_(std::move(done)),
      give_up_(loop.now() + patience),
      retry_until_(loop.now() + std::min(patience, kRetryFor)),
      resolver_(loop),
      retry_(loop, [this] { connect(); }),
      patience_(loop,
                [this] { finish(fail(Errc::kTimeout, "the sender at " + to_string(sender_) + " does not answer")); }),
      tell_(loop, [this] {
        const Done tell = std::move(done_);
        tell(*std::move(result_));
      }) {
  patience_.set(give_up_);
  lookup_ =
      resolver_.resolve(sender_.host, sender_.port, give_up_, [this](Result<std::vector<net::SocketAddress>> found) {
        if (!found) return finish(std::unexpected(found.error()));
        addresses_ = *std::move(found);
        connect();
      });
}

ActivationClient::~ActivationClient() = default;

void ActivationClient::connect() {
  auto context = tls::make_unverified_context();
  if (!context) return finish(std::unexpected(context.error()));
  net::StreamHandler& handler = *this;
  stream_ = std::make_unique<net::SecureStream>(loop_, handler);
  stream_->connect(addresses_, give_up_, std::make_unique<tls::Engine>(tls::Engine::client(*context, "")), {});
}

void ActivationClient::finish(Result<control::ActivationAnswer> result) {
  if (result_) return;
  result_ = std::move(result);
  patience_.cancel();
  tell_.set(loop_.now());
}

void ActivationClient::on_connected() {
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

void ActivationClient::on_bytes(ByteView bytes) {
  received_ += as_text(bytes);
  const std::size_t end = received_.find('\n');
  if (end != std::string::npos) {
    finish(control::parse_activation_answer(std::string_view(received_).substr(0, end)));
  } else if (received_.size() > control::kMaxActivationBytes) {
    finish(fail(Errc::kTooLarge, "the sender's answer is too long"));
  }
}

void ActivationClient::on_end() {
  finish(fail(Errc::kUnavailable, "the sender at " + to_string(sender_) + " closed the connection"));
}

std::size_t ActivationClient::pull(Bytes& to, std::size_t most) {
  const std::size_t count = std::min(most, to_send_.size());
  append(to, as_bytes(to_send_).first(count));
  to_send_.erase(0, count);
  return count;
}

void ActivationClient::on_closed(std::optional<Error> closed) {
  const Error error = closed.value_or(Error{Errc::kUnavailable, "closed"});
  const bool turned_away = !opened_ && stream_->was_connected() && error.code == Errc::kUnavailable;
  if (turned_away && loop_.now() + kRetry < retry_until_) {
    retry_.set(loop_.now() + kRetry);
    return;
  }
  if (turned_away) {
    return finish(fail(error.code, "the sender at " + to_string(sender_) +
                                       " closes connections at once: it turns away whoever tries too often; wait a "
                                       "minute (" +
                                       error.text + ")"));
  }
  finish(fail(error.code, "the sender at " + to_string(sender_) + ": " + error.text));
}

}  // namespace railgun::app
