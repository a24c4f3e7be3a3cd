#include "railgund/base/file.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "railgund/base/descriptor.h"

namespace railgun {
namespace {

constexpr int kPipeTimeoutMilliseconds = 5000;

Errc code_of(int error) {
  if (error == ENOENT || error == ENOTDIR) return Errc::kNotFound;
  return error == EACCES || error == EPERM ? Errc::kDenied : Errc::kUnavailable;
}

std::unexpected<Error> cannot_read(const std::string& path, int error) {
  if (error == ENOENT) return fail(Errc::kNotFound, path + ": no such file");
  if (error == EISDIR) return fail(Errc::kInvalid, path + ": is a folder, not a file");
  const char* const advice = code_of(error) == Errc::kDenied ? "; check its owner and mode" : "";
  return fail(code_of(error), path + ": cannot be read: " + std::strerror(error) + advice);
}

std::unexpected<Error> cannot_write(const std::string& path, int error) {
  const char* advice = "";
  if (error == ENOSPC || error == EDQUOT) advice = "; make room on that disk, then try again";
  if (error == EROFS) advice = "; its folder must be on a disk that can be written";
  if (error == EACCES || error == EPERM) advice = "; check the owner and the mode of its folder";
  return fail(code_of(error), path + ": " + std::strerror(error) + advice);
}

struct CloseFolder {
  void operator()(DIR* folder) const noexcept { ::closedir(folder); }
};

// False if the writer of the pipe said nothing in time.
bool wait_for_writer(int pipe) {
  pollfd readable{.fd = pipe, .events = POLLIN, .revents = 0};
  return ::poll(&readable, 1, kPipeTimeoutMilliseconds) != 0;
}

Result<void> write_all(int file, std::string_view content, const std::string& path) {
  while (!content.empty()) {
    const ssize_t count = ::write(file, content.data(), content.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return cannot_write(path, errno);
    content.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

// Without this a power cut could bring the old name back.
void sync_folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const Descriptor descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  // The file itself is whole by now: nothing better can be done about an error.
  if (descriptor) (void)::fsync(descriptor.get());
}

}  // namespace

Result<std::string> read_start_of_file(const std::string& path, std::size_t most_bytes) {
  // O_NONBLOCK: opening a pipe that nobody writes to does not wait.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!file) return cannot_read(path, errno);
  std::string text;
  char buffer[64 * 1024];
  while (text.size() < most_bytes) {
    const ssize_t count = ::read(file.get(), buffer, std::min(sizeof buffer, most_bytes - text.size()));
    if (count == 0) break;
    if (count > 0) {
      text.append(buffer, static_cast<std::size_t>(count));
    } else if (errno == EAGAIN) {
      if (!wait_for_writer(file.get())) return fail(Errc::kTimeout, path + ": a pipe that nothing comes from");
    } else if (errno != EINTR) {
      return cannot_read(path, errno);
    }
  }
  return text;
}

Result<std::string> read_file(const std::string& path, std::size_t most_bytes) {
  auto text = read_start_of_file(path, most_bytes + 1);
  if (text && text->size() > most_bytes) {
    return fail(Errc::kTooLarge, path + ": over " + std::to_string(most_bytes) + " bytes, the limit for such a file");
  }
  return text;
}

Result<std::vector<std::string>> list_folder(const std::string& path, std::size_t most) {
  const std::unique_ptr<DIR, CloseFolder> folder(::opendir(path.c_str()));
  if (folder == nullptr && errno == ENOTDIR) return fail(Errc::kInvalid, path + ": is not a folder");
  if (folder == nullptr && errno == ENOENT) return fail(Errc::kNotFound, path + ": no such folder");
  if (folder == nullptr) return cannot_read(path, errno);
  std::vector<std::string> names;
  for (;;) {
    errno = 0;
    const dirent* const entry = ::readdir(folder.get());
    if (entry == nullptr && errno != 0) return cannot_read(path, errno);
    if (entry == nullptr) break;
    if (entry->d_name[0] == '.') continue;
    if (names.size() >= most)
      return fail(Errc::kTooLarge, path + ": holds more than " + std::to_string(most) + " files and folders");
    names.emplace_back(entry->d_name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

Result<void> replace_file(const std::string& path, std::string_view content) {
  return replace_file(path, [&content] { return std::exchange(content, {}); });
}

Result<void> replace_file(const std::string& path, const std::function<std::string_view()>& next) {
  const std::string beside = path + ".new";
  ::unlink(beside.c_str());  // what a crash may have left
  const Descriptor file(::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file && errno == ENOENT) return fail(Errc::kNotFound, path + ": its folder does not exist");
  if (!file) return cannot_write(path, errno);
  Result<void> done;
  for (std::string_view piece = next(); done && !piece.empty(); piece = next())
    done = write_all(file.get(), piece, path);
  if (done && ::fsync(file.get()) != 0) done = cannot_write(path, errno);
  if (done && ::rename(beside.c_str(), path.c_str()) != 0) done = cannot_write(path, errno);
  if (!done) {
    ::unlink(beside.c_str());
    return done;
  }
  sync_folder_of(path);
  return {};
}

}  // namespace railgun
