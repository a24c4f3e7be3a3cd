#include "railgund/memcached/connection.h"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <string_view>

#include <libmemcached-1.0/memcached.h>

#include "railgund/base/check.h"

namespace railgun::memcached {
namespace {

// memcached takes a longer age for a date (doc/protocol.txt of memcached, "Expiration times").
constexpr std::chrono::seconds kLongestAge = std::chrono::days(30);

struct FreeHandle {
  void operator()(memcached_st* handle) const noexcept { memcached_free(handle); }
};
struct FreeResult {
  void operator()(memcached_result_st* result) const noexcept { memcached_result_free(result); }
};

std::time_t expiration_of(Duration age) {
  // Anything but nothing lives a second at least: 0 would be for ever.
  if (age == Duration::zero()) return 0;
  const auto seconds = std::max(std::chrono::ceil<std::chrono::seconds>(age), std::chrono::seconds(1));
  if (seconds <= kLongestAge) return seconds.count();
  return std::time(nullptr) + seconds.count();
}

void set(memcached_st* handle, memcached_behavior_t behavior, std::uint64_t value) {
  memcached_behavior_set(handle, behavior, value);
}

// Names tried to find a replica's server; with two servers and fair hashing none of them fits once in 2^32 keys.
constexpr unsigned kNames = 32;

// The texts that users of the original look for in their logs.
Error error_of(const memcached_st* handle, memcached_return_t outcome) {
  const std::string detail = ": " + std::string(memcached_strerror(handle, outcome));
  switch (outcome) {
    case MEMCACHED_TIMEOUT:
      return {Errc::kTimeout, "memcached: i/o timeout"};
    case MEMCACHED_PROTOCOL_ERROR:
    case MEMCACHED_UNKNOWN_READ_FAILURE:
    case MEMCACHED_PARTIAL_READ:
    case MEMCACHED_CLIENT_ERROR:
    case MEMCACHED_ERROR:
    case MEMCACHED_KEY_TOO_BIG:
      return {Errc::kMalformed, "memcached: unexpected answer" + detail};
    default:
      return {Errc::kUnavailable, "memcached: connection failed" + detail};
  }
}

}  // namespace

struct Connection::Handle {
  explicit Handle(const Servers& to) : servers(to) { start(); }
  void start();
  std::size_t server_of(const std::string& name) const {
    return has_several() ? memcached_generate_hash(memcached.get(), name.data(), name.size()) : 0;
  }
  memcached_return_t get(const std::string& key, std::string_view name, std::optional<Bytes>& item) const;
  memcached_return_t put(const std::string& key, std::string_view name, ByteView item) const;
  bool has_several() const { return servers.endpoints.size() > 1; }
  // Whether a failure may only mean that the server, or another box on the way, closed the connection since the last
  // answer, because it was idle or the server was restarted. A new connection tells.
  bool may_be_stale(memcached_return_t outcome) const {
    switch (outcome) {
      case MEMCACHED_CONNECTION_FAILURE:
        return has_answered && !has_several();
      case MEMCACHED_WRITE_FAILURE:
      case MEMCACHED_READ_FAILURE:
      case MEMCACHED_UNKNOWN_READ_FAILURE:
      case MEMCACHED_ERRNO:
        return has_answered;
      default:
        return false;
    }
  }
  // After a failure: a late answer must not be taken for that of the next question. A single server gets a new handle,
  // so that libmemcached does not leave it alone longer than the breaker does. Of several, the others stay connected if the
  // one has answered nothing because there was no connection to it.
  void start_afresh(memcached_return_t outcome) {
    if (!has_several()) return start();
    switch (outcome) {
      case MEMCACHED_CONNECTION_FAILURE:
      case MEMCACHED_HOST_LOOKUP_FAILURE:
      case MEMCACHED_SERVER_MARKED_DEAD:
      case MEMCACHED_SERVER_TEMPORARILY_DISABLED:
        return;
      default:
        memcached_quit(memcached.get());
    }
  }

