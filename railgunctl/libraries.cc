#include "railgunctl/libraries.h"

#include <CLI/Version.hpp>
#include <archive.h>
#include <nlohmann/json.hpp>
#include <xxhash.h>
#include <zlib.h>
#include <zstd.h>
#ifdef RAILGUN_PORTABLE
#include <mimalloc.h>
#endif

namespace railgun::ctl {
namespace {

// Of the static build: musl's own is slow (tests/packaging/toolchain.sh).
std::string allocator() {
#ifdef RAILGUN_PORTABLE
  const int version = mi_version();
  return ", mimalloc " + std::to_string(version / 100) + "." + std::to_string(version / 10 % 10) + "." +
         std::to_string(version % 10);
#else
  return {};
#endif
}

std::string dotted(unsigned major, unsigned minor, unsigned patch) {
  return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(patch);
}

}  // namespace

std::string library_versions() {
  const unsigned xxhash = XXH_versionNumber();
  // archive_version_string() is "libarchive 3.6.2".
  return std::string(archive_version_string()) + ", zlib " + zlibVersion() + ", zstd " + ZSTD_versionString() +
         ", xxHash " + dotted(xxhash / 10'000, xxhash / 100 % 100, xxhash % 100) + ", nlohmann-json " +
         dotted(NLOHMANN_JSON_VERSION_MAJOR, NLOHMANN_JSON_VERSION_MINOR, NLOHMANN_JSON_VERSION_PATCH) + ", CLI11 " +
         CLI11_VERSION + allocator() + "; compiler " + __VERSION__;
}

}  // namespace railgun::ctl
