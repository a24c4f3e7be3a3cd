#include "railgund/memcached/client.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "railgund/base/mutex.h"
#include "railgund/memcached/breaker.h"

namespace railgun::memcached {
namespace {

// Five failures of a server in a row are no accident.
constexpr unsigned kFailures = 5;
constexpr Duration kShortestPause = std::chrono::milliseconds(500);
constexpr Duration kLongestPause = std::chrono::seconds(5);
// Failures are said in the log once in so long, but for the one that opens the breaker.
constexpr Duration kLogPause = std::chrono::seconds(10);

// How the texts of a connection's errors begin.
constexpr std::string_view kTextBegins = "memcached";

// What may come of asking a server, if it went well, as it is counted.
using Outcome = std::uint64_t ServerCounters::*;

struct Operation {
  std::string key;
  Bytes item;             // of a put
  Client::Answer answer;  // of a get
  Instant since;

  // What the queue charges.
  std::size_t bytes() const { return sizeof *this + key.size() + item.size(); }
};

// Waiting operations: look-ups go first.
class Queue {
 public:
  Queue(std::size_t items, std::size_t bytes) : items_limit_(items), bytes_limit_(bytes) {}

  bool has_room(const Operation& operation) const {
    return items() < items_limit_ && bytes_ + operation.bytes() <= bytes_limit_;
  }
  // The oldest put makes room; false if there is none.
  bool drop_put() {
    if (puts_.empty()) return false;
    bytes_ -= puts_.front().bytes();
    puts_.pop_front();
    return true;
  }
  void push(Operation operation) {
    bytes_ += operation.bytes();
    (operation.answer ? gets_ : puts_).push_back(std::move(operation));
  }
  Operation pop() {
    std::deque<Operation>& from = gets_.empty() ? puts_ : gets_;
    Operation operation = std::move(from.front());
    from.pop_front();
    bytes_ -= operation.bytes();
    return operation;
  }
  std::size_t items() const { return gets_.size() + puts_.size(); }
  std::size_t bytes() const { return bytes_; }

 private:
  const std::size_t items_limit_, bytes_limit_;
  std::deque<Operation> gets_, puts_;
  std::size_t bytes_ = 0;
};

Instant now() { return std::chrono::steady_clock::now(); }

}  // namespace

struct Client::Shared {
  Shared(const Options& options, Log to_log) : log(std::move(to_log)), queue(options.queue_items, options.queue_bytes) {
    const MutexLock lock(mutex);
    set(options.servers);
  }

  const Log log;
  Mutex mutex;  // held for moments, never while memcached is asked or a callback runs
  std::condition_variable work;
  bool stopping RAILGUN_GUARDED_BY(mutex) = false;
  Queue queue RAILGUN_GUARDED_BY(mutex);
  Servers servers RAILGUN_GUARDED_BY(mutex);
  std::uint64_t servers_version RAILGUN_GUARDED_BY(mutex) = 0;
  struct Member {
    ServerCounters counters;
    Breaker breaker{kFailures, kShortestPause, kLongestPause};
  };
  std::vector<Member> members RAILGUN_GUARDED_BY(mutex);  // one for each server
  Counters counters RAILGUN_GUARDED_BY(mutex);
  Instant may_log_at RAILGUN_GUARDED_BY(mutex){};
  std::vector<std::thread> threads;

