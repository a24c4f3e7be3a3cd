#include "railgund/app/access_log.h"

#include "railgund/log/log.h"
#include "railgund/net/clock.h"

namespace railgun::app {

Result<void> AccessLog::configure(const config::Config& config) {
  const bool is_syslog = config.access_log == "syslog";
  if (auto opened = file_.open(is_syslog ? std::string{} : config.access_log); !opened) return opened;
  is_syslog_ = is_syslog;
  format_ = config.access_format;
  return {};
}

void AccessLog::write(const proxy::AccessRecord& record) {
  const std::string line = proxy::access_line(record, format_, net::wall_now());
  if (is_syslog_) {
    log::notice(line);
  } else {
    file_.add(line);
  }
}

}  // namespace railgun::app
