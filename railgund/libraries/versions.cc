#include "railgund/libraries/versions.h"

#include <CLI/Version.hpp>
#include <boost/version.hpp>
#include <brotli/encode.h>
#include <event2/event.h>
#include <nghttp2/nghttp2.h>
#include <nlohmann/json.hpp>
#include <openssl/crypto.h>
#include <xxhash.h>
#include <zlib.h>
#include <zstd.h>
#ifdef RAILGUN_PORTABLE
#include <mimalloc.h>
#endif

namespace railgun {
namespace {

std::string dotted(unsigned major, unsigned minor, unsigned patch) {
  return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(patch);
}

// "OpenSSL 3.0.15 3 Sep 2024" without the date.
std::string openssl_version() {
  const std::string text = OpenSSL_version(OPENSSL_VERSION);
  return text.substr(0, text.find(' ', text.find(' ') + 1));
}

// Of the static build: musl's own is slow (tests/packaging/toolchain.sh).
std::string allocator() {
#ifdef RAILGUN_PORTABLE
  const auto version = static_cast<unsigned>(mi_version());
  return ", mimalloc " + dotted(version / 100, version / 10 % 10, version % 10);
#else
  return {};
#endif
}

}  // namespace

std::string library_versions() {
  const unsigned xxhash = XXH_versionNumber();
  const unsigned brotli = BrotliEncoderVersion();
  return openssl_version() + ", libevent " + event_get_version() + ", nghttp2 " + nghttp2_version(0)->version_str +
         ", zlib " + zlibVersion() + ", zstd " + ZSTD_versionString() + ", brotli " +
         dotted(brotli >> 24, brotli >> 12 & 0xfff, brotli & 0xfff) + ", xxHash " +
         dotted(xxhash / 10'000, xxhash / 100 % 100, xxhash % 100) + ", Boost " +
         dotted(BOOST_VERSION / 100'000, BOOST_VERSION / 100 % 1000, BOOST_VERSION % 100) + ", nlohmann-json " +
         dotted(NLOHMANN_JSON_VERSION_MAJOR, NLOHMANN_JSON_VERSION_MINOR, NLOHMANN_JSON_VERSION_PATCH) + ", CLI11 " +
         CLI11_VERSION + allocator() + "; compiler " + __VERSION__;
}

}  // namespace railgun
