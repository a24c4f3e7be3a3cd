// Which certificates a visitor is shown, by the host name that it asks for (SNI, RFC 6066 3). Pure.
//
// A certificate is for the names in it; "*.example.com" stands for one label in place of the star. Of the certificates
// for a name, one of each type of key is offered, and TLS chooses between those by what the client supports. Among
// several of one type, one that is valid now goes before one that is not, the exact name before a wildcard, and then the
// one that is valid for longest.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "railgund/base/time.h"

namespace railgun::tls {

class CertificateChoice {
 public:
  struct Candidate {
    std::vector<std::string> names;  // DNS names
    std::string key_type;
    WallTime not_before{}, not_after{};
  };
  // Indices of candidates, at most one of each type of key, in ascending order.
  using Set = std::vector<std::size_t>;

  // At least one candidate. The first is the default: it is offered for names that no certificate is for, together with
  // certificates of other key types for its names. `now`: decides which are valid.
  CertificateChoice(const std::vector<Candidate>& candidates, WallTime now);

  // All sets that find() may choose, without duplicates.
  const std::vector<Set>& sets() const { return sets_; }
  static constexpr std::size_t kDefault = 0;
  // Index of the set for a host name, in any case, with or without a dot at its end. kDefault: no certificate is for the
  // name, or it is empty.
  std::size_t find(std::string_view server_name) const;

 private:
  std::vector<Set> sets_;
  std::unordered_map<std::string, std::size_t> by_name_;    // whole names
  std::unordered_map<std::string, std::size_t> by_suffix_;  // of wildcards: "example.com"
};

}  // namespace railgun::tls
