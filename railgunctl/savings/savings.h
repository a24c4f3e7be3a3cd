// What Railgun would save on a folder of page versions, measured against zlib and zstd in one run.
#pragma once

#include <array>
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "railgund/base/bytes.h"
#include "railgund/base/result.h"

namespace railgun::ctl {

// kDcz: as a sender codes a page for a browser that has the version before (RFC 9842). kZstd3: for one that has none.
enum class Method : std::size_t {
  kGzip6,
  kZstd19,
  kZstd1Prefix,
  kZstd3Prefix,
  kZstd19Prefix,
  kFast,
  kStrong,
  kAuto,
  kZstd3,
  kDcz
};
inline constexpr std::size_t kMethods = 10;
// As in the JSON: "gzip6", "zstd19_prefix", …
const char* name_of(Method method);

struct Coding {
  std::size_t bytes = 0;
  // Thread CPU time of one call, median.
  double encode_seconds = 0;
  double decode_seconds = 0;
};

// One version and the version before it.
struct SavingsPair {
  std::size_t page_bytes = 0;
  std::array<Coding, kMethods> codings{};

  const Coding& by(Method method) const { return codings[static_cast<std::size_t>(method)]; }
};

struct SavingsResource {
  std::string name;
  std::size_t versions = 0;
  std::vector<SavingsPair> pairs;
};

struct SavingsOptions {
  // Of a resource's pairs that differ so many are measured, spread evenly.
  std::size_t pairs = 10;
  // Without, only sizes.
  bool speeds = true;
};

// Every output is decoded and compared. The reference's state is prepared before the clock runs, as the daemon does.
// Errors: kInvalid if a coding does not give its page back.
Result<SavingsPair> measure_pair(const Bytes& before, const Bytes& page, const SavingsOptions& options);

// `folder` holds RESOURCE/VERSION files; versions follow each other by name. Errors: kNotFound if there is no pair of
// versions, and those of measure_pair.
Result<std::vector<SavingsResource>> measure_savings(const std::filesystem::path& folder,
                                                     const SavingsOptions& options);

std::string savings_text(const std::vector<SavingsResource>& resources);
std::string savings_json(const std::vector<SavingsResource>& resources);

}  // namespace railgun::ctl
