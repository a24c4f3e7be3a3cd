#include "railgund/coding/coding.h"

#include "railgund/base/text.h"

namespace railgun::coding {

std::string_view name_of(Coding coding) {
  switch (coding) {
    case Coding::kGzip:
      return "gzip";
    case Coding::kBrotli:
      return "br";
    case Coding::kZstd:
      return "zstd";
    case Coding::kDcz:
      return "dcz";
    case Coding::kIdentity:
      break;
  }
  return "identity";
}

std::optional<Coding> coding_of(std::string_view name) {
  for (const Coding coding : kCodings) {
    if (same_name(name, name_of(coding))) return coding;
  }
  if (same_name(name, "x-gzip")) return Coding::kGzip;
  return std::nullopt;
}

}  // namespace railgun::coding
