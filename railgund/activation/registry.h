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

namespace railgun::activation {

inline constexpr const char* kRegistryFile = "registry.json";

struct IssuedCertificate {
  std::string serial{};
  std::string listener{};  // the serial of its first certificate: renewals are of the same listener
  std::string address{};   // where that listener is dialled; empty: it dials in
  std::int64_t until = 0;  // seconds since 1970
  bool is_out = false;     // its listener has deactivated it
};

struct RegistryEntry {
  control::Railgun railgun;   // its addresses and serials are those of the certificates that are not out
  std::string secret_hash{};  // SHA-256, hex
  std::vector<IssuedCertificate> certificates{};
};

class Registry {
 public:
  static constexpr std::size_t kMaxEntries = 1000;
  static constexpr std::size_t kMaxCertificates =
      1000;  // of one railgun; those that were renewed and have ended are forgotten

  // A file that is not there: an empty book. Errors: of reading, or kMalformed.
  static Result<Registry> load(std::string path);

  // `secret`: of the token to be handed out. Errors: kInvalid (the name is taken), kUnavailable (full, disk).
  Result<control::Railgun> create(const std::string& name, const std::vector<std::string>& hosts, std::uint32_t uses,
                                  WallTime expires, ByteView secret, WallTime now);
  // Also one that is over (D), while nothing else has its name. Errors: kNotFound.
  Result<control::Railgun> show(const std::string& name) const;
  // Errors: kNotFound; those of the disk.
  Result<control::Railgun> set_enabled(const std::string& name, bool enabled);
  // Its certificates and tokens are worthless from now on. Its name may be used again.
  Result<control::Railgun> remove(const std::string& name);
  control::Railguns list() const;

  // Whose token this is. Errors: kDenied, each reason said apart: unknown, used up, expired, disabled, deleted.
  Result<control::Railgun> check_token(ByteView secret, WallTime now) const;
  // Takes one use and notes the certificate. `address`: host:port, or empty for one that dials out itself. `until`:
  // when the certificate ends. Errors: kUnavailable (too many certificates; the disk).
  Result<void> activated(const std::string& name, const std::string& address, const std::string& serial, WallTime until,
                         WallTime now);
  // Whose certificate this is. Errors: kDenied, each reason said apart.
  Result<control::Railgun> check_certificate(const std::string& serial) const;
  // `old`: the certificate that check_certificate() has found. Errors: as activated().
  Result<void> renewed(const std::string& name, const std::string& old, const std::string& serial, WallTime until,
                       WallTime now);
  // All certificates of the listener that holds this one are out, and it is dialled no more. A railgun without
  // listeners is over (D), unless others may still use its token (INI). Errors: kDenied; those of the disk.
  Result<control::Railgun> deactivated(const std::string& serial, WallTime now);

  // Certificates that are out: of deleted and disabled railguns, and of listeners that have given up.
  std::set<std::string> refused_serials() const;
  // The hosts of all railguns that may serve, with where to dial them.
  std::vector<config::Site> sites() const;

 private:
  explicit Registry(std::string path) : path_(std::move(path)) {}
  const RegistryEntry* find(const std::string& name) const;
  const RegistryEntry* holder(const std::string& serial) const;
  template <typename Change>
  Result<control::Railgun> change(const RegistryEntry* entry, const std::string& name, Change change);
  Result<void> add(const std::string& name, IssuedCertificate certificate, WallTime now, bool is_new);
  Result<void> save(std::vector<RegistryEntry> entries);

  std::string path_;
  std::vector<RegistryEntry> entries_;
};

}  // namespace railgun::activation
