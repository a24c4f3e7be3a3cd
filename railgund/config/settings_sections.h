// The parts of the table of settings, a file each: settings_NAME.cc. The table (settings_table.h) is these in this order,
// which is the order of the sample file and of the manual. Entries name their fields: a macro would be shorter to use
// and harder to read.
#pragma once

#include <span>

#include "railgund/config/settings_table.h"

namespace railgun::config {

std::span<const Setting> daemon_settings();
std::span<const Setting> clients_settings();
std::span<const Setting> tls_settings();
std::span<const Setting> compression_settings();
std::span<const Setting> browser_settings();
std::span<const Setting> link_settings();
std::span<const Setting> origins_settings();
std::span<const Setting> references_settings();
std::span<const Setting> memcached_settings();
std::span<const Setting> activation_settings();
std::span<const Setting> logs_settings();
std::span<const Setting> statistics_settings();

}  // namespace railgun::config
