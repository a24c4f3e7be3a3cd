// What a sender compresses answers for its visitors with: the settings, the coders, and the entity tags it has changed.
// One for each worker.
#pragma once

#include <optional>

#include "railgund/coding/encoder.h"
#include "railgund/coding/rules.h"
#include "railgund/config/config.h"
#include "railgund/http/message.h"
#include "railgund/proxy/dictionaries.h"

namespace railgun::proxy {

class Compression {
 public:
  // `key`: random (coding/gzip_encoder.h).
  Compression(const config::Config& config, ByteView key);

  // New settings, for answers that begin from here on.
  void configure(const config::Config& config);

  // Gives the origin its own entity tags back. Says whether one was changed: begin() wants to know.
  bool restore_tags(http::Request& request) const { return tags_.restore(request); }

  // False: answers go as they are.
  bool is_on() const { return !policy_.preference.empty(); }

  // Changes the head of a final answer to `request` as it is to reach the visitor. `known`: the dictionary that its
  // browser holds comes before other codings. Gives what codes its body; nothing
  // if the body stays as it is, or if there is none.
  std::optional<coding::Encoder> begin(const http::Request& request, bool restored_tags, KnownDictionary known,
                                       http::Response& response);

 private:
  coding::Policy policy_;
  coding::Workshop workshop_;
  coding::WeakenedTags tags_;
};

}  // namespace railgun::proxy
