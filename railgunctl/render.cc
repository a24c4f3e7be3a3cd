#include "railgunctl/render.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <ctime>

#include "railgund/base/text.h"

namespace railgun::ctl {
namespace {

constexpr std::size_t kTerminalColumns = 80, kLabelColumns = 12;

std::string number(double value, int decimals, const char* unit) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f %s", decimals, value, unit);
  return text;
}

std::string scaled(std::uint64_t bytes, unsigned step, const std::array<const char*, 6>& units) {
  if (bytes < step) return std::to_string(bytes) + " B";
  double value = static_cast<double>(bytes) / step;
  std::size_t unit = 0;
  // 999.95 would be printed as 1000.0.
  while (value >= step - 0.05 && unit + 1 < units.size()) {
    value /= step;
    ++unit;
  }
  return number(value, 1, units[unit]);
}

// UTF-8 lead bytes and ASCII take a column, continuation bytes none.
std::size_t columns(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

bool is_number(std::string_view cell) { return cell == "-" || (!cell.empty() && cell[0] >= '0' && cell[0] <= '9'); }

void append_cell(std::string& line, const std::string& cell, std::size_t width, bool right, bool last) {
  const std::string gap(width - columns(cell), ' ');
  if (right) line += gap;
  line += cell;
  if (!right && !last) line += gap;
  if (!last) line += "  ";
}

std::string saved_text(const control::Traffic& traffic) {
  if (traffic.page_bytes == 0) return "nothing yet";
  const std::uint64_t saved = traffic.page_bytes > traffic.link_bytes ? traffic.page_bytes - traffic.link_bytes : 0;
  return share_text(saved, traffic.page_bytes) + ": " + bytes_text(traffic.page_bytes) + " of pages took " +
         bytes_text(traffic.link_bytes) + " on the link";
}

// What visitors were sent, by coding; empty if nothing.
std::string visitors_text(const control::Traffic& traffic) {
  const std::pair<const char*, std::uint64_t> codings[] = {{"dcz", traffic.client_dcz_bytes},
                                                           {"zstd", traffic.client_zstd_bytes},
                                                           {"br", traffic.client_br_bytes},
                                                           {"gzip", traffic.client_gzip_bytes},
                                                           {"uncompressed", traffic.client_identity_bytes}};
  std::vector<std::string> parts;
  for (const auto& [name, bytes] : codings) {
    if (bytes > 0) parts.push_back(bytes_text(bytes) + " " + name);
  }
  return parts.empty() ? "" : join(parts) + " for " + bytes_text(traffic.client_page_bytes) + " of pages";
}

std::string requests_text(const control::Traffic& traffic) {
  if (traffic.requests == 0) return "none yet";
  return count_text(traffic.requests) + ": delta " + share_text(traffic.delta, traffic.requests) + ", whole " +
         share_text(traffic.full + traffic.stream, traffic.requests) + ", direct " +
         share_text(traffic.direct, traffic.requests) + ", errors " + share_text(traffic.errors, traffic.requests);
}

std::string memory_text(const control::Memory& memory) {
  return bytes_text(memory.resident_bytes) + " resident; " + count_text(memory.references) + " page versions use " +
         bytes_text(memory.reference_bytes) + " of " + bytes_text(memory.reference_limit_bytes);
}

std::string store_text(const control::StoreInfo& store) {
  if (store.kind != control::StoreKind::kMemcached) return "memory only";
  return std::string("memcached, ") + control::name_of(store.state) + ": " + count_text(store.hits) + " hits, " +
         count_text(store.misses) + " misses, " + count_text(store.errors) + " errors";
}

}  // namespace

std::string count_text(std::uint64_t count) {
  std::string text = std::to_string(count);
  for (std::size_t at = text.size(); at > 3;) {
    at -= 3;
    text.insert(at, ",");
  }
  return text;
}

std::string bytes_text(std::uint64_t bytes) { return scaled(bytes, 1000, {"KB", "MB", "GB", "TB", "PB", "EB"}); }

std::string binary_text(std::uint64_t bytes) { return scaled(bytes, 1024, {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}); }

std::string share_text(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return "-";
  const double percent = 100.0 * static_cast<double>(part) / static_cast<double>(whole);
  return number(percent, percent != 0 && percent < 1 ? 2 : 1, "%");
}

std::string span_text(double seconds) {
  if (!(seconds > 0)) return "0 s";
  if (seconds < 0.00095) return number(seconds * 1e6, 0, "µs");
  if (seconds < 0.0995) return number(seconds * 1000, seconds < 0.01 ? 1 : 0, "ms");
  if (seconds < 1) return number(seconds * 1000, 0, "ms");
  if (seconds < 120) return number(seconds, seconds < 10 ? 1 : 0, "s");
  const auto minutes = static_cast<std::uint64_t>(std::min(seconds, 1e15) / 60);
  if (minutes < 60) return std::to_string(minutes) + " min";
  if (minutes < 24 * 60) return std::to_string(minutes / 60) + " h " + std::to_string(minutes % 60) + " min";
  return std::to_string(minutes / (24 * 60)) + " d " + std::to_string(minutes / 60 % 24) + " h";
}

std::string date_text(std::int64_t seconds_since_1970) {
  if (seconds_since_1970 == 0) return "never";
  const std::time_t time = seconds_since_1970;
  std::tm parts{};
  if (gmtime_r(&time, &parts) == nullptr) return std::to_string(seconds_since_1970);
  char text[64];
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", &parts);
  return text;
}

std::string wrapped(std::string_view first_indent, std::string_view indent, std::string_view text) {
  std::string result(first_indent);
  std::size_t at = columns(first_indent);
  bool is_first = true;
  const std::string clean = without_controls(text);
  for (std::size_t start = 0; start < clean.size();) {
    const std::size_t end = std::min(clean.find(' ', start), clean.size());
    const std::string_view word = std::string_view(clean).substr(start, end - start);
    if (!is_first && at + 1 + columns(word) > kTerminalColumns) {
      result += '\n';
      result += indent;
      at = columns(indent);
      is_first = true;
    }
    if (!is_first) result += ' ';
    result += word;
    at += columns(word) + (is_first ? 0 : 1);
    is_first = false;
    start = end + 1;
  }
  return result + '\n';
}

std::string labelled(std::string_view label, std::string_view text) {
  std::string head(label);
  head.resize(std::max(kLabelColumns, head.size() + 1), ' ');
  return wrapped(head, std::string(kLabelColumns, ' '), text);
}

std::string table(const std::vector<std::string>& heads, const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::vector<std::string>> lines{heads};
  for (const auto& row : rows) {
    lines.emplace_back();
    for (const std::string& cell : row) lines.back().push_back(without_controls(cell));
  }
  std::vector<std::size_t> widths(heads.size());
  std::vector<bool> right(heads.size(), !rows.empty());
  for (std::size_t i = 0; i < lines.size(); ++i) {
    for (std::size_t column = 0; column < heads.size(); ++column) {
      widths[column] = std::max(widths[column], columns(lines[i][column]));
      if (i > 0 && !is_number(lines[i][column])) right[column] = false;
    }
  }
  std::string text;
  for (const auto& line : lines) {
    std::string cells;
    for (std::size_t column = 0; column < heads.size(); ++column) {
      append_cell(cells, line[column], widths[column], right[column], column + 1 == heads.size());
    }
    text += cells + '\n';
  }
  return text;
}

std::string render_links(const control::Status& status) {
  if (status.links.empty()) return "no links\n";
  std::vector<std::vector<std::string>> rows;
  rows.reserve(status.links.size());
  for (const control::LinkInfo& link : status.links) {
    rows.push_back({link.peer, control::name_of(link.state), link.dialed ? "out" : "in", span_text(link.age_seconds),
                    link.round_trip_seconds > 0 ? span_text(link.round_trip_seconds) : "-", count_text(link.streams),
                    bytes_text(link.bytes_in), bytes_text(link.bytes_out),
                    link.tls_group.empty() ? "-" : link.tls_group, link.hosts.empty() ? "all" : join(link.hosts)});
  }
  return table({"LINK", "STATE", "DIRECTION", "AGE", "ROUND TRIP", "STREAMS", "IN", "OUT", "KEY EXCHANGE", "HOSTS"},
               rows);
}

std::string render_sites(const control::Status& status) {
  if (status.sites.empty()) return "no sites\n";
  std::vector<std::vector<std::string>> rows;
  for (const control::SiteInfo& site : status.sites) {
    const std::uint64_t saved = site.page_bytes > site.link_bytes ? site.page_bytes - site.link_bytes : 0;
    rows.push_back({site.host, count_text(site.links_up), count_text(site.requests),
                    share_text(site.delta, site.requests), share_text(site.direct, site.requests),
                    site.page_bytes == 0 ? "-" : bytes_text(saved) + " (" + share_text(saved, site.page_bytes) + ')',
                    site.listeners.empty() ? "none" : join(site.listeners),
                    site.origin.empty() ? "none" : site.origin});
  }
  return table({"SITE", "LINKS UP", "REQUESTS", "DELTA", "DIRECT", "SAVED", "LISTENERS", "DIRECT ORIGIN"}, rows);
}

// One server is in the line "store".
std::string render_store(const control::StoreInfo& store) {
  std::vector<std::vector<std::string>> rows;
  for (const control::StoreServer& each : store.servers) {
    rows.push_back({each.address, control::name_of(each.state), count_text(each.hits + each.misses),
                    share_text(each.hits, each.hits + each.misses), count_text(each.stored), count_text(each.too_large),
                    count_text(each.errors), count_text(each.refused)});
  }
  return table({"MEMCACHED", "STATE", "LOOK-UPS", "FOUND", "STORED", "TOO LARGE", "ERRORS", "NOT ASKED"}, rows);
}

std::string render_certificates(const control::Status& status) {
  std::vector<std::vector<std::string>> rows;
  for (const control::CertificateInfo& each : status.certificates)
    rows.push_back({join(each.names), each.key_type, std::to_string(each.days_left), each.file});
  return table({"CERTIFICATE FOR", "KEY", "DAYS LEFT", "FILE"}, rows);
}

std::string render_problems(const std::vector<control::Problem>& problems) {
  if (problems.empty()) return "No problems found.\n";
  std::string text;
  for (const control::Problem& problem : problems) {
    text += (problem.severity == control::Severity::kError ? "ERROR    " : "WARNING  ") +
            without_controls(problem.text) + '\n';
    if (!problem.advice.empty()) text += "         -> " + without_controls(problem.advice) + '\n';
  }
  return text;
}

std::string render(const control::Status& status) {
  std::string text = "railgund " + without_controls(status.version) + " (" + control::name_of(status.role) + "), " +
                     control::name_of(status.state) + " for " + span_text(status.uptime_seconds) + ", process " +
                     std::to_string(status.pid) + "\n\n";
  text += labelled("config", status.config_file);
  text += labelled("listening", status.listening.empty() ? "nowhere" : join(status.listening));
  if (status.role == control::Role::kSender) text += labelled("clients", count_text(status.clients) + " connected");
  text += labelled("requests", requests_text(status.traffic));
  text += labelled("saved", saved_text(status.traffic));
  if (const std::string visitors = visitors_text(status.traffic); !visitors.empty())
    text += labelled("visitors", "got " + visitors);
  text += labelled("memory", memory_text(status.memory));
  text += labelled("store", store_text(status.store));
  text += '\n' + render_links(status);
  if (status.role == control::Role::kSender) text += '\n' + render_sites(status);
  if (status.store.servers.size() > 1) text += '\n' + render_store(status.store);
  if (!status.certificates.empty()) text += '\n' + render_certificates(status);
  return text + '\n' + render_problems(status.problems);
}

}  // namespace railgun::ctl
