// Which page: what two requests must share for one's answer to be a useful reference for the other's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "railgund/base/field.h"
#include "railgund/base/hash.h"

namespace railgun::page {

// Names of cookies and fields whose values keep visitors apart: their values become part of every key, so that pages
// of different values never serve each other as references.
struct Isolation {
  std::vector<std::string> cookies;
  std::vector<std::string> fields;
  bool authorization = false;
};

// The keys of one request, from the nearest kin to the farthest. All are hashes: nothing of the visitor can be read
// from them. The isolation's values are in all three.
struct PageKeys {
  Id128 exact;    // scheme, host, path and query, and the class of the cookies (which names are there)
  Id128 address;  // scheme, host, path and query
  Id128 sibling;  // scheme, host and the path with its last segment, its numbers and its query removed: one template
};

PageKeys page_keys(bool secure, std::string_view host, std::string_view target, const Fields& request_fields,
                   const Isolation& isolation);

}  // namespace railgun::page
