// How long certificates last, when they are renewed, and what clocks that differ do to them. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "railgund/base/result.h"
#include "railgund/base/time.h"
#include "railgund/tls/authority.h"
#include "railgund/tls/certificate.h"

namespace railgun::tls {

// Certificates begin so long before they are made: clocks of other machines may be behind, by a day and a bit.
inline constexpr auto kBackdate = std::chrono::hours(25);
// The most that the clocks of two ends may differ when a certificate is handed out.
inline constexpr auto kMostSkew = std::chrono::minutes(24 * 60 + 30);

// Whoever was off for so long after the end of its certificate must be activated anew; until then it is renewed.
inline constexpr auto kRenewableAfterEnd = std::chrono::days(90);

// Of a certificate that is made now and is to last for `life`.
Validity validity_from(WallTime now, std::chrono::seconds life);

// Two thirds of its life after it was made.
WallTime renewal_time(const CertificateFacts& certificate);
// How long until whoever holds it should look whether it is to be renewed: at renewal_time(), every hour (clocks are
// set), and after that again and again, more often the less is left, but not more often than once a second.
std::chrono::seconds until_next_look(const CertificateFacts& certificate, WallTime now);

// Visitors' certificates that end earlier than in so many days are warned of: clients of ACME renew 30 days before.
inline constexpr std::int64_t kFewDaysLeft = 14;
// Whole days until the certificate's end; less than 0 once it has ended.
std::int64_t days_left(const CertificateFacts& certificate, WallTime now);

// "2026-11-22 20:00:00 UTC"
std::string utc_text(WallTime time);
// "the clock here is 1 d 2 h behind the sender's (here 2026-…, there 2026-…)"; empty if they agree within five minutes.
std::string clock_difference(WallTime here, WallTime there, const std::string& whose);
// Errors: kInvalid for clocks that differ by more than kMostSkew: a certificate made at one end would not be good at
// the other. `here` is the sender's.
Result<void> check_listener_clock(WallTime here, WallTime listener);

}  // namespace railgun::tls
