#include "railgund/net/secure_stream.h"

#include <algorithm>
#include <utility>

#include "railgund/net/proxy_protocol.h"

namespace railgun::net {
namespace {

// Timeout for sending an alert to a peer whose connection has failed.
constexpr Duration kAlertTimeout = std::chrono::seconds(1);

// A method begins with a capital letter, and a record of TLS with a byte below 32.
bool looks_like_http(ByteView bytes) { return bytes[0] >= 'A' && bytes[0] <= 'Z'; }

}  // namespace

void SecureStream::adopt(Descriptor socket, const SocketAddress& peer, std::unique_ptr<tls::Engine> tls,
                         Instant deadline, const SocketOptions& options) {
  tls_ = std::move(tls);
  open_ = tls_ == nullptr;
  if (tls_ != nullptr) expect_handshake(deadline);
  // An option the kernel refuses leaves a connection that works.
  (void)stream_.adopt(std::move(socket), peer, options);
}

void SecureStream::connect(const std::vector<SocketAddress>& addresses, Instant deadline,
                           std::unique_ptr<tls::Engine> tls, const SocketOptions& options) {
  tls_ = std::move(tls);
  deadline_ = deadline;
  stream_.connect(addresses, deadline, options);
}

void SecureStream::expect_handshake(Instant deadline) {
  handshake_ = std::make_unique<Timer>(loop_, [this] {
    fail_with({Errc::kTimeout, awaits_proxy_header_ ? "no PROXY header in time" : "TLS handshake timed out"});
  });
  handshake_->set(deadline);
}

// Closes a failed connection. An alert in the output may tell the peer why, so it is sent first.
void SecureStream::fail_with(const Error& error) {
  closing_ = true;
  stream_.close_after_flush(loop_.now() + kAlertTimeout);
  failure_ = error;
}

void SecureStream::on_connected() {
  if (tls_ != nullptr) expect_handshake(deadline_);
  was_connected_ = true;
  stream_.want_write();
  if (tls_ == nullptr) {
    open_ = true;
    handler_.on_connected();
  }
}

std::optional<Bytes> SecureStream::take_proxy_header(ByteView bytes) {
  append(proxy_header_, bytes);
  const auto decoded = decode_proxy_header(proxy_header_);
  if (!decoded) {
    fail_with(decoded.error());
    return std::nullopt;
  }
  if (!*decoded) return std::nullopt;
  awaits_proxy_header_ = false;
  source_ = (*decoded)->source;
  Bytes rest(proxy_header_.begin() + static_cast<std::ptrdiff_t>((*decoded)->bytes), proxy_header_.end());
  proxy_header_ = {};
  if (tls_ == nullptr) {
    open_ = true;
    handshake_.reset();
    handler_.on_connected();
  }
  return rest;
}

void SecureStream::on_bytes(ByteView bytes) {
  if (closing_) return;
  if (awaits_proxy_header_) {
    const std::optional<Bytes> rest = take_proxy_header(bytes);
    if (rest && !rest->empty()) on_bytes(*rest);
    return;
  }
  if (tls_ == nullptr) {
    handler_.on_bytes(bytes);
    return;
  }
  if (looks_like_http(bytes) && !plain_answer_.empty()) {
    tls_.reset();
    handshake_.reset();
    close(to_bytes(as_bytes(plain_answer_)), loop_.now() + kAlertTimeout);
    failure_ = Error{Errc::kMalformed, "HTTP without TLS"};
    return;
  }
  plain_answer_ = {};
  const Result<void> received = tls_->receive(bytes);
  stream_.want_write();
  if (!received) {
    fail_with(received.error());
    return;
  }
  if (!open_ && tls_->handshake_done()) {
    open_ = true;
    handshake_.reset();
    handler_.on_connected();
  }
  if (open_) pass_plaintext();
}

void SecureStream::pass_plaintext() {
  Bytes plaintext;
  tls_->take_plaintext(plaintext);
  const bool ended = tls_->peer_closed();
  if (!plaintext.empty()) handler_.on_bytes(plaintext);
  if (ended && !closing_) handler_.on_end();
}

void SecureStream::on_end() {
  if (closing_) return;
  if (!open_) {
    fail_with({Errc::kUnavailable, awaits_proxy_header_ ? "closed by the peer before its PROXY header"
                                                         : "closed by the peer during the TLS handshake"});
    return;
  }
  if (tls_ == nullptr) {
    handler_.on_end();
  } else if (!tls_->peer_closed()) {
    fail_with({Errc::kUnavailable, "TLS: the connection was cut (it ended without close_notify)"});
  }
}

std::size_t SecureStream::pull(Bytes& to, std::size_t most) {
  if (tls_ == nullptr) {
    if (!closing_) return handler_.pull(to, most);
    append(to, final_bytes_);
    return std::exchange(final_bytes_, {}).size();
  }
  std::size_t pulled = tls_->pull(to, most);
  while (pulled < most && open_) {
    Bytes plaintext;
    if (closing_) {
      plaintext = std::exchange(final_bytes_, {});
    } else {
      handler_.pull(plaintext, std::min(tls::Engine::kRecordBytes, most - pulled));
    }
    if (plaintext.empty()) {
      // Everything is sent: the peer may know that this is all.
      if (closing_ || ends_output_) tls_->shut_down();
      pulled += tls_->pull(to, most - pulled);
      break;
    }
    if (!tls_->send(plaintext)) break;
    pulled += tls_->pull(to, most - pulled);
  }
  return pulled;
}

void SecureStream::close(Bytes final_bytes, Instant deadline) {
  if (closing_) return;
  closing_ = true;
  final_bytes_ = std::move(final_bytes);
  stream_.close_after_flush(deadline);
}

void SecureStream::on_closed(std::optional<Error> error) {
  if (failure_) error = failure_;
  open_ = false;
  closing_ = true;
  handshake_.reset();
  handler_.on_closed(std::move(error));
}

}  // namespace railgun::net
