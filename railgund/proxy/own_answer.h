// A dictionary of the sender's own on its way to a client that fetches it.
#pragma once

#include <cstddef>
#include <utility>

#include "railgund/proxy/exchange_outcome.h"
#include "railgund/proxy/sender_request.h"

namespace railgun::proxy {

class OwnAnswer {
 public:
  explicit OwnAnswer(dictionary::DictionaryPtr dictionary) : dictionary_(std::move(dictionary)) {}

  // Moves what the client has room for; the head first.
  Progress pump(SenderRequest& request, const SenderPorts& ports);
  Passed passed() const { return {.page_bytes = sent_, .coded_bytes = 0}; }

 private:
  dictionary::DictionaryPtr dictionary_;
  std::size_t sent_ = 0;
};

}  // namespace railgun::proxy
