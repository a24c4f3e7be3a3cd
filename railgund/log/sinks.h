// The spdlog sinks of the log targets. Private to this folder.
#pragma once

#include <memory>

#include <spdlog/sinks/sink.h>

#include "railgund/base/result.h"
#include "railgund/log/log.h"

namespace railgun::log {

Result<std::shared_ptr<spdlog::sinks::sink>> make_sink(const Target& target);
// Whether standard error is read by systemd's journal.
bool is_journal();

}  // namespace railgun::log
