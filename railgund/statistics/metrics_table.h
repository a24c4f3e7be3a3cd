// The table of every number that the daemon counts. The sum over workers, the JSON, the Prometheus text, the history
// and the list of metrics in doc/OPERATIONS.md are made from it, so a new counter needs one row here and no other
// change. A test compares the rows with the members of the counters.
#pragma once

#include <cstdint>
#include <span>
#include <variant>
#include <vector>

#include "railgund/base/histogram.h"
#include "railgund/dictionary/shelf.h"
#include "railgund/memcached/client.h"
#include "railgund/page/cache.h"
#include "railgund/proxy/counters.h"

namespace railgun::statistics {

// Memory of the process.
struct MemoryUse {
  std::uint64_t allocated_bytes = 0;  // by the program; 0 where the C library does not say
  std::uint64_t resident_bytes = 0;
  std::uint64_t reference_limit_bytes = 0;  // memory.limit
  std::uint64_t overload_step = 0;          // 0: none
};

// Of the log.
struct LogCounters {
  std::uint64_t dropped_lines = 0;
  std::uint64_t dropped_access_lines = 0;
};

// Where a number comes from.
using Member =
    std::variant<proxy::Counter proxy::Counters::*, std::uint64_t page::CacheCounters::*,
                 std::uint64_t memcached::Counters::*, std::uint64_t dictionary::ShelfCounts::*,
                 std::uint64_t dictionary::LedgerCounts::*, std::uint64_t LogCounters::*, std::uint64_t MemoryUse::*>;

enum class Type : std::uint8_t { kCounter, kGauge };  // a counter only grows
enum class Role : std::uint8_t { kBoth, kSender, kListener };

struct Label {
  const char* name = nullptr;  // null: none
  const char* value = nullptr;
};

// A name that the original's JSON has at its top level, and the role in which this number stands there.
struct OriginalName {
  const char* name = nullptr;
  Role role = Role::kBoth;
};

struct Metric {
  Member member;
  const char* json = nullptr;  // in "railgun" of the JSON; null: only under the original's name
  OriginalName original{};
  const char* history = nullptr;     // list of the history; rows of one name are added up
  const char* prometheus = nullptr;  // family; rows of one family follow each other and differ in their label
  Label label{};
  Type type = Type::kCounter;
  Role role = Role::kBoth;  // which role counts it
  const char* help = nullptr;
};

// By family. Those of memcached are shown only where memcached is set up.
std::span<const Metric> metrics();
inline bool is_of_memcached(const Metric& metric) {
  return std::holds_alternative<std::uint64_t memcached::Counters::*>(metric.member);
}

// proxy::SiteCounters, added up.
struct SiteTotals {
  std::uint64_t requests = 0, delta = 0, full = 0, stream = 0, direct = 0, failed = 0;
  std::uint64_t page_bytes = 0, coded_bytes = 0;
  std::uint64_t saved_exact = 0, saved_address = 0, saved_shape = 0, saved_sibling = 0, saved_store = 0;
  std::uint64_t saved_content = 0;
  std::uint64_t whole_type_bytes = 0, whole_large_bytes = 0, whole_unkept_bytes = 0, whole_missing_bytes = 0;
  std::uint64_t whole_unknown_bytes = 0, whole_left_bytes = 0;
};

// What is counted by host.
struct SiteMetric {
  proxy::Counter proxy::SiteCounters::* counter;
  std::uint64_t SiteTotals::* total;
  const char* json;  // in "railgun.sites.HOST"
  const char* prometheus;
  Label label{};
  const char* help;
  Role role = Role::kBoth;  // the other role does not show it
};
// Whether a daemon of that role shows such a number.
inline bool is_shown(Role counted_by, bool is_sender) {
  return counted_by == Role::kBoth || (counted_by == Role::kSender) == is_sender;
}
std::span<const SiteMetric> site_metrics();

// proxy::Distributions, added up.
struct SpreadTotals {
  HistogramCounts total_time{kTimeScale}, link_time{kTimeScale}, origin_time{kTimeScale}, store_time{kTimeScale};
  HistogramCounts encode_time{kTimeScale}, decode_time{kTimeScale}, compress_time{kTimeScale};
  HistogramCounts page_bytes{kBytesScale}, delta_bytes{kBytesScale}, delta_parts{kPartsScale};
};

// How times and sizes are spread.
struct SpreadMetric {
  Histogram proxy::Distributions::* histogram;
  HistogramCounts SpreadTotals::* total;
  const char* json_group;  // object in "railgun" that has it; null: "railgun" itself
  const char* json;
  const char* prometheus;
  Label label{};
  double unit;              // of one count, in the unit of the JSON and of Prometheus
  Role role = Role::kBoth;  // the other role does not show it
  const char* help;
};
std::span<const SpreadMetric> spread_metrics();

// The HELP text of a family whose rows differ in a label.
struct Family {
  const char* name;
  const char* help;
};
std::span<const Family> families();

// Values of metrics(), one for each row.
class Numbers {
 public:
  Numbers();

  std::uint64_t at(std::size_t row) const { return values_[row]; }
  void add(std::size_t row, std::uint64_t count) { values_[row] += count; }
  // The value of the row with this member.
  std::uint64_t operator[](Member member) const;
  std::uint64_t& operator[](Member member);

  // Adds the counters of one worker.
  void add(const proxy::Counters& counters);
  void set(const page::CacheCounters& counters);
  void set(const memcached::Counters& counters);
  void set(const dictionary::ShelfCounts& counts);
  void set(const dictionary::LedgerCounts& counts);
  void set(const LogCounters& counters);
  void set(const MemoryUse& use);

 private:
  std::vector<std::uint64_t> values_;
};

}  // namespace railgun::statistics
