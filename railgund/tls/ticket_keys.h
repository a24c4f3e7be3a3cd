// The keys that session tickets are made with (RFC 8446 4.6.1, RFC 5077): a visitor that comes back resumes its session,
// also at another edge that has the same secrets. Pure.
//
// Keys come from a secret and the time: each period of kTicketPeriod has its own, derived by HMAC-SHA-256. So keys change
// by themselves, at the same moment at all edges, and a key that leaks opens the tickets of one period. To replace the
// secret, put a new one before it: tickets of both are accepted.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "railgund/base/bytes.h"
#include "railgund/base/result.h"
#include "railgund/base/time.h"

struct evp_mac_ctx_st;

namespace railgun::tls {

inline constexpr std::size_t kTicketSecretBytes = 32;
// Tickets are good for one period, and their key for the next one, too.
inline constexpr auto kTicketPeriod = std::chrono::hours(12);

struct TicketKey {
  std::array<std::uint8_t, 16> name;
  std::array<std::uint8_t, 32> cipher;  // AES-256-CBC
  std::array<std::uint8_t, 32> mac;     // HMAC-SHA-256
};

class TicketKeys {
 public:
  // Of kTicketSecretBytes each. The first makes tickets, all open them.
  explicit TicketKeys(const std::vector<Bytes>& secrets);

  bool empty() const { return secrets_.empty(); }
  // That makes tickets now. Not of empty keys.
  TicketKey current(WallTime now) const;
  struct Found {
    TicketKey key;
    bool is_current;  // no: the visitor gets a new ticket
  };
  // Opens a ticket with this key name: of this period, the one before, and, for clocks that differ, the next.
  std::optional<Found> find(ByteView name, WallTime now) const;

 private:
  std::vector<std::shared_ptr<const evp_mac_ctx_st>> secrets_;  // prepared for HMAC
};

// Secrets as a file has them: one line of 64 hexadecimal digits each, at most 8. Empty lines and lines that begin with #
// are passed over. Errors: kInvalid, without any part of the text.
Result<std::vector<Bytes>> parse_ticket_secrets(std::string_view text);

}  // namespace railgun::tls
