#include "railgund/activation/state_file.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "railgund/net/descriptor.h"

namespace railgun::activation {
namespace {

constexpr std::size_t kMaxBytes = 4 << 20;

// What to do about it.
const char* advice(int error) {
  switch (error) {
    case ENOSPC:
    case EDQUOT:
      return "; make room on that disk, then try again";
    case EROFS:
      return "; state.directory must be on a disk that can be written";
    case EACCES:
    case EPERM:
      return "; state.directory must belong to the user that railgund runs as";
    default:
      return "";
  }
}

std::unexpected<Error> failed(const std::string& path, int error) {
  const Errc code = error == ENOENT                                       ? Errc::kNotFound
                    : error == EACCES || error == EPERM || error == EROFS ? Errc::kDenied
                                                                          : Errc::kUnavailable;
  return fail(code, path + ": " + std::strerror(error) + advice(error));
}

// Writes all and forces it to the disk. Gives errno, or 0.
int write_all(int fd, std::string_view content) {
  while (!content.empty()) {
    const ssize_t count = ::write(fd, content.data(), content.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno;
    content.remove_prefix(static_cast<std::size_t>(count));
  }
  return ::fsync(fd) == 0 ? 0 : errno;
}

}  // namespace

Result<void> write_state_file(const std::string& path, std::string_view content) {
  const std::string beside = path + ".new";
  ::unlink(beside.c_str());  // what a crash may have left
  const net::Descriptor file(::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file && errno == ENOENT)
    return fail(Errc::kUnavailable, path + ": its folder does not exist; make it, or set state.directory");
  if (!file) return failed(path, errno);
  int error = write_all(file.get(), content);
  if (error == 0 && ::rename(beside.c_str(), path.c_str()) != 0) error = errno;
  if (error != 0) {
    ::unlink(beside.c_str());
    return failed(path, error);
  }
  const net::Descriptor folder(::open(path.substr(0, path.rfind('/') + 1).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder) ::fsync(folder.get());  // else a power cut could bring the old name back
  return {};
}

Result<std::string> read_state_file(const std::string& path) {
  const net::Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file) return failed(path, errno);
  std::string text;
  char buffer[16 * 1024];
  while (true) {
    const ssize_t count = ::read(file.get(), buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failed(path, errno);
    if (count == 0) return text;
    text.append(buffer, static_cast<std::size_t>(count));
    if (text.size() > kMaxBytes) return fail(Errc::kTooLarge, path + ": longer than 4 MB");
  }
}

}  // namespace railgun::activation
