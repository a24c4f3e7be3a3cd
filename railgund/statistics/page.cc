#include "railgund/statistics/page.h"

#include <cstddef>

#include "railgund/base/check.h"
#include "railgund/tls/base64.h"
#include "railgund/tls/digest.h"

namespace railgun::statistics {

// Made by the build (railgund/embed.cmake).
extern const unsigned char kPageBytes[];
extern const std::size_t kPageSize;

namespace {

std::string_view between(std::string_view text, std::string_view begin, std::string_view end) {
  const std::size_t from = text.find(begin);
  RAILGUN_CHECK(from != std::string_view::npos);
  const std::size_t to = text.find(end, from);
  RAILGUN_CHECK(to != std::string_view::npos);
  return text.substr(from + begin.size(), to - from - begin.size());
}

// As a policy names it: 'sha256-…' (https://www.w3.org/TR/CSP3/#grammardef-hash-source).
std::string hash_source(std::string_view text) {
  return "'sha256-" + tls::to_base64(tls::sha256(as_bytes(text))) + "'";
}

}  // namespace

std::string_view page() { return {reinterpret_cast<const char*>(kPageBytes), kPageSize}; }

const std::string& page_policy() {
  static const std::string policy = "default-src 'none'; script-src " +
                                    hash_source(between(page(), "<script>", "</script>")) + "; style-src " +
                                    hash_source(between(page(), "<style>", "</style>")) +
                                    "; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
                                    "frame-ancestors 'none'";
  return policy;
}

}  // namespace railgun::statistics
