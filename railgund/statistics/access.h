// Who may ask the statistics endpoint, and for what. Pure.
#pragma once

#include <cstdint>
#include <expected>
#include <string>

#include "railgund/base/field.h"
#include "railgund/http/message.h"

namespace railgun::statistics {

enum class Resource : std::uint8_t { kPage, kStatistics, kMetrics, kHistory };

struct Refusal {
  unsigned status;
  std::string line;
  Fields fields{};
};

// `is_local`: the client is on this machine; it needs no token, but must have come here on purpose: a page of another
// site that had its name point to this machine (DNS rebinding) gets nothing. Others name `token`, as Bearer or as the
// password of Basic; while it is empty nobody else may ask.
// At / a browser gets the page and everyone else the original's JSON.
std::expected<Resource, Refusal> judge_request(const http::Request& request, bool is_local, const std::string& token);

}  // namespace railgun::statistics
