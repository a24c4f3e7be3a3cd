#include "railgund/proxy/sender_request.h"

#include <utility>

#include "railgund/proxy/cf_railgun.h"

namespace railgun::proxy {

std::string SenderRequest::id() const {
  const auto digits = request_id(number);
  return {digits.begin(), digits.end()};
}

void SenderRequest::set_header(Fields& fields, const std::string& value) const {
  if (config->header_name.empty()) return;
  remove_fields(fields, config->header_name);
  fields.push_back({config->header_name, value});
}

void SenderRequest::send_head(const SenderPorts& ports, http::Response response, const std::string& header) {
  set_header(response.fields, header);
  status = response.status;
  head_sent = true;
  if (response.status == 101) {
    ports.client.switch_to_tunnel(response, ports.now());
  } else {
    ports.client.send_response(response, ports.now());
  }
}

void SenderRequest::upload_taken(const SenderPorts& ports, std::size_t bytes) {
  if (bytes == 0) return;
  upload_begun = true;
  upload.consume(bytes);
  ports.client.body_consumed(bytes, ports.now());
}

}  // namespace railgun::proxy
