// What the parts of one core share: settings, the page cache, counters, and the queue of effects for the shell.
#pragma once

#include <deque>
#include <string>
#include <utility>

#include "railgund/base/log_level.h"
#include "railgund/base/time.h"
#include "railgund/config/config.h"
#include "railgund/page/cache.h"
#include "railgund/proxy/counters.h"
#include "railgund/proxy/effect.h"

namespace railgun::proxy {

struct Context {
  config::ConfigPtr config;
  page::Cache& cache;  // shared by all workers, outlives them
  Counters& counters;  // this worker's
  bool has_store = false;
  std::deque<Effect> effects{};
  std::uint64_t last_connection = 0;
  std::uint64_t last_ticket = 0;
  Instant last_told{};  // by log_now_and_then()

  ConnectionId new_connection() { return ConnectionId{++last_connection}; }
  TicketId new_ticket() { return TicketId{++last_ticket}; }
  void add(Effect effect) { effects.push_back(std::move(effect)); }
  bool logs(LogLevel level) const { return is_shown(level, config->log_level); }
  void log(LogLevel level, std::string text) {
    if (logs(level)) add(LogLine{level, std::move(text)});
  }
  // An error that every request may bring: told at most every ten seconds.
  void log_now_and_then(std::string text, Instant now) {
    if (last_told != Instant{} && now - last_told < std::chrono::seconds(10)) return;
    last_told = now;
    log(LogLevel::kError, std::move(text));
  }
};

// The two facts about a connection that the shell was told last: whether to read from it, whether there is output.
// Keeps the effects to the changes.
class Told {
 public:
  void update(Context& context, ConnectionId connection, bool wants_read, bool wants_write) {
    if (wants_read != reading_) context.add(SetReading{connection, reading_ = wants_read});
    if (wants_write && !writing_) context.add(WantWrite{connection});
    writing_ = wants_write;
  }
  // The shell pulls until there is nothing: what comes after that is news.
  void pulled(bool wants_write) { writing_ = wants_write; }

 private:
  bool reading_ = true;
  bool writing_ = false;
};

}  // namespace railgun::proxy
