// What the strict policy says to a message it does not let through.
#pragma once

#include <expected>
#include <string>
#include <utility>

namespace railgun::http {

// `status` answers a client; for an origin's answer it is 502 whatever the reason. `text` is one line for a person and
// quotes nothing of the message.
struct Refusal {
  unsigned status = 400;
  std::string text;
};

template <typename T>
using Judged = std::expected<T, Refusal>;

inline std::unexpected<Refusal> refuse(unsigned status, std::string text) {
  return std::unexpected(Refusal{status, std::move(text)});
}

}  // namespace railgun::http
