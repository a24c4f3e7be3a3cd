#include "railgund/activation/state_file.h"

#include "railgund/base/file.h"

namespace railgun::activation {
namespace {

constexpr std::size_t kMaxBytes = 4 << 20;

}  // namespace

Result<void> write_state_file(const std::string& path, std::string_view content) {
  auto written = replace_file(path, content);
  if (written) return written;
  Error& error = written.error();
  if (error.code == Errc::kNotFound) return fail(Errc::kUnavailable, error.text + "; make it, or set state.directory");
  if (error.code == Errc::kDenied) error.text += "; state.directory must belong to the user that railgund runs as";
  return written;
}

Result<std::string> read_state_file(const std::string& path) { return read_file(path, kMaxBytes); }

}  // namespace railgun::activation
