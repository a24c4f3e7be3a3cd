#include "railgund/proxy/own_answer.h"

#include "railgund/proxy/cf_railgun.h"
#include "railgund/proxy/dictionaries.h"

namespace railgun::proxy {

Progress OwnAnswer::pump(SenderRequest& request, const SenderPorts& ports) {
  if (!request.head_sent) {
    request.send_head(ports, std::move(head_),
                      format_cf_railgun({.passage = Passage::kNormal, .id = request.id(), .version = "0000"}));
  }
  if (request.http.method == "HEAD") return Complete{};
  while (const std::size_t count = request.send_body(ports, body_.subspan(sent_))) sent_ += count;
  if (sent_ < body_.size()) return UnderWay{};
  return Complete{};
}

OwnAnswer error_page(unsigned status, std::string_view text, std::shared_ptr<const void> owner, Fields extra) {
  http::Response head = {.status = status,
                         .fields = {{"Content-Type", "text/html; charset=utf-8"}, {"Cache-Control", "no-store"}},
                         .body = {.kind = http::BodyLength::Kind::kKnown, .bytes = text.size()}};
  head.fields.insert(head.fields.end(), extra.begin(), extra.end());
  OwnAnswer answer(std::move(head), as_bytes(text), std::move(owner), "error page");
  answer.is_error_ = true;
  return answer;
}

OwnAnswer challenge_answer(Bytes content) {
  const auto kept = std::make_shared<const Bytes>(std::move(content));
  http::Response head = {.status = 200,
                         .fields = {{"Content-Type", "application/octet-stream"}, {"Cache-Control", "no-store"}},
                         .body = {.kind = http::BodyLength::Kind::kKnown, .bytes = kept->size()}};
  return {std::move(head), *kept, kept, "challenge"};
}

OwnAnswer dictionary_answer(dictionary::DictionaryPtr dictionary) {
  const ByteView bytes = dictionary->bytes();
  http::Response head = Dictionaries::head_of(*dictionary);
  return {std::move(head), bytes, std::move(dictionary), "dictionary"};
}

}  // namespace railgun::proxy
