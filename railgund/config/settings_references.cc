// The settings of references and deltas (settings_table.h).
#include <array>

#include "railgund/config/settings_sections.h"

namespace railgun::config {
namespace {

using std::chrono::microseconds;

constexpr std::uint64_t kMiB = 1 << 20;
constexpr std::uint64_t kGiB = 1 << 30;

constexpr std::array kSettings{
    Setting{
        .key = "memory.limit",
        .place = &Config::memory_limit_bytes,
        .takes = Takes::kRestart,
        .help =
            "Memory limit for page versions and the tables prepared for them. When it is reached, pages that were not "
            "requested lately are packed, which takes a fifth of their size; then the versions that are requested "
            "least leave. At most half of the memory of the machine or of its cgroup is used, whatever this says. "
            "When the resident memory of the process exceeds this limit and what the program needs besides, "
            "versions are dropped.",
        .form = Form::kByteCount,
        .least = kMiB,
        .section = "References and deltas"},
    Setting{.key = "cache.directory",
            .place = &Config::cache_directory,
            .help = "Directory in which page versions outlast a stop of the daemon or a start of the machine, at most "
                    "memory.limit of them, for the daemon's user alone. Written at a stop, read at the start. Pages "
                    "that are kept in memory only (reference.no_store) are left out. Empty: nothing is written. An "
                    "upgrade in place needs none: the new process takes the versions over.",
            .form = Form::kPath,
            .example = "/var/lib/railgun"},
    Setting{.key = "memory.prepared_percent",
            .place = &Config::memory_prepared_percent,
            .takes = Takes::kRestart,
            .help = "Percentage of memory.limit that is kept for tables prepared for coding. These tables make deltas "
                    "quick, and take about 17 times the memory of their page. They use all memory that page versions "
                    "do not need. When page versions need it, the tables are dropped first; within this percentage, "
                    "those of pages that are requested often stay.",
            .most = 90},
    Setting{.key = "reference.page_limit",
            .place = &Config::reference_page_limit_bytes,
            .help = "Maximum size of a page that is kept as a reference. Larger pages are served, but not kept.",
            .form = Form::kByteCount,
            .least = 1024,
            .most = kGiB},
    Setting{.key = "reference.no_store",
            .place = &Config::reference_no_store,
            .help = "What to do with pages marked Cache-Control: no-store. memory: keep them in memory only. never: do "
                    "not keep them. all: keep them like other pages, in memcached too."},
    Setting{.key = "reference.secret_file",
            .place = &Config::reference_secret_file,
            .takes = Takes::kRestart,
            .help = "File with the secret key (64 hexadecimal digits) from which this listener computes the names of "
                    "page versions; created if it does not exist. Listeners that share a memcached need the same key. "
                    "Empty: reference.secret in state.directory.",
            .form = Form::kPath},
    Setting{
        .key = "isolate.visitors",
        .place = &Config::isolate_visitors,
        .help =
            "Use a page that was requested with cookies or Authorization as a reference only for requests with "
            "the same ones. Pages requested without them, and those of isolate.shared_by, are references for "
            "everybody. 0: all pages are, so the size of a delta tells whether a guess about another visitor's "
            "page is right. Set isolate.* alike at sender and listener: otherwise no reference is found by content."},
    Setting{.key = "isolate.ignore_cookies",
            .place = &Config::isolate_ignore_cookies,
            .help = "Cookies that isolate.visitors ignores, because pages do not depend on them: analytics, for "
                    "example. A * at the end stands for any ending.",
            .form = Form::kWord},
    Setting{.key = "isolate.shared_by",
            .place = &Config::isolate_shared_by,
            .help = "Number of visitors who must have received the same version, byte for byte, before it is a "
                    "reference for everybody. What the pages of as many visitors in different networks have in common, "
                    "stretch by stretch, is one too.",
            .least = 2,
            .most = 8},
    Setting{.key = "isolate.cookies",
            .place = &Config::isolate_cookies,
            .help = "Cookies that separate visitors: a page is never a reference for a request with another value of "
                    "such a cookie.",
            .form = Form::kWord,
            .example = "session_id"},
    Setting{.key = "isolate.headers",
            .place = &Config::isolate_headers,
            .help = "Request headers that separate visitors in the same way.",
            .form = Form::kWord,
            .example = "X-Tenant"},
    Setting{.key = "isolate.authorization",
            .place = &Config::isolate_authorization,
            .help = "Separate visitors in the same way by their Authorization header."},
    Setting{.key = "delta.effort",
            .place = &Config::delta_effort,
            .concerns = Concerns::kListener,
            .help =
                "Coder for deltas. auto: chosen for each part of a page, so that transfer time and CPU time together "
                "are shortest. fast, strong: always that coder. zstd: plain zstd with the reference as prefix."},
    Setting{.key = "delta.cpu_budget",
            .place = &Config::delta_cpu_budget,
            .concerns = Concerns::kListener,
            .help =
                "CPU time that coding one page may take with delta.effort = auto. A script, style sheet or font that "
                "crosses for the first time may take ten times as much, because it crosses once for all visitors.",
            .least = 10,
            .most = 10'000'000,
            .unit = microseconds(1)},
    Setting{.key = "delta.padding",
            .place = &Config::delta_padding_bytes,
            .concerns = Concerns::kListener,
            .help = "Pad answers on the link to a multiple of this many bytes, so that their lengths reveal less. 0: "
                    "no padding.",
            .most = 16384},
};

}  // namespace

std::span<const Setting> references_settings() { return kSettings; }

}  // namespace railgun::config
