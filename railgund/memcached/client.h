// The page store on memcached: look-ups and writes that never block the caller, carried out by threads of its own.
//
// What cannot be had at once is a miss: a full queue, a server that fails (each has a breaker), a look-up that waited longer
// than the timeout. Writes are dropped before look-ups are refused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "railgund/base/bytes.h"
#include "railgund/base/log_level.h"
#include "railgund/memcached/connection.h"

namespace railgun::memcached {

struct Options {
  Servers servers;
  unsigned threads = 2;
  std::size_t queue_items = 4096;  // waiting, both kinds together
  std::size_t queue_bytes = 16 << 20;
};

struct Counters {
  std::uint64_t hits = 0, misses = 0, stored = 0;
  std::uint64_t timeouts = 0, failures = 0;          // operations that ended so
  std::uint64_t too_large = 0;                       // items over the limit, ours or the server's
  std::uint64_t refused_gets = 0, dropped_puts = 0;  // full queue, breaker open, waited too long
  std::size_t queued_items = 0, queued_bytes = 0;
  bool is_open = false;  // the breakers of all servers: memcached counts as gone
};

// Of one server, since it was named in the settings.
struct ServerCounters {
  std::string name;  // HOST:PORT, or the path of a Unix socket
  std::uint64_t hits = 0, misses = 0, stored = 0;
  std::uint64_t too_large = 0;  // items that it refused for their size
  std::uint64_t errors = 0;     // timeouts and failures
  std::uint64_t refused = 0;    // operations that it was not asked for: it is left alone, or they waited too long
  bool is_down = false;         // it is left alone
};

// Thread-safe. Its callbacks run on its own threads, or on the caller's before get() returns when the answer is already
// known; they must be quick (post to a loop) and must not call the client.
class Client {
 public:
  using Answer = std::function<void(std::optional<Bytes>)>;  // nothing: a miss
  // May be called on any of the threads.
  using Log = std::function<void(LogLevel level, const std::string& text)>;

  Client(const Options& options, Log log);
  // Waiting look-ups are answered as misses, waiting writes dropped; an operation under way is waited for.
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // `answer` is called exactly once.
  void get(std::string key, Answer answer);
  void put(std::string key, Bytes item);

  // Other servers, timeout, expiration or item limit from the next operation on. Threads and queue stay as they are.
  void reconfigure(const Servers& servers);

  Counters counters() const;
  // In the order of Servers::endpoints.
  std::vector<ServerCounters> servers() const;

 private:
  struct Shared;
  std::unique_ptr<Shared> shared_;
};

}  // namespace railgun::memcached
