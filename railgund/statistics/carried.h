// What a process has counted, as its successor goes on from there after an upgrade in place: counters (gauges are of the
// process), distributions, sites, and the last hour.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "railgund/statistics/history.h"
#include "railgund/statistics/totals.h"

namespace railgun::statistics {

struct Carried {
  Numbers numbers;
  SpreadTotals spread;
  std::map<std::string, SiteTotals> sites;
  History history;
};

// JSON: what both programs know by the same name is carried, whatever their versions.
std::string to_carried_json(const Totals& totals, const History& history);
// Nothing: no such text. What it does not have is 0.
std::optional<Carried> parse_carried(std::string_view json);

// Adds the counters to what this process has counted.
void add(Totals& totals, const Carried& carried);

}  // namespace railgun::statistics
