// Writes a .tar.gz. A file that exists is never overwritten; one that could not be finished is removed.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "railgund/base/result.h"

namespace railgun::ctl {

class Archive {
 public:
  // Readable by the caller alone. Errors: kInvalid if `path` exists, kDenied, kUnavailable (disk, folder).
  static Result<Archive> create(const std::string& path);
  Archive(Archive&&) noexcept;
  Archive& operator=(Archive&&) noexcept;
  ~Archive();

  Result<void> add(const std::string& name, std::string_view content);
  // Ends the archive; without it the file is removed.
  Result<void> finish();

 private:
  struct State;
  explicit Archive(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace railgun::ctl
