// What a proxy core asks of its shell, and the names both use for connections.
//
// A shell tells the core what happened (accepted, connected, received, closed, …). After every such call it carries out
// the effects that poll() returns, until there are none, and calls on_deadline() at deadline(): proxy/driver.h is this
// loop. Bytes to be sent are pulled: WantWrite says that there are some, and the shell calls pull() whenever the
// connection can take more.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "railgund/base/bytes.h"
#include "railgund/base/endpoint.h"
#include "railgund/base/hash.h"
#include "railgund/base/log_level.h"
#include "railgund/base/time.h"
#include "railgund/dictionary/shelf.h"
#include "railgund/page/version.h"
#include "railgund/proxy/access_record.h"

namespace railgun::proxy {

// Given out by the core, never used twice.
enum class ConnectionId : std::uint64_t {};
enum class ConnectionKind : std::uint8_t { kClient, kLink, kOrigin };

// Whether a client that has connected may stay, as far as its shell can tell.
enum class Admission : std::uint8_t { kFree, kClientsLimit, kPerAddress };

enum class ClientProtocol : std::uint8_t { kHttp1, kHttp2 };

// A connection that has come in, as far as its shell knows it. TLS has been agreed on, if there is any.
struct Incoming {
  ConnectionKind kind;
  std::string peer;                     // its address
  std::vector<std::string> hosts = {};  // a link's: that its certificate allows; empty: all
  // A client's: it came over TLS, and what ALPN chose there.
  bool is_secure = false;
  ClientProtocol protocol = ClientProtocol::kHttp1;
};

// Open a connection. Answered by connected() or closed().
struct Dial {
  ConnectionId connection;
  ConnectionKind kind;
  Endpoint endpoint;
  bool secure = false;        // TLS: for origins with the origins' trust, for links with the pair's
  bool offers_http2 = false;  // to an origin, by ALPN under TLS; see Established
  std::string server_name;    // for SNI and the certificate's check
  // The name is a stranger's choice: dial none of its addresses that lead inside (config/address_class.h). If it has no
  // other: closed() with kInvalid.
  bool public_only = false;
  Instant deadline;  // not connected (TLS handshake included) by then: closed() with kTimeout
};
// What is known of a connection that was dialled, once it is there.
struct Established {
  std::vector<std::string> hosts = {};  // a link's: that its peer's certificate allows; empty: all
  bool is_http2 = false;                // an origin's: ALPN has chosen it
};
// There are bytes to pull().
struct WantWrite {
  ConnectionId connection;
};
// Stop or resume reading from the connection. A new connection is read.
struct SetReading {
  ConnectionId connection;
  bool on;
};
// All that can be pulled now is the last output: end our direction once it is sent (FIN, under TLS close_notify first).
// The connection is still read.
struct EndOutput {
  ConnectionId connection;
};
// Close the connection. The core has forgotten it: it takes no more reports and has nothing more to pull. `final_bytes`
// are sent first, as far as the peer takes them in time.
struct Close {
  ConnectionId connection;
  Bytes final_bytes;
  bool reset = false;  // at once, as an error: the peer would mistake a plain end for the end of the message
};
// Look up a key in the store. Answered by store_answer(); if no answer comes, the core's own deadline passes.
enum class TicketId : std::uint64_t {};
struct StoreGet {
  TicketId ticket;
  std::string key;
};
// Read the file of an ACME challenge: `token` in the folder, or in .well-known/acme-challenge/ there. Answered by
// store_answer(), too: always, and without an item if there is no such file.
struct ChallengeGet {
  TicketId ticket;
  std::string folder, token;
};
struct StorePut {
  std::string key;
  Bytes item;
};
// Build the indexes that the next use of this version will need, at background priority. The page is requested again
// and again.
struct Prepare {
  page::VersionPtr version;
  bool strong = false;  // also those of the strong tier
};
// Have the shelf, which outlives the core, work() for this audience, at background priority.
struct RefreshDictionary {
  dictionary::Shelf* shelf;
  dictionary::Audience audience;
};
// One line for the log, without secrets.
struct LogLine {
  LogLevel level;
  std::string text;
};
// A line for the access log.
struct LogAccess {
  std::shared_ptr<const AccessRecord> record;
};
using Effect = std::variant<Dial, WantWrite, SetReading, EndOutput, Close, StoreGet, ChallengeGet, StorePut, Prepare,
                            RefreshDictionary, LogLine, LogAccess>;

}  // namespace railgun::proxy
