// What is set on a TCP socket. Options that an old kernel does not know are skipped, but for those asked for by name.
#pragma once

#include <cstddef>
#include <string>

#include "railgund/base/result.h"
#include "railgund/base/time.h"

namespace railgun::net {

struct SocketOptions {
  Duration keepalive_idle = std::chrono::seconds(60);  // silence before the kernel probes the peer; 0: never
  Duration user_timeout{};  // unacknowledged data older than this ends the connection; 0: system's
  std::string congestion;   // TCP congestion control, empty: the system's
  // What the kernel takes beyond what the peer's window lets it send; 0: the system's. The system's limit grows with the
  // connection, to megabytes for a client that reads nothing, and on a link what is urgent has to wait behind them.
  std::size_t unsent_bytes = 128 * 1024;
  // TcpStream confirms what it has read without delay (TCP_QUICKACK), for a peer that holds a segment back until then.
  bool acknowledges_at_once = false;
};

// Also switches Nagle's algorithm off: output is gathered before it is written.
// Errors: kUnsupported if the kernel does not offer that congestion control to this process (the rest is set).
Result<void> apply_options(int socket, const SocketOptions& options);

// Confirms to a TCP peer what has come. The kernel forgets it after the next output, so it is said after each input.
void acknowledge(int socket);

// "connection refused": errno for people, without the "Success" of code that forgot it.
std::string error_text(int error_number);

}  // namespace railgun::net
