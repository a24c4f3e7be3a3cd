// The files of ACME challenges (setting acme.directory).
#pragma once

#include <optional>
#include <string>

#include "railgund/base/bytes.h"

namespace railgun::app {

// The content of FOLDER/TOKEN, else of FOLDER/.well-known/acme-challenge/TOKEN, where clients of ACME put it that are given a
// web server's root. Null: there is no such file, or it is a link, no plain file, or larger than 4 KiB. `token`: no path.
// Reads a small file that has just been written, so it does not wait for a disk.
std::optional<Bytes> read_challenge(const std::string& folder, const std::string& token);

}  // namespace railgun::app
