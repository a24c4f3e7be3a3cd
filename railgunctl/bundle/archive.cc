#include "railgunctl/bundle/archive.h"

#include <cerrno>
#include <cstring>

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <unistd.h>

#include "railgund/net/clock.h"

namespace railgun::ctl {

struct Archive::State {
  ~State() {
    writer.reset();
    if (fd >= 0) ::close(fd);
    if (!finished) ::unlink(path.c_str());
  }
  std::unexpected<Error> failed() const {
    const char* text = archive_error_string(writer.get());
    return fail(Errc::kUnavailable, path + ": " + (text != nullptr ? text : "cannot be written"));
  }

  std::string path{};
  int fd = -1;
  bool finished = false;
  std::unique_ptr<archive, decltype([](archive* a) { archive_write_free(a); })> writer{};
};

Archive::Archive(std::unique_ptr<State> state) : state_(std::move(state)) {}
Archive::Archive(Archive&&) noexcept = default;
Archive& Archive::operator=(Archive&&) noexcept = default;
Archive::~Archive() = default;

Result<Archive> Archive::create(const std::string& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) {
    const Errc code = errno == EEXIST                                       ? Errc::kInvalid
                      : errno == EACCES || errno == EPERM || errno == EROFS ? Errc::kDenied
                                                                            : Errc::kUnavailable;
    return fail(code, path + ": " + std::strerror(errno));
  }
  auto state = std::make_unique<State>();
  state->path = path;
  state->fd = fd;
  state->writer.reset(archive_write_new());
  if (!state->writer || archive_write_add_filter_gzip(state->writer.get()) != ARCHIVE_OK ||
      archive_write_set_format_pax_restricted(state->writer.get()) != ARCHIVE_OK ||
      archive_write_open_fd(state->writer.get(), fd) != ARCHIVE_OK) {
    return state->failed();
  }
  return Archive(std::move(state));
}

Result<void> Archive::add(const std::string& name, std::string_view content) {
  const std::unique_ptr<archive_entry, decltype([](archive_entry* e) { archive_entry_free(e); })> entry(
      archive_entry_new());
  archive_entry_set_pathname(entry.get(), name.c_str());
  archive_entry_set_size(entry.get(), static_cast<la_int64_t>(content.size()));
  archive_entry_set_filetype(entry.get(), AE_IFREG);
  archive_entry_set_perm(entry.get(), 0600);
  archive_entry_set_mtime(entry.get(), net::wall_now().time_since_epoch().count(), 0);
  if (archive_write_header(state_->writer.get(), entry.get()) != ARCHIVE_OK) return state_->failed();
  const la_ssize_t written = archive_write_data(state_->writer.get(), content.data(), content.size());
  if (written < 0 || static_cast<std::size_t>(written) != content.size()) return state_->failed();
  return {};
}

Result<void> Archive::finish() {
  if (archive_write_close(state_->writer.get()) != ARCHIVE_OK) return state_->failed();
  if (::fsync(state_->fd) != 0 && errno != EINVAL)
    return fail(Errc::kUnavailable, state_->path + ": " + std::strerror(errno));
  state_->finished = true;
  return {};
}

}  // namespace railgun::ctl
