#include "railgund/app/reference_key.h"

#include <openssl/rand.h>

#include "railgund/base/check.h"
#include "railgund/base/file.h"
#include "railgund/base/text.h"

namespace railgun::app {
namespace {

constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kMaxFileBytes = 1024;

}  // namespace

Result<ReferenceKey> load_reference_key(const config::Config& config) {
  const bool is_named = !config.reference_secret_file.empty();
  const bool has_place = is_named || !config.state_directory.empty();
  const std::string path = is_named ? config.reference_secret_file : config.state_directory + "/reference.secret";
  Error why{Errc::kNotFound, "state.directory is not set"};
  if (has_place) {
    const auto text = read_file(path, kMaxFileBytes);
    if (text) {
      auto key = from_hex(trim(*text));
      if (key && key->size() == kKeyBytes) return ReferenceKey{std::move(*key), {}};
      return fail(Errc::kInvalid, path + ": expected 64 hex digits (remove the file to have a new one made)");
    }
    why = text.error();
  }
  Bytes key(kKeyBytes);
  RAILGUN_CHECK(RAND_bytes(key.data(), static_cast<int>(key.size())) == 1);
  // Only where there is none: a secret that exists and cannot be read is shared with other listeners.
  if (has_place && why.code == Errc::kNotFound) {
    const auto written = replace_file(path, to_hex(key) + "\n");
    if (written) return ReferenceKey{std::move(key), {}};
    why = written.error();
  }
  if (is_named) return fail(why.code, "reference.secret_file: " + why.text);
  return ReferenceKey{std::move(key), "page versions in memcached will not be found after a restart: " + why.text};
}

}  // namespace railgun::app
