// A diagnosis for programs.
#include <cstdio>

#include <nlohmann/json.hpp>

#include "railgunctl/probe/diagnosis.h"
#include "railgund/base/field.h"

namespace railgun::ctl {
namespace {

using nlohmann::json;

double seconds(Duration time) { return std::chrono::duration<double>(time).count(); }

const char* word_of(proxy::Passage passage) {
  switch (passage) {
    case proxy::Passage::kDelta:
      return "delta";
    case proxy::Passage::kStream:
      return "stream";
    case proxy::Passage::kNormal:
      return "normal";
    case proxy::Passage::kDirect:
      return "direct";
  }
  return "";
}

const char* word_of(Sameness sameness) {
  switch (sameness) {
    case Sameness::kSame:
      return "same";
    case Sameness::kMoving:
      return "moving";
    case Sameness::kDifferent:
      return "different";
    case Sameness::kUnknown:
      return "unknown";
  }
  return "";
}

json field_or_null(const Fetched& answer, const char* name) {
  const std::string_view value = field_value(answer.fields, name);
  return value.empty() ? json(nullptr) : json(value);
}

// The fields of the original's diagnosis, with its units in the text.
void add_original(json& value, const Diagnosis& diagnosis, const Sample& sample) {
  const Fetched& answer = sample.answer;
  char elapsed[32];
  std::snprintf(elapsed, sizeof elapsed, "%.6fs", seconds(answer.phases.total()));
  const bool used = sample.passage && sample.passage->passage != proxy::Passage::kDirect;
  const json ray = field_or_null(answer, "CF-RAY");
  value["method"] = diagnosis.method;
  value["host_name"] = diagnosis.host;
  value["http_status"] = answer.status;
  value["railgun"] = used ? "enabled" : "disabled";
  value["url"] = diagnosis.url;
  value["response_status"] = std::to_string(answer.status) + ' ' + answer.reason;
  value["protocol"] = answer.is_http2 ? "HTTP/2" : "HTTP/1." + std::to_string(answer.minor_version);
  value["elapsed_time"] = elapsed;
  value["body_size"] = std::to_string(answer.body.size()) + " bytes";
  value["body_hash"] = sample.body_hash;
  value["missing_headers"] = missing_headers(answer).empty() ? json(nullptr) : json(missing_headers(answer));
  value["connection_close"] = !answer.keeps_alive;
  value["cloudflare"] = ray.is_null() ? "off" : "on";
  value["cf-ray"] = ray;
  value["cf-wan-error"] = field_or_null(answer, "CF-WAN-Error");
  value["cf-cache-status"] = field_or_null(answer, "CF-Cache-Status");
}

json to_json(const Sample& sample, const char* role) {
  const Fetched& answer = sample.answer;
  json value = {{"role", role},
                {"status", answer.status},
                {"address", answer.address},
                {"body_bytes", answer.body.size()},
                {"sent_bytes", answer.wire_body_bytes},
                {"sha1", sample.body_hash},
                {"seconds",
                 {{"name", seconds(answer.phases.name)},
                  {"connect", seconds(answer.phases.connect)},
                  {"tls", seconds(answer.phases.tls)},
                  {"first_byte", seconds(answer.phases.first_byte)},
                  {"body", seconds(answer.phases.body)},
                  {"total", seconds(answer.phases.total())}}}};
  if (answer.error) value["error"] = answer.error->text;
  if (sample.passage) {
    value["passage"] = word_of(sample.passage->passage);
    value["header"] = proxy::format_cf_railgun(*sample.passage);
    if (sample.passage->passage == proxy::Passage::kDelta)
      value["ratio_percent"] = sample.passage->ratio_hundredths / 100.0;
    if (sample.passage->passage != proxy::Passage::kDirect)
      value["origin_seconds"] = static_cast<double>(sample.passage->origin_time.count()) / 1e6;
  }
  return value;
}

}  // namespace

std::string diagnosis_json(const Diagnosis& diagnosis, const DiagnosisVerdict& verdict) {
  json value = {{"sender", to_string(diagnosis.sender)},
                {"origin", diagnosis.origin.empty() ? json(nullptr) : json(diagnosis.origin)},
                {"no_origin", diagnosis.no_origin},
                {"sameness", word_of(compare(diagnosis))},
                {"text", verdict.text},
                {"advice", verdict.advice},
                {"fetches", json::array()}};
  if (const Sample* sample = measured(diagnosis)) add_original(value, diagnosis, *sample);
  for (std::size_t i = 0; i < diagnosis.through.size(); ++i)
    value["fetches"].push_back(to_json(diagnosis.through[i], i == 0 ? "warming up" : "measured"));
  for (const Sample& sample : diagnosis.direct) value["fetches"].push_back(to_json(sample, "direct"));
  return value.dump(2, ' ', false, json::error_handler_t::replace) + '\n';
}

}  // namespace railgun::ctl
