#include "railgund/proxy/compression.h"

#include <algorithm>
#include <utility>

#include "railgund/base/text.h"

namespace railgun::proxy {
namespace {

using coding::Coding;

coding::Policy policy_of(const config::Config& config) {
  coding::Policy policy{.preference = {}, .min_bytes = config.compress_min_bytes, .types = {}};
  for (const std::string& word : config.compress) {
    if (const auto named = coding::coding_of(word)) policy.preference.push_back(*named);
  }
  for (const std::string& type : config.compress_types) policy.types.push_back(lower_ascii(type));
  return policy;
}

coding::Levels levels_of(const config::Config& config) {
  return {.gzip = config.compress_gzip_level, .br = config.compress_br_level, .zstd = config.compress_zstd_level};
}

}  // namespace

Compression::Compression(const config::Config& config, ByteView key)
    : policy_(policy_of(config)), workshop_(levels_of(config), config.compress_memory_bytes, key) {}

void Compression::configure(const config::Config& config) {
  policy_ = policy_of(config);
  workshop_.set(levels_of(config), config.compress_memory_bytes);
}

std::optional<coding::Encoder> Compression::begin(const http::Request& request, bool restored_tags,
                                                  KnownDictionary known, http::Response& response) {
  if (response.status == 304) {
    coding::apply_to_not_modified(policy_, restored_tags, response);
    return std::nullopt;
  }
  coding::Decision decision = coding::decide(policy_, request, response);
  if (decision.varies && known.dictionary != nullptr) decision.coding = Coding::kDcz;
  if (decision.coding != Coding::kIdentity) {
    const bool has_gzip = std::ranges::count(policy_.preference, Coding::kGzip) > 0;
    const bool takes_gzip = has_gzip && coding::read_accept_encoding(request.fields).of(Coding::kGzip) > 0;
    decision.coding = workshop_.available(decision.coding, takes_gzip);
  }
  if (decision.coding != Coding::kIdentity) tags_.add(request.host, field_value(response.fields, "etag"));
  coding::apply(decision, response);
  if (decision.varies && known.varies) coding::add_to_vary(response.fields, "Available-Dictionary");
  if (decision.coding == Coding::kIdentity || request.method == "HEAD") return std::nullopt;
  return coding::Encoder(decision.coding, workshop_,
                         decision.coding == Coding::kDcz ? std::move(known.dictionary) : nullptr);
}

}  // namespace railgun::proxy
