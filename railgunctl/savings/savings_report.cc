// The figures of a savings run, in words and in JSON.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <string_view>

#include <nlohmann/json.hpp>

#include "railgunctl/render.h"
#include "railgunctl/savings/savings.h"

namespace railgun::ctl {
namespace {

using Pairs = std::vector<const SavingsPair*>;

constexpr std::array<Method, 3> kOurs = {Method::kStrong, Method::kFast, Method::kAuto};
constexpr std::array<std::string_view, 3> kClasses = {"tiny", "medium", "large"};

// How much of the page changed, by what zstd -19 makes of it.
std::size_t class_of(const SavingsPair& pair) {
  const double share = static_cast<double>(pair.by(Method::kZstd19Prefix).bytes) / static_cast<double>(pair.page_bytes);
  return share < 0.005 ? 0 : share < 0.05 ? 1 : 2;
}

Pairs pairs_of(const std::vector<SavingsResource>& resources, int wanted = -1) {
  Pairs pairs;
  for (const auto& resource : resources) {
    for (const auto& pair : resource.pairs) {
      if (wanted < 0 || class_of(pair) == static_cast<std::size_t>(wanted)) pairs.push_back(&pair);
    }
  }
  return pairs;
}

double against(const Pairs& pairs, Method method, Method peer) {
  double sum = 0;
  for (const auto* pair : pairs) {
    sum += std::log(static_cast<double>(pair->by(method).bytes) / static_cast<double>(pair->by(peer).bytes));
  }
  return pairs.empty() ? 0 : std::exp(sum / static_cast<double>(pairs.size()));
}

double smaller_share(const Pairs& pairs, Method method) {
  const auto smaller = std::ranges::count_if(
      pairs, [&](const auto* pair) { return pair->by(method).bytes < pair->by(Method::kZstd19Prefix).bytes; });
  return pairs.empty() ? 0 : static_cast<double>(smaller) / static_cast<double>(pairs.size());
}

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  return values[values.size() / 2];
}

// Median over the pairs of page bytes a second, in MB/s; 0 if not measured.
double speed(const Pairs& pairs, Method method, double Coding::* seconds) {
  std::vector<double> speeds;
  for (const auto* pair : pairs) {
    const double taken = pair->by(method).*seconds;
    if (taken > 0) speeds.push_back(static_cast<double>(pair->page_bytes) / taken / 1e6);
  }
  return median(std::move(speeds));
}

double percentile_99(const Pairs& pairs, Method method) {
  std::vector<double> times;
  for (const auto* pair : pairs) times.push_back(pair->by(method).encode_seconds);
  std::ranges::sort(times);
  return times.empty() ? 0 : times[(times.size() - 1) * 99 / 100];
}

std::size_t total_bytes(const Pairs& pairs, Method method) {
  std::size_t sum = 0;
  for (const auto* pair : pairs) sum += pair->by(method).bytes;
  return sum;
}

std::size_t page_bytes(const Pairs& pairs) {
  std::size_t sum = 0;
  for (const auto* pair : pairs) sum += pair->page_bytes;
  return sum;
}

nlohmann::json figures(const Pairs& pairs) {
  nlohmann::json out = {{"pairs", pairs.size()}, {"page_bytes", page_bytes(pairs)}};
  for (std::size_t k = 0; k < kMethods; ++k) {
    const auto method = static_cast<Method>(k);
    const std::string name = name_of(method);
    out[name + "_bytes"] = total_bytes(pairs, method);
    out["speed"][name] = {{"encode_mb_s", speed(pairs, method, &Coding::encode_seconds)},
                          {"decode_mb_s", speed(pairs, method, &Coding::decode_seconds)}};
  }
  for (const Method method : kOurs) {
    const std::string name = name_of(method);
    out[name + "_vs_zstd19_prefix"] = against(pairs, method, Method::kZstd19Prefix);
    out[name + "_smaller_than_zstd19_prefix"] = smaller_share(pairs, method);
  }
  return out;
}

std::string fixed(double value, int digits) {
  char text[32];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

Pairs pairs_of_one(const SavingsResource& resource) {
  Pairs pairs;
  for (const auto& pair : resource.pairs) pairs.push_back(&pair);
  return pairs;
}

std::vector<std::string> size_row(const std::string& name, std::size_t versions, const Pairs& pairs) {
  std::vector<std::string> row = {name, std::to_string(versions), bytes_text(page_bytes(pairs))};
  for (const Method method :
       {Method::kGzip6, Method::kZstd19, Method::kZstd19Prefix, Method::kFast, Method::kStrong, Method::kAuto}) {
    row.push_back(bytes_text(total_bytes(pairs, method)));
  }
  row.push_back(share_text(total_bytes(pairs, Method::kAuto), page_bytes(pairs)));
  return row;
}

std::string sizes(const std::vector<SavingsResource>& resources) {
  std::vector<std::vector<std::string>> rows;
  std::size_t versions = 0;
  for (const auto& resource : resources) {
    rows.push_back(size_row(resource.name, resource.versions, pairs_of_one(resource)));
    versions += resource.versions;
  }
  rows.push_back(size_row("total", versions, pairs_of(resources)));
  return table({"page", "versions", "measured", "gzip -6", "zstd -19", "zstd -19, prefix", "fast", "strong", "auto",
                "auto of page"},
               rows);
}

// What goes to a visitor's browser, beside what crosses the link.
std::vector<std::string> browser_row(const std::string& name, const Pairs& pairs) {
  std::vector<std::string> row = {name, bytes_text(page_bytes(pairs))};
  for (const Method method : {Method::kGzip6, Method::kZstd3, Method::kDcz})
    row.push_back(bytes_text(total_bytes(pairs, method)));
  row.push_back(share_text(total_bytes(pairs, Method::kDcz), total_bytes(pairs, Method::kGzip6)));
  return row;
}

std::string browser_sizes(const std::vector<SavingsResource>& resources) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& resource : resources) rows.push_back(browser_row(resource.name, pairs_of_one(resource)));
  rows.push_back(browser_row("total", pairs_of(resources)));
  return table({"page", "plain", "gzip -6", "zstd -3", "dcz", "dcz of gzip -6"}, rows);
}

