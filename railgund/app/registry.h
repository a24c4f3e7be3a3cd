// The sender's book of railguns: who may activate, who has, and who is out (state.directory/registry.json).
// Every change is on the disk before it counts. Tokens are kept as hashes only.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "railgund/base/bytes.h"
#include "railgund/base/result.h"
#include "railgund/base/time.h"
#include "railgund/config/config.h"
#include "railgund/control/status.h"

namespace railgun::app {

inline constexpr const char* kRegistryFile = "registry.json";

struct RegistryEntry {
  control::Railgun railgun;
  std::string secret_hash{};  // SHA-256, hex
};

class Registry {
 public:
  static constexpr std::size_t kMaxEntries = 1000;
  static constexpr std::size_t kMaxCertificates = 1000;  // of one railgun; the oldest are forgotten

  // A file that is not there: an empty book. Errors: of reading, or kMalformed.
  static Result<Registry> load(std::string path);

  // `secret`: of the token to be handed out. Errors: kInvalid (the name is taken), kUnavailable (full, disk).
  Result<control::Railgun> create(const std::string& name, const std::vector<std::string>& hosts, std::uint32_t uses,
                                  WallTime expires, ByteView secret, WallTime now);
  // Errors: kNotFound; those of the disk.
  Result<control::Railgun> show(const std::string& name) const;
  Result<control::Railgun> set_enabled(const std::string& name, bool enabled);
  // Its certificates and tokens are worthless from now on. Its name may be used again.
  Result<control::Railgun> remove(const std::string& name);
  control::Railguns list() const;

  // Whose token this is. Errors: kDenied, each reason said apart: unknown, used up, expired, disabled, deleted.
  Result<control::Railgun> check_token(ByteView secret, WallTime now) const;
  // Takes one use and notes the certificate. `address`: host:port, or empty for one that dials out itself.
  Result<void> activated(const std::string& name, const std::string& address, const std::string& serial, WallTime now);
  // Whose certificate this is. Errors: kDenied.
  Result<control::Railgun> check_certificate(const std::string& serial) const;
  Result<void> renewed(const std::string& name, const std::string& serial);

  // Certificates that are out: of deleted and of disabled railguns.
  std::set<std::string> refused_serials() const;
  // The hosts of all railguns that may serve, with where to dial them.
  std::vector<config::Site> sites() const;

 private:
  explicit Registry(std::string path) : path_(std::move(path)) {}
  const RegistryEntry* find(const std::string& name) const;
  template <typename Change>
  Result<control::Railgun> change(const std::string& name, Change change);
  Result<void> save(std::vector<RegistryEntry> entries);

  std::string path_;
  std::vector<RegistryEntry> entries_;
};

}  // namespace railgun::app
