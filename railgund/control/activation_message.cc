#include "railgund/control/activation_message.h"

#include <algorithm>

#include "railgund/base/text.h"
#include "railgund/control/json_fields.h"
#include "railgund/control/message.h"

namespace railgun::control {
namespace {

constexpr std::size_t kMaxSecretDigits = 128, kMaxHostBytes = 260;
constexpr std::size_t kMaxHosts = 256;

bool is_host_text(std::string_view text) {
  return text.size() <= kMaxHostBytes &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

}  // namespace

void fields(auto& visit, ActivationRequest& value) {
  visit("secret", value.secret);
  visit("certificate", value.certificate);
  visit("request", value.request);
  visit("host", value.host);
  visit("port", value.port);
  visit("time", value.time);
  visit("deactivate", value.deactivate);
}

void fields(auto& visit, ActivationAnswer& value) {
  visit("name", value.name);
  visit("time", value.time);
  visit("deactivated", value.deactivated);
  visit("certificate", value.certificate);
  visit("authority", value.authority);
  visit("hosts", value.hosts);
}

std::string format_activation_request(const ActivationRequest& request) {
  ActivationRequest value = request;
  Writer writer;
  fields(writer, value);
  nlohmann::json json = writer.take();
  json["version"] = kVersion;
  return dump(json);
}

std::string format_activation_answer(const ActivationAnswer& answer) { return format_answer(write_json(answer)); }

Result<ActivationRequest> parse_activation_request(std::string_view line) {
  const auto json = parse_versioned(line, kMaxActivationBytes, kVersion, "activation: ");
  if (!json) return std::unexpected(json.error());
  ActivationRequest request;
  if (auto read = read_fields(*json, request, "activation: "); !read) return std::unexpected(read.error());
  if (request.request.empty()) return fail(Errc::kMalformed, "activation: no certificate request");
  if (request.secret.empty() == request.certificate.empty()) {
    return fail(Errc::kMalformed, "activation: either a token's secret or a certificate to renew");
  }
  if (request.deactivate && request.certificate.empty())
    return fail(Errc::kMalformed, "activation: no certificate to deactivate");
  if (request.secret.size() > kMaxSecretDigits || !from_hex(request.secret))
    return fail(Errc::kMalformed, "activation: bad secret");
  if (!is_host_text(request.host)) return fail(Errc::kMalformed, "activation: bad host");
  return request;
}

Result<ActivationAnswer> parse_activation_answer(std::string_view line) {
  if (line.size() > kMaxActivationBytes) return fail(Errc::kTooLarge, "activation: the answer is too long");
  const auto result = parse_answer(line);
  if (!result) return std::unexpected(result.error());
  auto answer = read_json<ActivationAnswer>(*result);
  if (!answer) return answer;
  if (answer->deactivated) return answer;
  if (answer->certificate.empty() || answer->authority.empty() || answer->hosts.size() > kMaxHosts) {
    return fail(Errc::kMalformed, "activation: the answer lacks a certificate");
  }
  return answer;
}

}  // namespace railgun::control
