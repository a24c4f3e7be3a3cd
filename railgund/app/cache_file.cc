#include "railgund/app/cache_file.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "railgund/base/file.h"
#include "railgund/net/clock.h"
#include "railgund/page/snapshot.h"

namespace railgun::app {

std::string cache_file(const std::string& directory) { return directory + "/versions"; }

Result<SavedCache> save_cache(const page::Cache& cache, const std::string& directory, std::size_t limit_bytes,
                              Duration timeout) {
  const Instant deadline = net::steady_now() + timeout;
  page::SnapshotSource source(cache, false);
  SavedCache saved;
  Bytes piece = page::snapshot_head();
  bool is_complete = false;
  const auto next = [&]() -> std::string_view {
    if (saved.bytes > 0 && !is_complete) {
      const auto kept = source.next();
      is_complete = !kept || saved.bytes >= limit_bytes || net::steady_now() >= deadline;
      piece = is_complete ? page::encode_record(page::SnapshotKind::kComplete, {})
                          : page::encode_record(*kept, page::PageForm::kZstd);
      saved.versions += is_complete ? 0 : 1;
    } else if (is_complete) {
      piece.clear();
    }
    saved.bytes += piece.size();
    return as_text(piece);
  };
  if (auto replaced = replace_file(cache_file(directory), next); !replaced) return std::unexpected(replaced.error());
  return saved;
}

Result<Descriptor> open_cache_file(const std::string& directory) {
  const std::string path = cache_file(directory);
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!file && errno == ENOENT) return fail(Errc::kNotFound, path + ": no such file");
  if (!file) return fail(Errc::kDenied, path + ": cannot be read: " + std::strerror(errno));
  struct stat facts{};
  if (::fstat(file.get(), &facts) != 0 || !S_ISREG(facts.st_mode) || facts.st_uid != ::geteuid() ||
      (facts.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return fail(Errc::kDenied, path + ": is not a file that the daemon's user alone can write; it is left unread");
  return file;
}

}  // namespace railgun::app
