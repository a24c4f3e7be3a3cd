// A sender's registry of railguns: who may activate, which certificates were issued, and which are revoked. A value:
// whoever changes it changes a copy, writes that to the disk and keeps it if that succeeded (activation/sender). Tokens
// are kept as hashes only. Pure.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "railgund/base/bytes.h"
#include "railgund/base/result.h"
#include "railgund/base/time.h"
#include "railgund/config/config.h"
#include "railgund/control/status.h"

namespace railgun::activation {

struct IssuedCertificate {
  std::string serial{};     // hex
  std::string listener{};   // the serial of its first certificate: renewals are of the same listener
  std::string address{};    // host:port where the sender connects to that listener; empty: the listener connects
  std::int64_t until = 0;   // when it expires, seconds since 1970
  bool is_revoked = false;  // its listener was deactivated, or its railgun deleted
};

struct RegistryEntry {
  control::Railgun railgun{};  // its addresses and serials are those of the certificates that are not revoked
  std::string secret_hash{};   // of the token's secret: SHA-256, hex
  std::vector<IssuedCertificate> certificates{};
};

class Registry {
 public:
  static constexpr std::size_t kMaxEntries = 1000;
  // Of one railgun. Certificates that were renewed and have expired are forgotten.
  static constexpr std::size_t kMaxCertificates = 1000;

  // The text of state.directory/registry.json. Errors: kMalformed.
  static Result<Registry> parse(std::string_view text);
  std::string format() const;

  // `secret`: of the token to be handed out. Errors: kInvalid (the name is taken), kUnavailable (kMaxEntries).
  Result<control::Railgun> create(const std::string& name, const std::vector<std::string>& hosts, std::uint32_t uses,
                                  WallTime expires, ByteView secret, WallTime now);
  // Also a deleted one, while no other has its name. Errors: kNotFound.
  Result<control::Railgun> show(const std::string& name) const;
  // Errors: kNotFound.
  Result<control::Railgun> set_enabled(const std::string& name, bool enabled);
  // Revokes its certificates and its token. Its name may be used again. Errors: kNotFound.
  Result<control::Railgun> remove(const std::string& name);
  control::Railguns list() const;

  // Whose token this is. Errors: kDenied, with the reason: unknown, used up, expired, disabled, deleted.
  Result<control::Railgun> check_token(ByteView secret, WallTime now) const;
  // Takes one use of the token and adds the certificate. `address`: as IssuedCertificate has it. `until`: when the
  // certificate expires. Errors: kNotFound, kUnavailable (kMaxCertificates).
  Result<void> activated(const std::string& name, const std::string& address, const std::string& serial, WallTime until,
                         WallTime now);
  // Whose certificate this is. Errors: kDenied, with the reason.
  Result<control::Railgun> check_certificate(const std::string& serial) const;
  // `old`: the certificate that check_certificate() has found. Errors: as activated().
  Result<void> renewed(const std::string& name, const std::string& old, const std::string& serial, WallTime until,
                       WallTime now);
  // Revokes all certificates of the listener that holds this one. A railgun without listeners is deleted then, or waits
  // again if its token has uses and time left. Errors: kDenied.
  Result<control::Railgun> deactivated(const std::string& serial, WallTime now);

  // Of revoked certificates, and of all certificates of deleted and disabled railguns.
  std::set<std::string> revoked_serials() const;
  // The hosts of all railguns that may serve, with where to connect to them.
  std::vector<config::Site> sites() const;

 private:
  RegistryEntry* find(const std::string& name);
  Result<void> add(const std::string& name, IssuedCertificate certificate, WallTime now, bool is_new);

  std::vector<RegistryEntry> entries_;
};

}  // namespace railgun::activation