  void set(const Servers& to) RAILGUN_REQUIRES(mutex) {
    servers = to;
    ++servers_version;
    members.clear();
    for (const Endpoint& endpoint : to.endpoints) members.push_back({.counters = {.name = to_string(endpoint)}});
    if (members.empty()) members.push_back({.counters = {.name = to.socket}});
  }
  // Some server would be asked now. Which one it will be, the thread that asks finds out.
  bool would_allow(Instant when) const RAILGUN_REQUIRES(mutex) {
    return std::ranges::any_of(members, [when](const Member& each) { return each.breaker.would_allow(when); });
  }
  // The servers may have become fewer since the operation began.
  Member& member(std::size_t server) RAILGUN_REQUIRES(mutex) { return members[std::min(server, members.size() - 1)]; }
  // For the log: with the server's name if there are several.
  std::string name_of(const Member& each) const RAILGUN_REQUIRES(mutex) {
    return members.size() > 1 ? "memcached " + each.counters.name : "memcached";
  }
  void run();
  void carry_out(Connection& connection, const Operation& operation);
  void look_up(Connection& connection, const Operation& operation);
  void store(Connection& connection, const Operation& operation);
  // At one of its places. True: it is stored. False: it is too large for the server. Nothing: that failed.
  std::optional<bool> store_at(Connection& connection, const Operation& operation, const Connection::Place& place);
  // Whether to ask the server for it at all; counts there if not.
  bool admit(const Operation& operation, std::size_t server);
  // Counts what came of asking a server; `error`: null if it went well. Says in the log when one goes and comes back.
  void settle(std::size_t server, const Error* error, Outcome outcome);
  // Counts what came of an operation.
  void count(std::uint64_t Counters::* outcome) {
    const MutexLock lock(mutex);
    ++(counters.*outcome);
  }
};

Client::Client(const Options& options, Log log) : shared_(std::make_unique<Shared>(options, std::move(log))) {
  for (unsigned i = 0; i < options.threads; ++i)
    shared_->threads.emplace_back([shared = shared_.get()] { shared->run(); });
}

Client::~Client() {
  {
    const MutexLock lock(shared_->mutex);
    shared_->stopping = true;
  }
  shared_->work.notify_all();
  for (std::thread& thread : shared_->threads) thread.join();
  // The threads are gone, so callbacks run under the lock wait for nobody.
  const MutexLock lock(shared_->mutex);
  while (shared_->queue.items() > 0) {
    if (const Operation left = shared_->queue.pop(); left.answer) left.answer(std::nullopt);
  }
}

void Client::get(std::string key, Answer answer) {
  Operation operation{.key = std::move(key), .item = {}, .answer = std::move(answer), .since = now()};
  {
    MutexLock lock(shared_->mutex);
    bool taken = shared_->would_allow(operation.since);
    while (taken && !shared_->queue.has_room(operation)) {
      taken = shared_->queue.drop_put();
      if (taken) ++shared_->counters.dropped_puts;
    }
    if (taken) {
      shared_->queue.push(std::move(operation));
      lock.unlock();
      shared_->work.notify_one();
      return;
    }
    ++shared_->counters.refused_gets;
  }
  operation.answer(std::nullopt);
}

void Client::put(std::string key, Bytes item) {
  Operation operation{.key = std::move(key), .item = std::move(item), .answer = nullptr, .since = now()};
  {
    const MutexLock lock(shared_->mutex);
    if (operation.item.size() > shared_->servers.item_limit_bytes) {
      ++shared_->counters.too_large;
      return;
    }
    if (!shared_->queue.has_room(operation) || !shared_->would_allow(operation.since)) {
      ++shared_->counters.dropped_puts;
      return;
    }
    shared_->queue.push(std::move(operation));
  }
  shared_->work.notify_one();
}

void Client::reconfigure(const Servers& servers) {
  const MutexLock lock(shared_->mutex);
  if (servers == shared_->servers) return;
  shared_->set(servers);
}

Counters Client::counters() const {
  const MutexLock lock(shared_->mutex);
  Counters counters = shared_->counters;
  counters.queued_items = shared_->queue.items();
  counters.queued_bytes = shared_->queue.bytes();
  counters.is_open = std::ranges::all_of(shared_->members, &Breaker::is_open, &Shared::Member::breaker);
  return counters;
}

std::vector<ServerCounters> Client::servers() const {
  const MutexLock lock(shared_->mutex);
  std::vector<ServerCounters> all;
  for (const Shared::Member& each : shared_->members) {
    all.push_back(each.counters);
    all.back().is_down = each.breaker.is_open();
  }
  return all;
}

void Client::Shared::run() {
  std::optional<Connection> connection;
  std::uint64_t version = 0;
  MutexLock lock(mutex);
  for (;;) {
    while (!stopping && queue.items() == 0) lock.wait(work);
    if (stopping) return;
    const Operation operation = queue.pop();
    const bool renew = !connection || version != servers_version;
    const Servers current = renew ? servers : Servers{};
    version = servers_version;
    lock.unlock();
    if (renew) connection.emplace(current);
    carry_out(*connection, operation);
    lock.lock();
  }
}

bool Client::Shared::admit(const Operation& operation, std::size_t server) {
  const MutexLock lock(mutex);
  // A look-up that waited longer than memcached may take is of no use to anyone any more.
  const bool late = operation.answer && now() - operation.since > servers.timeout;
  Member& asked = member(server);
  if (!late && asked.breaker.allow(now())) return true;
  ++asked.counters.refused;
  return false;
}

void Client::Shared::carry_out(Connection& connection, const Operation& operation) {
  operation.answer ? look_up(connection, operation) : store(connection, operation);
}

// The servers are asked one after the other until one has the item. Those before it that answered and have it not are given it.
void Client::Shared::look_up(Connection& connection, const Operation& operation) {
  std::vector<Connection::Place> without;
  bool was_asked = false;
  for (const Connection::Place& place : connection.places_of(operation.key)) {
    if (!admit(operation, place.server)) continue;
    was_asked = true;
    Result<std::optional<Bytes>> found = connection.get(operation.key, place.name);
    settle(place.server, found ? nullptr : &found.error(),
           found && *found ? &ServerCounters::hits : &ServerCounters::misses);
    if (found && *found) {
      count(&Counters::hits);
      const Operation copy{
          .key = operation.key, .item = without.empty() ? Bytes{} : **found, .answer = {}, .since = now()};
      operation.answer(std::move(*found));
      for (const Connection::Place& empty : without) store_at(connection, copy, empty);
      return;
    }
    if (found) without.push_back(place);
  }
  if (!without.empty()) count(&Counters::misses);
  if (!was_asked) count(&Counters::refused_gets);
  operation.answer(std::nullopt);
}

void Client::Shared::store(Connection& connection, const Operation& operation) {
  bool was_asked = false, is_stored = false, is_too_large = false;
  for (const Connection::Place& place : connection.places_of(operation.key)) {
    if (!admit(operation, place.server)) continue;
    was_asked = true;
    if (const auto stored = store_at(connection, operation, place)) (*stored ? is_stored : is_too_large) = true;
  }
  if (!was_asked) return count(&Counters::dropped_puts);
  if (is_stored) return count(&Counters::stored);
  if (is_too_large) count(&Counters::too_large);
}

std::optional<bool> Client::Shared::store_at(Connection& connection, const Operation& operation,
                                             const Connection::Place& place) {
  const Result<void> stored = connection.put(operation.key, operation.item, place.name);
  if (!stored && stored.error().code != Errc::kTooLarge) {
    settle(place.server, &stored.error(), nullptr);
    return std::nullopt;
  }
  settle(place.server, nullptr, stored ? &ServerCounters::stored : &ServerCounters::too_large);
  return stored.has_value();
}

void Client::Shared::settle(std::size_t server, const Error* error, Outcome outcome) {
  std::string line;
  {
    const MutexLock lock(mutex);
    Member& asked = member(server);
    Breaker& breaker = asked.breaker;
    if (error == nullptr) {
      ++(asked.counters.*outcome);
      if (breaker.succeeded()) line = name_of(asked) + ": answers again";
    } else {
      ++(error->code == Errc::kTimeout ? counters.timeouts : counters.failures);
      ++asked.counters.errors;
      const Instant time = now();
      if (breaker.failed(time)) {
        line = name_of(asked) + error->text.substr(kTextBegins.size()) + "; going on without it";
        may_log_at = time + kLogPause;
      } else if (!breaker.is_open() && time >= may_log_at) {
        line = name_of(asked) + error->text.substr(kTextBegins.size());
        may_log_at = time + kLogPause;
      }
    }
  }
  if (!line.empty() && log) log(error == nullptr ? LogLevel::kNotice : LogLevel::kError, line);
}

}  // namespace railgun::memcached
