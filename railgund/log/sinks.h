// The places that lines go to. Included by this folder's sources alone. Used by the writer's thread alone.
#pragma once

#include <memory>

#include "railgund/base/result.h"
#include "railgund/log/line_queue.h"
#include "railgund/log/log.h"

namespace railgun::log {

class Sink {
 public:
  virtual ~Sink() = default;

  // Never waits, except for the name server that knows a syslog server's address. False if the place takes nothing now: call again with the same line. What cannot be written at all
  // (a syslog server that is gone) counts as written.
  virtual bool write(const Line& line) = 0;
  // The last line went to standard error, or the next one will. Any thread.
  virtual bool is_standard_error() const { return false; }
};

Result<std::unique_ptr<Sink>> make_sink(const Target& target);
// Whether standard error is read by systemd's journal.
bool is_journal();

}  // namespace railgun::log
