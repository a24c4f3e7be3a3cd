#include "railgund/app/reference_key.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>

#include <fcntl.h>
#include <openssl/rand.h>
#include <unistd.h>

#include "railgund/base/check.h"
#include "railgund/base/hash.h"
#include "railgund/net/descriptor.h"

namespace railgun::app {
namespace {

constexpr std::size_t kKeyBytes = 32;

std::optional<Bytes> from_hex(const std::string& text) {
  if (text.size() != 2 * kKeyBytes || text.find_first_not_of("0123456789abcdef") != std::string::npos)
    return std::nullopt;
  Bytes key;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    key.push_back(static_cast<std::uint8_t>(std::stoul(text.substr(i, 2), nullptr, 16)));
  }
  return key;
}

// Written under another name first, so that nobody ever reads half of it; readable by us alone.
bool write_new(const std::string& path, const std::string& text) {
  const std::string temporary = path + ".new";
  const net::Descriptor file(open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  return file && write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
         fsync(file.get()) == 0 && rename(temporary.c_str(), path.c_str()) == 0;
}

}  // namespace

Result<ReferenceKey> load_reference_key(const config::Config& config) {
  const bool named = !config.reference_secret_file.empty();
  const std::string path = named ? config.reference_secret_file : config.state_directory + "/reference.secret";
  if (std::ifstream file(path); file) {
    std::string text;
    file >> text;
    if (auto key = from_hex(text)) return ReferenceKey{std::move(*key), {}};
    return fail(Errc::kInvalid, path + ": expected 64 hex digits (remove the file to have a new one made)");
  }
  Bytes key(kKeyBytes);
  RAILGUN_CHECK(RAND_bytes(key.data(), static_cast<int>(key.size())) == 1);
  if ((named || !config.state_directory.empty()) && write_new(path, to_hex(key) + "\n"))
    return ReferenceKey{std::move(key), {}};
  const std::string why =
      named || !config.state_directory.empty() ? std::strerror(errno) : "state.directory is not set";
  if (named) return fail(Errc::kUnavailable, path + ": cannot be read or made: " + why);
  return ReferenceKey{std::move(key),
                      "page versions in memcached will not be found after a restart: " + path + ": " + why};
}

}  // namespace railgun::app
