// Collects versions of live pages into a folder as `railgunctl savings` reads them: PAGE/0001, 0002, …
#pragma once

#include <filesystem>
#include <string>

#include "railgund/base/result.h"
#include "railgund/base/time.h"
#include "railgund/http/target.h"

namespace railgun::ctl {

// A file name for a page: its host and path, with what file names should not hold as '-'; at most 100 characters.
std::string page_name(const http::Target& target);

class Recorder {
 public:
  // `url`: http:// or https://. `folder`: made if missing; numbers go on behind those that are there.
  // Errors: kInvalid for another URL, kUnavailable if the folder cannot be made.
  static Result<Recorder> open(const std::string& url, const std::filesystem::path& folder);

  // Fetches the page once and writes it. Errors: as fetch(); kDenied for an answer other than 200, saying where it
  // leads if it leads on; kUnavailable if the file cannot be written.
  struct Recorded {
    std::filesystem::path file;
    std::size_t bytes = 0;
  };
  Result<Recorded> record(Duration timeout);

 private:
  http::Target target_;
  std::filesystem::path folder_;
  unsigned last_ = 0;
};

}  // namespace railgun::ctl
