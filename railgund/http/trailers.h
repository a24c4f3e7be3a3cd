// Trailer fields: what may follow a body (RFC 9110 6.5).
#pragma once

#include <cstddef>
#include <string_view>

#include "railgund/base/field.h"

namespace railgun::http {

// Of all trailer fields of one message, as they are written in HTTP/1.1. As much as gRPC allows for its metadata.
inline constexpr std::size_t kMostTrailerBytes = 8 * 1024;
inline constexpr std::size_t kMostTrailerFields = 64;

// False for fields that a trailer must not hold (RFC 9110 6.5.1): those of framing, routing, authentication, request
// modifiers, response control and the body's format. A program that merged one of them with the head would read another
// message than everybody before it.
bool may_be_trailer(std::string_view name);

// Removes the fields that must not be trailers or that cannot be written, and what is over kMostTrailerFields.
void keep_trailers(Fields& fields);

// Whether a TE field has "trailers" (RFC 9110 10.1.4).
bool accepts_trailers(const Fields& fields);

}  // namespace railgun::http
