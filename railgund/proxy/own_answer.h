// A file of the sender's own on its way to a client: a dictionary that its browser fetches, or an ACME challenge.
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

 private:
  http::Response head_;
  ByteView body_;
  std::shared_ptr<const void> owner_;
  const char* name_;
  std::size_t sent_ = 0;
};

// What an ACME server is answered that asks for a challenge (RFC 8555 8.3).
OwnAnswer challenge_answer(Bytes content);
OwnAnswer dictionary_answer(dictionary::DictionaryPtr dictionary);

}  // namespace railgun::proxy
