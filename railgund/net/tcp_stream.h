// A connection over a non-blocking descriptor, TCP or Unix. What comes in is handed over as it comes; what is to go out
// is pulled at the end of the turn, whenever the kernel takes more. So an idle stream holds no buffer at all, and a
// slow peer holds at most kPullBytes of output here; the rest stays with its owner, which sees that nobody takes it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <event2/event_struct.h>

#include "railgund/base/bytes.h"
#include "railgund/base/result.h"
#include "railgund/base/time.h"
#include "railgund/net/connect_race.h"
#include "railgund/net/descriptor.h"
#include "railgund/net/event_loop.h"
#include "railgund/net/socket_address.h"
#include "railgund/net/socket_options.h"

namespace railgun::net {

// Told by a stream what happens, one call at a time and never from inside a call to the stream. Each may do anything,
// also destroy the stream.
class StreamHandler {
 public:
  virtual ~StreamHandler() = default;

  // A connect() has succeeded. Not called for adopted streams.
  virtual void on_connected() {}
  // `bytes`: valid during the call.
  virtual void on_bytes(ByteView bytes) = 0;
  // The peer has sent all it will; it may still read. If the connection then breaks, on_closed() follows within a
  // second of it.
  virtual void on_end() = 0;
  // Appends to `to` at most `most` bytes of output and says how many. 0: none for now; want_write() when there is more.
  virtual std::size_t pull(Bytes& to, std::size_t most) = 0;
  // The stream is closed, and not by close(). No error: all was sent as close_after_flush() asked.
  // Errors: kUnavailable (refused, reset, unreachable), kTimeout.
  virtual void on_closed(std::optional<Error> error) = 0;
};

class TcpStream {
 public:
  // At most so many bytes are pulled for one write, and no more than the kernel takes (SocketOptions::unsent_bytes): what
  // has been pulled is in the way of what becomes urgent.
  static constexpr std::size_t kPullBytes = 64 * 1024;
  // And at most so many are written in one turn, so that a fast reader does not keep others waiting.
  static constexpr std::size_t kTurnBytes = 512 * 1024;

  // Neither is owned; both outlive the stream.
  TcpStream(EventLoop& loop, StreamHandler& handler);
  ~TcpStream();
  TcpStream(const TcpStream&) = delete;
  TcpStream& operator=(const TcpStream&) = delete;

  // Takes over a connection that exists, and reads from it. `peer` is not set for Unix sockets.
  // Errors: kUnsupported, as apply_options(); the stream works nevertheless.
  Result<void> adopt(Descriptor socket, const SocketAddress& peer, const SocketOptions& options = {});
  // Starts to connect to one of `addresses`, at least one (ConnectRace); on_connected() or on_closed() tells the outcome.
  // Output may be asked for at once.
  void connect(const std::vector<SocketAddress>& addresses, Instant give_up, const SocketOptions& options = {});

  // Streams start out being read. While not, on_end() is not called either.
  void set_reading(bool on);
  // There is something to pull(). Cheap, and may be repeated.
  void want_write();
  // Sends what can be pulled, then ends our direction (FIN). The stream is still read.
  void end_output();
  // Sends what can be pulled, then ends our direction, then waits until the peer has ended its own (bytes from it are
  // dropped meanwhile): a close with unread input would destroy the answer on its way. on_closed() tells the end;
  // after `give_up` the stream is closed as it is, with kTimeout.
  void close_after_flush(Instant give_up);
  // Closes at once; no call to the handler follows.
  void close();
  // Closes at once with a reset, so that the peer cannot take what it got for the whole.
  void abort();

  bool is_open() const { return static_cast<bool>(socket_); }
  const SocketAddress& peer() const { return peer_; }  // while connecting, one of the addresses
  SocketAddress local() const;                         // not set if closed or Unix
  int descriptor() const { return socket_.get(); }

 private:
  enum class State : std::uint8_t { kClosed, kConnecting, kOpen, kFlushing, kLingering };
  struct Waiting;

  Waiting& waiting();
  void watch_reading();
  bool is_read() const;
  void on_read_event();
  void on_write_event();
  void on_turn_end();
  void on_give_up();
  void watch_half_closed();
  void on_half_closed_check();
  void write_out();
  void watch_socket();
  void finish_connect(Result<ConnectRace::Winner> result);
  void fail_writing(int error_number);
  void finish_flush();
  void report_closed(std::optional<Error> error);
  void drop_events();
  void set_pull_bytes(const SocketOptions& options);

  EventLoop& loop_;
  StreamHandler& handler_;
  Descriptor socket_;
  State state_ = State::kClosed;
  bool is_reading_ = true;
  bool has_ended_ = false;  // the peer's direction
  bool wants_write_ = false;
  bool ends_output_ = false;  // end_output() was called
  bool acknowledges_at_once_ = false;
  bool is_watched_ = false;  // read_event_ is added
  std::size_t pull_bytes_ = kPullBytes;
  SocketAddress peer_;
  event read_event_;
  Deferred turn_end_;
  std::unique_ptr<Waiting> waiting_;          // only while connecting, blocked or closing
  std::unique_ptr<Timer> half_closed_check_;  // while the peer has ended its direction and the stream is open
  bool* destroyed_ = nullptr;                 // while a handler is called
};

}  // namespace railgun::net
