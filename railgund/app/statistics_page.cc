#include "railgund/app/statistics_page.h"

#include <array>
#include <cstddef>

#include <openssl/evp.h>

#include "railgund/base/check.h"
#include "railgund/tls/base64.h"

namespace railgun::app {

// Made by the build (railgund/embed.cmake).
extern const unsigned char kStatisticsPageBytes[];
extern const std::size_t kStatisticsPageSize;

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
  std::array<unsigned char, 32> digest{};
  RAILGUN_CHECK(EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha256(), nullptr) == 1);
  return "'sha256-" + tls::to_base64(digest) + "'";
}

}  // namespace

std::string_view statistics_page() {
  return {reinterpret_cast<const char*>(kStatisticsPageBytes), kStatisticsPageSize};
}

const std::string& statistics_page_policy() {
  static const std::string policy = "default-src 'none'; script-src " +
                                    hash_source(between(statistics_page(), "<script>", "</script>")) + "; style-src " +
                                    hash_source(between(statistics_page(), "<style>", "</style>")) +
                                    "; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
                                    "frame-ancestors 'none'";
  return policy;
}

}  // namespace railgun::app