std::string ratios(const std::vector<SavingsResource>& resources) {
  std::vector<std::vector<std::string>> rows;
  for (int k = -1; k < static_cast<int>(kClasses.size()); ++k) {
    const Pairs pairs = pairs_of(resources, k);
    if (pairs.empty()) continue;
    std::vector<std::string> row = {k < 0 ? "all" : std::string(kClasses[static_cast<std::size_t>(k)]),
                                    std::to_string(pairs.size())};
    for (const Method method : {Method::kFast, Method::kStrong, Method::kAuto}) {
      row.push_back(fixed(against(pairs, method, Method::kZstd19Prefix), 3));
    }
    for (const Method method : {Method::kZstd1Prefix, Method::kZstd19Prefix, Method::kFast, Method::kStrong}) {
      row.push_back(fixed(speed(pairs, method, &Coding::encode_seconds), 0) + " / " +
                    fixed(speed(pairs, method, &Coding::decode_seconds), 0));
    }
    rows.push_back(std::move(row));
  }
  return table(
      {"change", "pairs", "fast", "strong", "auto", "zstd -1 MB/s", "zstd -19 MB/s", "fast MB/s", "strong MB/s"}, rows);
}

}  // namespace

std::string savings_text(const std::vector<SavingsResource>& resources) {
  return "Total bytes of the measured versions. fast, strong, auto and \"zstd -19, prefix\" code each version against\n"
         "the one before it:\n\n" +
         sizes(resources) +
         "\nBytes to the visitor's browser. dcz: to one that has the version before (browser.dictionary = page):\n\n" +
         browser_sizes(resources) +
         "\nSize relative to \"zstd -19, prefix\" (geometric mean), and encode / decode speed (CPU time, median).\n"
         "tiny: that zstd codes the page in less than 0.5 % of its size; medium: in less than 5 %; large: the "
         "rest.\n\n" +
         ratios(resources);
}

std::string savings_json(const std::vector<SavingsResource>& resources) {
  nlohmann::json out;
  out["resources"] = nlohmann::json::array();
  for (const auto& resource : resources) {
    nlohmann::json one = figures(pairs_of_one(resource));
    one["name"] = resource.name;
    one["versions"] = resource.versions;
    out["resources"].push_back(std::move(one));
  }
  const Pairs all = pairs_of(resources);
  nlohmann::json total = figures(all);
  for (std::size_t k = 0; k < kClasses.size(); ++k) {
    total[std::string(kClasses[k])] = figures(pairs_of(resources, static_cast<int>(k)));
  }
  total["auto_encode_p99_ms"] = percentile_99(all, Method::kAuto) * 1e3;
  double most = 0;
  for (const auto* pair : all) {
    most = std::max(most, static_cast<double>(pair->by(Method::kAuto).bytes) -
                              static_cast<double>(pair->by(Method::kZstd3Prefix).bytes));
  }
  total["auto_over_zstd3_prefix_bytes"] = most;
  out["total"] = std::move(total);
  return out.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace railgun::ctl
