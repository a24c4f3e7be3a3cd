#include "railgund/tls/lifetime.h"

#include <algorithm>

namespace railgun::tls {
namespace {

using std::chrono::seconds;

constexpr auto kTolerated = std::chrono::minutes(5);
constexpr seconds kOftenest{1}, kRarest{3600};

// "3 d 4 h", "5 h 10 min", "6 min"
std::string span_text(seconds span) {
  const auto days = std::chrono::floor<std::chrono::days>(span);
  const auto hours = std::chrono::floor<std::chrono::hours>(span - days);
  const auto minutes = std::chrono::floor<std::chrono::minutes>(span - days - hours);
  if (days.count() > 0) return std::to_string(days.count()) + " d " + std::to_string(hours.count()) + " h";
  if (hours.count() > 0) return std::to_string(hours.count()) + " h " + std::to_string(minutes.count()) + " min";
  return std::to_string(minutes.count()) + " min";
}

}  // namespace

Validity validity_from(WallTime now, seconds life) { return {now - kBackdate, now + life}; }

WallTime renewal_time(const CertificateFacts& certificate) {
  const seconds whole = certificate.not_after - certificate.not_before;
  // Those of an authority that dates nothing back, too.
  const seconds life = whole > kBackdate ? whole - kBackdate : whole;
  return certificate.not_after - life / 3;
}

seconds until_next_look(const CertificateFacts& certificate, WallTime now) {
  const WallTime due = renewal_time(certificate);
  const seconds wait = now < due ? due - now : (certificate.not_after - now) / 10;
  return std::clamp(wait, kOftenest, kRarest);
}

std::int64_t days_left(const CertificateFacts& certificate, WallTime now) {
  return std::chrono::floor<std::chrono::days>(certificate.not_after - now).count();
}

std::string utc_text(WallTime time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  const auto two = [](auto number) {
    const std::string digits = std::to_string(number);
    return digits.size() < 2 ? "0" + digits : digits;
  };
  return std::to_string(static_cast<int>(date.year())) + "-" + two(static_cast<unsigned>(date.month())) + "-" +
         two(static_cast<unsigned>(date.day())) + " " + two(clock.hours().count()) + ":" +
         two(clock.minutes().count()) + ":" + two(clock.seconds().count()) + " UTC";
}

std::string clock_difference(WallTime here, WallTime there, const std::string& whose) {
  const seconds ahead = here - there;
  if (std::chrono::abs(ahead) < kTolerated) return {};
  return "the clock here is " + span_text(std::chrono::abs(ahead)) + (ahead.count() > 0 ? " ahead of " : " behind ") +
         whose + " (here " + utc_text(here) + ", there " + utc_text(there) + ")";
}

Result<void> check_listener_clock(WallTime here, WallTime listener) {
  if (std::chrono::abs(here - listener) <= kMostSkew) return {};
  return fail(Errc::kInvalid,
              "Activation Failed: the listener's clock is " + span_text(std::chrono::abs(here - listener)) +
                  (listener > here ? " ahead of" : " behind") + " the sender's (" + utc_text(listener) + " and " +
                  utc_text(here) + "): set the one that is wrong, then try again; the token was not used");
}

}  // namespace railgun::tls
