// Errors that come from outside: peers, files, networks, people. Our own mistakes are base/check.h.
#pragma once

#include <expected>
#include <string>
#include <utility>

namespace railgun {

// What the caller can do about it.
enum class Errc {
  kMalformed,    // the input breaks its format: give up on this input and on whoever sent it
  kTooLarge,     // the input is over a limit of ours
  kUnsupported,  // well formed, but a version, type or option we do not have
  kNotFound,     // the thing named does not exist here
  kDenied,       // not allowed: certificate, permission, token
  kUnavailable,  // not now: refused, unreachable, closed, full; another try may work
  kTimeout,      // a deadline passed
  kInvalid,      // a person or a program asked for something that makes no sense
};

// `text`: one line for a person that says what to do where that is known, without secrets.
struct Error {
  Errc code;
  std::string text;
};

template <typename T>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(Errc code, std::string text) { return std::unexpected(Error{code, std::move(text)}); }

// "malformed", "timeout", …: for logs and JSON.
const char* name_of(Errc code);

}  // namespace railgun
