// A probe for programs.
#include <nlohmann/json.hpp>

#include "railgunctl/probe/probe.h"
#include "railgund/control/json_fields.h"

namespace railgun::ctl {
namespace {

using nlohmann::json;

double seconds(Duration time) { return std::chrono::duration<double>(time).count(); }

const char* word_of(Reach reach) {
  switch (reach) {
    case Reach::kOpen:
      return "open";
    case Reach::kRefused:
      return "refused";
    case Reach::kTimeout:
      return "timeout";
    case Reach::kUnreachable:
      return "unreachable";
  }
  return "";
}

json to_json(const tls::CertificateFacts& certificate) {
  return {{"common_name", certificate.common_name},
          {"names", certificate.dns_names},
          {"issuer", certificate.issuer},
          {"issuer_key_id", certificate.issuer_key_id},
          {"key_id", certificate.key_id},
          {"serial", certificate.serial},
          {"sha256", certificate.fingerprint},
          {"not_before", certificate.not_before.time_since_epoch().count()},
          {"not_after", certificate.not_after.time_since_epoch().count()}};
}

json to_json(const ProbeFacts::Tls& tls) {
  json value = {{"seconds", seconds(tls.time)}, {"version", tls.version},
                {"cipher", tls.cipher},         {"group", tls.group},
                {"protocol", tls.protocol},     {"demands_certificate", tls.asks_for_certificate}};
  if (tls.certificate) value["certificate"] = to_json(*tls.certificate);
  return value;
}

json to_json(const ProbeFacts::Link& link) {
  json round_trips = json::array();
  for (const Duration time : link.round_trips) round_trips.push_back(seconds(time));
  return {{"role", link.is_sender ? "sender" : "listener"},
          {"lowest_version", link.lowest_version},
          {"highest_version", link.highest_version},
          {"build", link.build},
          {"round_trips_seconds", std::move(round_trips)}};
}

}  // namespace

std::string probe_json(const ProbeFacts& facts, const ProbeVerdict& verdict) {
  json value = {{"host", facts.target.host}, {"port", facts.target.port}, {"addresses", facts.addresses},
                {"verdict", verdict.word},   {"text", verdict.text},      {"advice", verdict.advice},
                {"connects", json::array()}, {"identity", facts.identity}};
  if (facts.name_time) value["name_seconds"] = seconds(*facts.name_time);
  for (const auto& attempt : facts.attempts) {
    value["connects"].push_back({{"address", attempt.address},
                                 {"result", word_of(attempt.reach)},
                                 {"seconds", seconds(attempt.time)},
                                 {"reason", attempt.reason}});
  }
  if (facts.tls) value["tls"] = to_json(*facts.tls);
  if (!facts.first_bytes.empty()) value["first_bytes"] = facts.first_bytes;
  if (facts.authority) value["own_authority"] = to_json(*facts.authority);
  if (facts.link) value["link"] = to_json(*facts.link);
  const auto add_error = [&](const char* name, const std::optional<Error>& error) {
    if (error) value[name] = {{"code", name_of(error->code)}, {"text", error->text}};
  };
  add_error("name_error", facts.name_error);
  add_error("tls_error", facts.tls_error);
  add_error("identity_error", facts.identity_error);
  add_error("link_error", facts.link_error);
  if (const auto time = round_trip(facts)) value["round_trip_seconds"] = seconds(*time);
  return value.dump(2, ' ', false, json::error_handler_t::replace) + '\n';
}

}  // namespace railgun::ctl
