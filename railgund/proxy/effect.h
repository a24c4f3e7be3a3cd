// What a proxy core asks of its shell, and the names both use for connections.
//
// A core is told what happened (accepted, connected, received, closed, …); after every such call the shell takes the
// effects with poll() until there is none, and calls on_deadline() at deadline(). Bytes to be sent are pulled: a
// WantWrite says there are some, the shell calls pull() whenever the connection can take more.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "railgund/base/bytes.h"
#include "railgund/base/endpoint.h"
#include "railgund/base/hash.h"
#include "railgund/base/log_level.h"
#include "railgund/base/time.h"
#include "railgund/page/version.h"

namespace railgun::proxy {

// Given out by the core, never used twice.
enum class ConnectionId : std::uint64_t {};
enum class Kind : std::uint8_t { kClient, kLink, kOrigin };

// Open a connection. Answered by connected() or closed().
struct Dial {
  ConnectionId connection;
  Kind kind;
  Endpoint endpoint;
  bool secure = false;      // TLS: for origins with the origins' trust, for links with the pair's
  std::string server_name;  // for SNI and the certificate's check
  Instant give_up;          // not connected (TLS included) by then: closed() with kTimeout
};
// There is something to pull().
struct WantWrite {
  ConnectionId connection;
};
// Stop or go on reading from the connection. Connections start out being read.
struct SetReading {
  ConnectionId connection;
  bool on;
};
// The core is done with it and knows it no more: nothing can be pulled, nothing is to be reported. `last_words` are
// sent before it is closed, for a while.
struct Close {
  ConnectionId connection;
  Bytes last_words;
  bool reset = false;  // at once and as an error: the other end would take a plain end for the whole
};
// Look up a key in the store, if there is one. Answered by store_answer() (or not at all: the core keeps a deadline).
enum class TicketId : std::uint64_t {};
struct StoreGet {
  TicketId ticket;
  std::string key;
};
struct StorePut {
  std::string key;
  Bytes item;
};
// A version that was just kept of a page that is asked for again and again: build what its next use will want, after
// everything that somebody waits for.
struct Prepare {
  page::VersionPtr version;
  bool strong = false;  // also what the strong tier will want
};
// One line for the log, without secrets.
struct LogLine {
  LogLevel level;
  std::string text;
};
using Effect = std::variant<Dial, WantWrite, SetReading, Close, StoreGet, StorePut, Prepare, LogLine>;

}  // namespace railgun::proxy
