#include "railgund/app/connection.h"

#include <algorithm>

namespace railgun::app {
namespace {

// How long an alert may take to leave.
constexpr Duration kAlertPatience = std::chrono::seconds(1);

}  // namespace

void Connection::adopt(net::Descriptor socket, const net::SocketAddress& peer, std::unique_ptr<tls::Engine> tls,
                       Instant give_up, const net::SocketOptions& options) {
  tls_ = std::move(tls);
  open_ = tls_ == nullptr;
  if (tls_ != nullptr) expect_handshake(give_up);
  // An option the kernel refuses leaves a connection that works.
  (void)stream_.adopt(std::move(socket), peer, options);
}

void Connection::connect(std::vector<net::SocketAddress> addresses, Instant give_up, std::unique_ptr<tls::Engine> tls,
                         const net::SocketOptions& options) {
  tls_ = std::move(tls);
  dialling_ = std::make_unique<Dialling>(Dialling{std::move(addresses), 0, give_up, options});
  try_next_address();
}

void Connection::try_next_address() {
  const net::SocketAddress& address = dialling_->addresses[dialling_->next++];
  stream_.connect(address, dialling_->give_up, dialling_->options);
}

void Connection::expect_handshake(Instant give_up) {
  handshake_ =
      std::make_unique<net::Timer>(loop_, [this] { give_up_on({Errc::kTimeout, "no TLS agreed on in time"}); });
  handshake_->set(give_up);
}

// Ends a connection on our own account; an alert that is on its way may say why.
void Connection::give_up_on(const Error& error) {
  closing_ = true;
  stream_.close_after_flush(loop_.now() + kAlertPatience);
  failure_ = error;
}

void Connection::on_connected() {
  if (tls_ != nullptr) expect_handshake(dialling_->give_up);
  dialling_.reset();
  was_connected_ = true;
  stream_.want_write();
  if (tls_ == nullptr) {
    open_ = true;
    owner_.on_open(*this);
  }
}

void Connection::on_bytes(ByteView bytes) {
  if (closing_) return;
  if (tls_ == nullptr) {
    owner_.on_bytes(*this, bytes);
    return;
  }
  const Result<void> received = tls_->receive(bytes);
  stream_.want_write();
  if (!received) {
    give_up_on(received.error());
    return;
  }
  if (!open_ && tls_->handshake_done()) {
    open_ = true;
    handshake_.reset();
    owner_.on_open(*this);
  }
  if (open_) pass_plaintext();
}

void Connection::pass_plaintext() {
  Bytes plaintext;
  tls_->take_plaintext(plaintext);
  const bool ended = tls_->peer_closed();
  if (!plaintext.empty()) owner_.on_bytes(*this, plaintext);
  if (ended && !closing_) owner_.on_end(*this);
}

void Connection::on_end() {
  if (closing_) return;
  if (!open_) {
    give_up_on({Errc::kUnavailable, "closed by the peer before TLS was agreed on"});
    return;
  }
  if (tls_ == nullptr || !tls_->peer_closed()) owner_.on_end(*this);
}

std::size_t Connection::pull(Bytes& to, std::size_t most) {
  if (tls_ == nullptr) {
    if (!closing_) return owner_.pull(*this, to, most);
    append(to, last_words_);
    return std::exchange(last_words_, {}).size();
  }
  std::size_t pulled = tls_->pull(to, most);
  while (pulled < most && open_) {
    Bytes plaintext;
    if (closing_) {
      plaintext = std::exchange(last_words_, {});
    } else {
      owner_.pull(*this, plaintext, std::min(tls::Engine::kRecordBytes, most - pulled));
    }
    if (plaintext.empty()) break;
    if (!tls_->send(plaintext)) break;
    pulled += tls_->pull(to, most - pulled);
  }
  return pulled;
}

void Connection::close(Bytes last_words, Instant give_up) {
  if (closing_) return;
  closing_ = true;
  last_words_ = std::move(last_words);
  dialling_.reset();
  stream_.close_after_flush(give_up);
}

void Connection::on_closed(std::optional<Error> error) {
  const Error why = failure_.value_or(error.value_or(Error{Errc::kUnavailable, "closed"}));
  if (dialling_ && dialling_->next < dialling_->addresses.size() && why.code != Errc::kTimeout) {
    try_next_address();
    return;
  }
  open_ = false;
  closing_ = true;
  handshake_.reset();
  owner_.on_closed(*this, why);
}

}  // namespace railgun::app
