#include "railgund/proxy/access_record.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

namespace railgun::proxy {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

std::string padded(std::int64_t number, std::size_t digits) {
  std::string text = std::to_string(number);
  return text.size() < digits ? std::string(digits - text.size(), '0') + text : text;
}

bool is_plain(char c) { return c >= ' ' && c < 0x7f && c != '"' && c != '\\'; }

// Everything but plain ASCII becomes `escape` and two hex digits.
void append_escaped(std::string& line, std::string_view text, std::string_view escape) {
  for (const char c : text) {
    if (is_plain(c)) {
      line += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    line += escape;
    line += kHexDigits[byte >> 4];
    line += kHexDigits[byte & 0xf];
  }
}

// In quotes, "-" if empty.
void append_quoted(std::string& line, std::string_view text) {
  line += '"';
  append_escaped(line, text.empty() ? "-" : text, "\\x");
  line += '"';
}

struct Calendar {
  explicit Calendar(WallTime time)
      : date(std::chrono::floor<std::chrono::days>(time)), clock(time - std::chrono::floor<std::chrono::days>(time)) {}
  std::string time_of_day() const {
    return padded(clock.hours().count(), 2) + ":" + padded(clock.minutes().count(), 2) + ":" +
           padded(clock.seconds().count(), 2);
  }
  std::string day() const { return padded(static_cast<unsigned>(date.day()), 2); }
  unsigned month() const { return static_cast<unsigned>(date.month()); }
  std::string year() const { return std::to_string(static_cast<int>(date.year())); }

  std::chrono::year_month_day date;
  std::chrono::hh_mm_ss<std::chrono::seconds> clock;
};

std::string protocol_of(const AccessRecord& record) {
  if (record.major_version >= 2) return "HTTP/" + std::to_string(record.major_version) + ".0";
  return "HTTP/1." + std::to_string(record.minor_version);
}

std::string combined(const AccessRecord& record, WallTime time) {
  const Calendar now(time);
  std::string line = record.client + " - - [" + now.day() + "/" + std::string(kMonths[now.month() - 1]) + "/" +
                     now.year() + ":" + now.time_of_day() + " +0000] ";
  append_quoted(line, record.method + " " + record.target + " " + protocol_of(record));
  line += " " + std::to_string(record.status) + " " + std::to_string(record.body_bytes) + " ";
  append_quoted(line, record.referer);
  line += ' ';
  append_quoted(line, record.user_agent);
  return line;
}

// Names are ours and need no escapes.
class Json {
 public:
  void add(std::string_view name, std::string_view text) {
    begin(name);
    line_ += '"';
    append_escaped(line_, text, "\\u00");
    line_ += '"';
  }
  void add(std::string_view name, std::uint64_t number) {
    begin(name);
    line_ += std::to_string(number);
  }
  void add(std::string_view name, bool value) {
    begin(name);
    line_ += value ? "true" : "false";
  }
  void add(std::string_view name, const char* text) { add(name, std::string_view(text)); }
  // Seconds, to the microsecond.
  void add(std::string_view name, Duration time) {
    const std::int64_t micros =
        std::max<std::int64_t>(std::chrono::duration_cast<std::chrono::microseconds>(time).count(), 0);
    begin(name);
    line_ += std::to_string(micros / 1'000'000) + "." + padded(micros % 1'000'000, 6);
  }
  // Hundredths of a percent, written as percent.
  void add_percent(std::string_view name, std::uint64_t hundredths) {
    begin(name);
    line_ += std::to_string(hundredths / 100) + "." + padded(static_cast<std::int64_t>(hundredths % 100), 2);
  }
  std::string finish() { return std::move(line_) + "}"; }

 private:
  void begin(std::string_view name) {
    line_ += line_.size() == 1 ? "\"" : ",\"";
    line_ += name;
    line_ += "\":";
  }
  std::string line_ = "{";
};

std::string json(const AccessRecord& record, WallTime time) {
  const Calendar now(time);
  Json line;
  line.add("time", now.year() + "-" + padded(now.month(), 2) + "-" + now.day() + "T" + now.time_of_day() + "Z");
  line.add("id", record.id);
  line.add("client", record.client);
  line.add("scheme", record.is_secure ? "https" : "http");
  line.add("protocol", protocol_of(record));
  line.add("method", record.method);
  line.add("host", record.host);
  line.add("target", record.target);
  line.add("status", std::uint64_t{record.status});
  line.add("complete", record.is_complete);
  line.add("bytes", record.body_bytes);
  line.add("referer", record.referer);
  line.add("user_agent", record.user_agent);
  line.add("seconds", record.total);
  line.add("way", name_of(record.way));
  if (record.way == AccessRecord::Way::kOwn) return line.finish();
  line.add("page_bytes", record.page_bytes);
  line.add("origin_seconds", record.origin);
  if (record.way == AccessRecord::Way::kDirect) return line.finish();
  line.add("link_bytes", record.link_bytes);
  line.add("link_seconds", record.link);
  if (record.page_bytes > 0) line.add_percent("ratio_percent", 10000 * record.link_bytes / record.page_bytes);
  return line.finish();
}

}  // namespace

const char* name_of(AccessRecord::Way way) {
  switch (way) {
    case AccessRecord::Way::kDelta:
      return "delta";
    case AccessRecord::Way::kFull:
      return "full";
    case AccessRecord::Way::kStream:
      return "stream";
    case AccessRecord::Way::kDirect:
      return "direct";
    case AccessRecord::Way::kOwn:
      break;
  }
  return "own";
}

std::string access_line(const AccessRecord& record, config::AccessFormat format, WallTime time) {
  return format == config::AccessFormat::kJson ? json(record, time) : combined(record, time);
}

}  // namespace railgun::proxy
