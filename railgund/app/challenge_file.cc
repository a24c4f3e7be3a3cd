#include "railgund/app/challenge_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "railgund/net/descriptor.h"

namespace railgun::app {
namespace {

constexpr std::size_t kMostBytes = 4096;  // a token and the thumbprint of a key are 100

std::optional<Bytes> read_plain_file(const std::string& path) {
  const net::Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat status{};
  if (!file || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  Bytes content(kMostBytes + 1);
  const ssize_t count = ::read(file.get(), content.data(), content.size());
  if (count < 0 || static_cast<std::size_t>(count) > kMostBytes) return std::nullopt;
  content.resize(static_cast<std::size_t>(count));
  return content;
}

}  // namespace

std::optional<Bytes> read_challenge(const std::string& folder, const std::string& token) {
  auto content = read_plain_file(folder + "/" + token);
  return content ? content : read_plain_file(folder + "/.well-known/acme-challenge/" + token);
}

}  // namespace railgun::app
