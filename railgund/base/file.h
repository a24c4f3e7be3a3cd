// Whole files: read with a bound, replaced at once. The pure folders that read files by their nature (settings in
// config, keys in tls) do it here and nowhere else. Calls block; nobody calls them where requests pass.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "railgund/base/result.h"

namespace railgun {

// Reads a file of at most `most_bytes`. A pipe is read, too (`--config <(…)`), and waited for while its writer is
// silent for at most five seconds. Errors, each with the path: kNotFound; kDenied; kInvalid (a folder); kTooLarge;
// kTimeout (a silent pipe); kUnavailable (the disk, or too many open files).
Result<std::string> read_file(const std::string& path, std::size_t most_bytes);

// The same, but of a longer file it gives the first `most_bytes`: for logs, and for files of /proc, which have no
// length.
Result<std::string> read_start_of_file(const std::string& path, std::size_t most_bytes);

// The names in a folder, in alphabetical order, without those that start with a dot: at most `most`.
// Errors, each with the path: kNotFound; kDenied; kInvalid (no folder); kTooLarge; kUnavailable.
Result<std::vector<std::string>> list_folder(const std::string& path, std::size_t most);

// Replaces a file as a whole or not at all: writes PATH.new beside it, forces that to the disk and renames it. Only
// the file's owner may read the new one (mode 0600). On an error the old file is still there.
// Errors, each with the path and what to do: kNotFound (no such folder); kDenied; kUnavailable (disk full,
// read-only or broken).
Result<void> replace_file(const std::string& path, std::string_view content);
// The same for content that is too large to hold at once: calls `next` for piece after piece, until one is empty. A piece
// is used before the next call.
Result<void> replace_file(const std::string& path, const std::function<std::string_view()>& next);

}  // namespace railgun