  const Servers servers;
  std::unique_ptr<memcached_st, FreeHandle> memcached;
  bool has_answered = false;  // some server, since start()
};

void Connection::Handle::start() {
  has_answered = false;
  memcached.reset(memcached_create(nullptr));
  memcached_st* handle = memcached.get();
  RAILGUN_CHECK(handle != nullptr);  // out of memory
  const auto milliseconds =
      std::max<std::int64_t>(std::chrono::ceil<std::chrono::milliseconds>(servers.timeout).count(), 1);
  set(handle, MEMCACHED_BEHAVIOR_NO_BLOCK, 1);  // or connecting would not heed the timeout
  set(handle, MEMCACHED_BEHAVIOR_TCP_NODELAY, 1);
  set(handle, MEMCACHED_BEHAVIOR_CONNECT_TIMEOUT, static_cast<std::uint64_t>(milliseconds));
  set(handle, MEMCACHED_BEHAVIOR_POLL_TIMEOUT, static_cast<std::uint64_t>(milliseconds));
  set(handle, MEMCACHED_BEHAVIOR_SND_TIMEOUT, static_cast<std::uint64_t>(milliseconds) * 1000);
  set(handle, MEMCACHED_BEHAVIOR_RCV_TIMEOUT, static_cast<std::uint64_t>(milliseconds) * 1000);
  // One of several that fails is left alone for a second (libmemcached knows no less); its keys are misses meanwhile.
  set(handle, MEMCACHED_BEHAVIOR_SERVER_FAILURE_LIMIT, 1);
  set(handle, MEMCACHED_BEHAVIOR_RETRY_TIMEOUT, 1);
  set(handle, MEMCACHED_BEHAVIOR_KETAMA, 1);
  if (!servers.socket.empty()) {
    memcached_server_add_unix_socket(handle, servers.socket.c_str());
  } else {
    for (const Endpoint& endpoint : servers.endpoints)
      memcached_server_add(handle, endpoint.host.c_str(), endpoint.port);
  }
}

Connection::Connection(const Servers& servers) : handle_(std::make_unique<Handle>(servers)) {}
Connection::~Connection() = default;
Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&&) noexcept = default;

std::vector<Connection::Place> Connection::places_of(const std::string& key) const {
  std::vector<Place> places = {{.server = handle_->server_of(key)}};
  const std::size_t wanted = std::min<std::size_t>(handle_->servers.replicas + 1, handle_->servers.endpoints.size());
  for (unsigned i = 0; places.size() < wanted && i < kNames; ++i) {
    std::string name = key + '/' + std::to_string(i);
    const std::size_t server = handle_->server_of(name);
    if (std::ranges::none_of(places, [server](const Place& place) { return place.server == server; }))
      places.push_back({.server = server, .name = std::move(name)});
  }
  return places;
}

Result<std::optional<Bytes>> Connection::get(const std::string& key, std::string_view name) {
  std::optional<Bytes> item;
  memcached_return_t outcome = handle_->get(key, name, item);
  if (handle_->may_be_stale(outcome)) {
    handle_->start_afresh(outcome);
    outcome = handle_->get(key, name, item);
  }
  if (outcome != MEMCACHED_SUCCESS && outcome != MEMCACHED_END && outcome != MEMCACHED_NOTFOUND) {
    const Error error = error_of(handle_->memcached.get(), outcome);
    handle_->start_afresh(outcome);
    return std::unexpected(error);
  }
  handle_->has_answered = true;
  return item;
}

// memcached_get() would be shorter, but it takes the answer to another question for its own.
memcached_return_t Connection::Handle::get(const std::string& key, std::string_view name,
                                           std::optional<Bytes>& item) const {
  memcached_st* handle = memcached.get();
  const char* const text = key.data();
  const std::size_t length = key.size();
  if (name.empty()) name = key;
  memcached_return_t outcome = memcached_mget_by_key(handle, name.data(), name.size(), &text, &length, 1);
  item.reset();
  if (outcome == MEMCACHED_SUCCESS) {
    const std::unique_ptr<memcached_result_st, FreeResult> found(memcached_fetch_result(handle, nullptr, &outcome));
    if (found) {
      const std::string_view its_key(memcached_result_key_value(found.get()), memcached_result_key_length(found.get()));
      const char* const value = memcached_result_value(found.get());  // null if empty
      const std::size_t size = memcached_result_length(found.get());
      if (size <= servers.item_limit_bytes) item = value == nullptr ? Bytes{} : to_bytes(as_bytes({value, size}));
      // The end of the answer, which must hold nothing else.
      const std::unique_ptr<memcached_result_st, FreeResult> more(memcached_fetch_result(handle, nullptr, &outcome));
      if (more || its_key != key) outcome = MEMCACHED_PROTOCOL_ERROR;
    }
  }
  return outcome;
}

Result<void> Connection::put(const std::string& key, ByteView item, std::string_view name) {
  memcached_return_t outcome = handle_->put(key, name, item);
  if (handle_->may_be_stale(outcome)) {
    handle_->start_afresh(outcome);
    outcome = handle_->put(key, name, item);
  }
  if (outcome == MEMCACHED_SUCCESS) {
    handle_->has_answered = true;
    return {};
  }
  if (outcome == MEMCACHED_E2BIG || outcome == MEMCACHED_SERVER_MEMORY_ALLOCATION_FAILURE) {
    return fail(Errc::kTooLarge, "memcached: item of " + std::to_string(item.size()) +
                                     " bytes refused; its limit is set by memcached -I, ours by memcached.limit");
  }
  const Error error = error_of(handle_->memcached.get(), outcome);
  handle_->start_afresh(outcome);
  return std::unexpected(error);
}

memcached_return_t Connection::Handle::put(const std::string& key, std::string_view name, ByteView item) const {
  if (name.empty()) name = key;
  return memcached_set_by_key(memcached.get(), name.data(), name.size(), key.data(), key.size(),
                              reinterpret_cast<const char*>(item.data()), item.size(),
                              expiration_of(servers.expiration), 0);
}

}  // namespace railgun::memcached
