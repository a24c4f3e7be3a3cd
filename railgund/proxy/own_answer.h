// A file of the sender's own on its way to a client: a dictionary that its browser fetches, an ACME challenge, or a site's
// error page.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include "railgund/proxy/exchange_outcome.h"
#include "railgund/proxy/sender_request.h"

namespace railgun::proxy {

class OwnAnswer {
 public:
  // `body` lives as long as `owner`. `name`: what it is, for the log; a literal.
  OwnAnswer(http::Response head, ByteView body, std::shared_ptr<const void> owner, const char* name)
      : head_(std::move(head)), body_(body), owner_(std::move(owner)), name_(name) {}

  // Moves what the client has room for; the head first.
  Progress pump(SenderRequest& request, const SenderPorts& ports);
  Passed passed() const { return {.page_bytes = sent_, .coded_bytes = 0}; }
  const char* name() const { return name_; }
  // The request has failed, and was counted as such.
  bool is_error() const { return is_error_; }

 private:
  http::Response head_;
  ByteView body_;
  std::shared_ptr<const void> owner_;
  const char* name_;
  std::size_t sent_ = 0;
  bool is_error_ = false;

  friend OwnAnswer error_page(unsigned, std::string_view, std::shared_ptr<const void>, Fields);
};

// A site's error page instead of a line of text. `text`: lives as long as `owner`. `extra`: fields of the answer.
OwnAnswer error_page(unsigned status, std::string_view text, std::shared_ptr<const void> owner, Fields extra);
// What an ACME server is answered that asks for a challenge (RFC 8555 8.3).
OwnAnswer challenge_answer(Bytes content);
OwnAnswer dictionary_answer(dictionary::DictionaryPtr dictionary);

}  // namespace railgun::proxy
