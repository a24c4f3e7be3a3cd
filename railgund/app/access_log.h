// The access log (settings access.log and access.format), shared by all workers.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "railgund/base/result.h"
#include "railgund/config/config.h"
#include "railgund/log/line_file.h"
#include "railgund/proxy/access_record.h"

namespace railgun::app {

class AccessLog {
 public:
  // Opens the file that the settings name, again if it is the same one. Errors: as LineFile::open().
  Result<void> configure(const config::Config& config);
  // Any thread; never waits for the disk.
  void write(const proxy::AccessRecord& record);
  // Lines lost so far.
  std::uint64_t dropped() const { return file_.dropped(); }

 private:
  log::LineFile file_;
  std::atomic<config::AccessFormat> format_ = config::AccessFormat::kCombined;
  std::atomic<bool> is_syslog_ = false;
};

}  // namespace railgun::app
