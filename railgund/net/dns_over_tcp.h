// Asks name servers for a host's addresses over TCP (RFC 7766), one server after the other. For answers that do not fit
// a datagram, which libevent's resolver cannot take.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "railgund/base/result.h"
#include "railgund/net/event_loop.h"
#include "railgund/net/socket_address.h"
#include "railgund/net/tcp_stream.h"

namespace railgun::net {

// The name servers of a resolv.conf(5), with port 53 unless they name one ("ADDRESS:PORT"); this machine's if it has none.
std::vector<SocketAddress> name_servers(const std::string& resolv_conf);

class DnsOverTcp final : private StreamHandler {
 public:
  // At least one address, or an error: kNotFound, kUnavailable, kTimeout, kInvalid, kMalformed.
  using Answer = std::function<void(Result<std::vector<SocketAddress>>)>;
  // How long each server may take.
  static constexpr Duration kServerTimeout = std::chrono::seconds(2);
  static constexpr std::size_t kMaxServers = 3;  // as resolv.conf(5) has it

  // `answer` is called once, from the loop and never from inside this call; it may destroy this.
  DnsOverTcp(EventLoop& loop, std::vector<SocketAddress> servers, std::string host, Answer answer);

 private:
  void on_connected() override {}
  void on_bytes(ByteView bytes) override;
  void on_end() override { fail_server({Errc::kUnavailable, "the name server closed the connection"}); }
  std::size_t pull(Bytes& to, std::size_t most) override;
  void on_closed(std::optional<Error> error) override;

  void ask_next();
  void take_answers();
  void fail_server(Error error);
  void finish();

  EventLoop& loop_;
  const std::vector<SocketAddress> servers_;
  const std::string host_;
  Answer answer_;
  std::size_t next_ = 0;
  TcpStream stream_;
  Bytes questions_;  // to be sent to the next server
  std::size_t asked_ = 0, answered_ = 0;
  Bytes received_;  // a server's answers: at most two of 64 KiB
  std::vector<SocketAddress> addresses_;
  Error error_{Errc::kUnavailable, "no name server"};
  Timer timeout_;
  Deferred finish_;
};

}  // namespace railgun::net
