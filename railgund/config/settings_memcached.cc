// The settings of memcached (settings_table.h).
#include <array>

#include "railgund/config/settings_sections.h"

namespace railgun::config {
namespace {

using std::chrono::milliseconds;

constexpr std::uint64_t kGiB = 1 << 30;
constexpr std::uint64_t kDay = 86400;  // seconds

constexpr std::array kSettings{
    Setting{.key = "memcached.servers",
            .place = MemcachedServers{},
            .help = "memcached servers that keep page versions in addition to memory, shared by all daemons with the "
                    "same servers: HOST:PORT, separated by spaces, or the absolute path of one Unix socket. Empty: "
                    "memory only. Give memcached 1 GB or more (-m 1024).",
            .default_port = 11211,
            .example = "127.0.0.1:11211",
            .section = "memcached (not needed)"},
    Setting{.key = "memcached.timeout",
            .place = &Config::memcached_timeout,
            .help = "Timeout for one operation. A sender's request waits at most 15 ms for a look-up.",
            .least = 1,
            .most = 60'000,
            .unit = milliseconds(1)},
    Setting{.key = "memcached.expiration",
            .place = &Config::memcached_expiration,
            .help = "Age at which memcached drops a page version. 0: no limit.",
            .most = 3650 * kDay},
    Setting{.key = "memcached.limit",
            .place = &Config::memcached_limit_bytes,
            .help = "Maximum size of an item. memcached itself accepts 1 MB unless it was started with -I.",
            .form = Form::kByteCount,
            .least = 1024,
            .most = kGiB},
    Setting{
        .key = "memcached.replicas",
        .place = &Config::memcached_replicas,
        .help =
            "Number of further servers that keep each version too, so that it is found while one server is gone. Every "
            "version then takes so much more memory there, and a look-up that finds nothing asks so many more.",
        .most = 3},
    Setting{.key = "memcached.threads",
            .place = &Config::memcached_threads,
            .takes = Takes::kRestart,
            .help = "Number of threads for memcached operations.",
            .least = 1,
            .most = 64},
    Setting{.key = "memcached.queue_items",
            .place = &Config::memcached_queue_items,
            .takes = Takes::kRestart,
            .help = "Maximum number of operations that wait for these threads. Beyond it, versions are not stored and "
                    "look-ups find nothing.",
            .least = 1,
            .most = 1'000'000},
    Setting{.key = "memcached.queue_bytes",
            .place = &Config::memcached_queue_bytes,
            .takes = Takes::kRestart,
            .help = "Maximum size of the waiting operations together.",
            .form = Form::kByteCount,
            .least = 64 * 1024,
            .most = 4 * kGiB},
};

}  // namespace

std::span<const Setting> memcached_settings() { return kSettings; }

}  // namespace railgun::config
