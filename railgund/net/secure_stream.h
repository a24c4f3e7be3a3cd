// A TCP stream with optional TLS: the face of net::TcpStream, but bytes are plaintext, connect() tries several
// addresses, and "connected" means that TLS has been agreed on. Holds no more output than one TLS record.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "railgund/net/delivery_rate.h"
#include "railgund/net/tcp_stream.h"
#include "railgund/tls/engine.h"

namespace railgun::net {

class SecureStream final : private StreamHandler {
 public:
  // Neither is owned; both outlive the stream. The handler is called as by TcpStream, with these additions:
  // on_connected() also follows the handshake of an adopted stream with TLS; on_end() means the peer's close_notify;
  // on_closed() also reports TLS failures (errors: those of tls::Engine; kTimeout; kUnavailable if the peer's end came
  // without close_notify, so that anyone may have cut the connection). The handler must not destroy the stream but in on_closed().
  SecureStream(EventLoop& loop, StreamHandler& handler) : loop_(loop), handler_(handler), stream_(loop, *this) {}

  // Takes over an accepted socket. `peer`: not set for Unix sockets. `tls`: null for plain bytes. `deadline`: of the TLS handshake.
  void adopt(Descriptor socket, const SocketAddress& peer, std::unique_ptr<tls::Engine> tls, Instant deadline,
             const SocketOptions& options);
  // Connects to one of the addresses, at least one (ConnectRace). `deadline`: of connecting, and of the
  // TLS handshake.
  void connect(const std::vector<SocketAddress>& addresses, Instant deadline, std::unique_ptr<tls::Engine> tls,
               const SocketOptions& options);

  // The peer is a balancer: its header of the PROXY protocol comes first, before TLS, within the deadline of adopt(). It says
  // who the peer is. A stream without TLS is open, and on_connected() called, once it is there. To be set right after
  // adopt(). Errors of the header close the stream: kMalformed, kTooLarge.
  void expect_proxy_header(Instant deadline) {
    awaits_proxy_header_ = true;
    open_ = false;
    expect_handshake(deadline);
  }
  // The peer counts as one at this address: it came over a Unix socket, which has none. To be set right after adopt().
  void set_source(const SocketAddress& source) { source_ = source; }
  // What a peer is answered that speaks HTTP in clear where TLS is expected, before it is closed; it should tell it to use
  // https. To be set right after adopt(). `answer`: outlives the stream. Reported as kMalformed.
  void set_plain_answer(std::string_view answer) { plain_answer_ = answer; }

  void set_reading(bool on) { stream_.set_reading(on); }
  void want_write() { stream_.want_write(); }
  // As TcpStream::end_output(), with TLS's close_notify before the FIN.
  void end_output() {
    ends_output_ = true;
    stream_.end_output();
  }
  // Sends what was pulled, then `final_bytes` and TLS's close_notify, then closes; on_closed() reports the end, at `deadline` at the
  // latest.
  void close(Bytes final_bytes, Instant deadline);
  // Closes at once with a reset; no call to the handler follows.
  void abort() { stream_.abort(); }

  std::string peer() const { return source_.is_set() ? source_.host() : stream_.peer().host(); }
  // Connected, with TLS if there is any, and not closing because of an error.
  bool is_open() const { return open_; }
  // An address has accepted the TCP connection, whatever happened afterwards.
  bool was_connected() const { return was_connected_; }
  // Null: plain bytes.
  const tls::Engine* tls() const { return tls_.get(); }
  std::optional<DeliveryRate> delivery_rate() const { return net::delivery_rate(stream_.descriptor()); }

 private:
  void on_connected() override;
  void on_bytes(ByteView bytes) override;
  void on_end() override;
  std::size_t pull(Bytes& to, std::size_t most) override;
  void on_closed(std::optional<Error> error) override;

  // What follows the header, once that is there; nothing yet otherwise.
  std::optional<Bytes> take_proxy_header(ByteView bytes);
  void pass_plaintext();
  void expect_handshake(Instant deadline);
  void fail_with(const Error& error);

  EventLoop& loop_;
  StreamHandler& handler_;
  TcpStream stream_;
  std::unique_ptr<tls::Engine> tls_;
  std::unique_ptr<Timer> handshake_;  // until TLS has been agreed on, or the PROXY header is there
  bool awaits_proxy_header_ = false;
  Bytes proxy_header_;    // as far as it has come; at most kMaxProxyHeaderBytes and one read
  SocketAddress source_;  // of set_source(), or which the header named
  bool open_ = false;
  bool was_connected_ = false;
  bool closing_ = false;
  bool ends_output_ = false;
  Bytes final_bytes_;
  std::optional<Error> failure_;  // why we closed it

  std::string_view plain_answer_;  // until the first bytes
  Instant deadline_{};             // of a connection that we make: TLS included
};

}  // namespace railgun::net
