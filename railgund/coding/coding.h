// The content codings that a visitor may get a page in (RFC 9110 8.4.1; br: RFC 7932; zstd: RFC 8878, RFC 9659; dcz:
// RFC 9842, zstd against a dictionary that the visitor's browser holds).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace railgun::coding {

enum class Coding : std::uint8_t { kIdentity, kGzip, kBrotli, kZstd, kDcz };
inline constexpr std::array kCodings = {Coding::kIdentity, Coding::kGzip, Coding::kBrotli, Coding::kZstd, Coding::kDcz};

// As in Content-Encoding: "identity", "gzip", "br", "zstd", "dcz".
std::string_view name_of(Coding coding);
// Without regard to case; x-gzip is gzip (RFC 9110 8.4.1.3).
std::optional<Coding> coding_of(std::string_view name);

}  // namespace railgun::coding
