// One connection to the servers, for one thread: libmemcached behind a small face. Every call may block, for about the
// timeout at most for each step that the server takes. A connection that was closed since its last answer (an idle one,
// or the server was restarted) is made again within the call, once.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "railgund/base/bytes.h"
#include "railgund/base/endpoint.h"
#include "railgund/base/result.h"
#include "railgund/base/time.h"

namespace railgun::memcached {

struct Servers {
  std::vector<Endpoint>
      endpoints;       // keys are spread over them by ketama: the same on every machine that names the same
  std::string socket;  // a Unix socket, instead of the list
  Duration timeout = std::chrono::milliseconds(100);  // of connecting, and of each wait for the server
  Duration expiration = std::chrono::seconds(600);    // 0: none
  std::size_t item_limit_bytes = 1000000;
  unsigned replicas = 0;  // further servers that have each item, as far as there are so many
  bool operator==(const Servers&) const = default;
};

class Connection {
 public:
  explicit Connection(const Servers& servers);
  ~Connection();
  Connection(Connection&&) noexcept;
  Connection& operator=(Connection&&) noexcept;

  // A server that has an item: the first is where the key itself belongs, a replica's where another name belongs.
  struct Place {
    std::size_t server = 0;  // an index in Servers::endpoints; 0 if there is one server
    std::string name{};      // empty: the key
  };
  // One on each of 1 + Servers::replicas servers, or of as many as there are: the same on every machine.
  std::vector<Place> places_of(const std::string& key) const;

  // The item, or nothing if there is none or it is over the limit. `name`: of the place.
  // Errors: kTimeout, kUnavailable, kMalformed (what answered is no memcached). The connection starts afresh after one, but
  // for those to other servers than one that cannot be reached.
  Result<std::optional<Bytes>> get(const std::string& key, std::string_view name = {});
  // Errors: as above; kTooLarge if the server has no room for an item of that size.
  Result<void> put(const std::string& key, ByteView item, std::string_view name = {});

 private:
  struct Handle;
  std::unique_ptr<Handle> handle_;
};

}  // namespace railgun::memcached
