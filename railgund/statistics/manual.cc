#include "railgund/statistics/manual.h"

#include "railgund/statistics/metrics_table.h"

namespace railgun::statistics {
namespace {

std::string code(const std::string& text) { return '`' + text + '`'; }

const char* name_of(Role role) {
  switch (role) {
    case Role::kSender:
      return "sender";
    case Role::kListener:
      return "listener";
    case Role::kBoth:
      break;
  }
  return "both";
}

std::string prometheus_name(const char* family, const Label& label) {
  std::string name = family;
  if (label.name != nullptr) name += std::string("{") + label.name + "=\"" + label.value + "\"}";
  return code(name);
}

std::string original_name(const OriginalName& original) {
  std::string text = code(original.name);
  if (original.role != Role::kBoth) text += std::string(" (") + name_of(original.role) + ")";
  return text;
}

std::string json_names(const Metric& metric) {
  std::string names = metric.original.name == nullptr ? "" : original_name(metric.original);
  if (metric.json != nullptr) names += (names.empty() ? "" : ", ") + code(std::string("railgun.") + metric.json);
  return names.empty() ? "–" : names;
}

std::string row(const std::string& prometheus, const std::string& json, const char* type, Role role,
                const std::string& help) {
  return "| " + prometheus + " | " + json + " | " + type + " | " + name_of(role) + " | " + help + " |\n";
}

}  // namespace

std::string metrics_chapter() {
  std::string text = "\n| Prometheus | JSON | type | counted by | meaning |\n| --- | --- | --- | --- | --- |\n";
  for (const Metric& metric : metrics()) {
    text += row(prometheus_name(metric.prometheus, metric.label), json_names(metric),
                metric.type == Type::kCounter ? "counter" : "gauge", metric.role, metric.help);
  }
  for (const SpreadMetric& metric : spread_metrics()) {
    const std::string group = metric.json_group == nullptr ? "" : std::string(metric.json_group) + '.';
    text += row(prometheus_name(metric.prometheus, metric.label), code("railgun." + group + metric.json), "histogram",
                metric.role, metric.help);
  }
  for (const SiteMetric& metric : site_metrics()) {
    text += row(prometheus_name(metric.prometheus, metric.label),
                code(std::string("railgun.sites.HOST.") + metric.json), "counter", metric.role, metric.help);
  }
  return text + '\n';
}

}  // namespace railgun::statistics
