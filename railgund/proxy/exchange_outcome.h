// What an exchange leaves behind, in both roles: counts, distributions, and the page's version.
#pragma once

#include <string>

#include "railgund/base/time.h"
#include "railgund/page/cache.h"
#include "railgund/page/page_key.h"
#include "railgund/page/version.h"
#include "railgund/proxy/counters.h"
#include "railgund/proxy/forwarding.h"
#include "railgund/proxy/message_codec.h"
#include "railgund/proxy/ports.h"

namespace railgun::proxy {

// An answer's head goes out: by its coding.
void count_answer(Counters& counters, SiteCounters& site, const Answer& answer);

AccessRecord::Way way_of(const Answer& answer);

// The request ends without a whole answer. `site`: null until the site is known.
void count_failure(Counters& counters, SiteCounters* site);

// The answer of ours that stands for an origin that was not asked, with when to ask again.
ErrorAnswer busy_answer(const OriginBusy& busy, std::string_view host);
Field retry_after(const OriginBusy& busy);

// The whole answer was passed on. `page_bytes` of body; `coded_bytes` stood for them on the link.
struct Passed {
  std::uint64_t page_bytes = 0, coded_bytes = 0;
};
void count_passed(Counters& counters, SiteCounters& site, const Passed& passed);

// A sender's answer was made against a reference that was found in this way.
void count_reference(Counters& counters, SiteCounters& site, page::FoundBy by, const Passed& passed);

// Why a sender's answer crossed the link whole: what an operator may do something about.
enum class WholeBecause : std::uint8_t {
  kType,     // it is no text
  kLarge,    // it is over reference.page_limit: no version is ever kept
  kUnkept,   // it may not be kept (Cache-Control, reference.no_store), or there was no room while it was under way
  kMissing,  // the sender named a reference, and the listener had none of them
  kUnknown,  // no reference was named or found: a first visit
  kLeft,     // its visitor left, and it was not kept
};
void count_whole(Counters& counters, SiteCounters& site, WholeBecause reason, std::uint64_t coded_bytes);

// The time from the request's head to the answer's end, unless that was a tunnel (101), which lasts as long as its
// ends like.
void record_total_time(Distributions& spread, unsigned status, Duration time);

// What both ends keep after a complete answer.
struct KeptVersion {
  page::VersionPtr reference;  // that the answer was made against; null: none
  page::VersionPtr version;    // to be the latest of its page; null: none
  bool is_reference = false;   // `version` is `reference`: the store has it already
  bool strong_may_follow = false;
};
// `keys`: of the page that was asked for; null: no page that can be asked for again. `store_key`: of the version;
// empty: not for the store.
void keep_version(const Ports& ports, const KeptVersion& kept, const page::PageKeys* keys, std::string store_key);

// A visitor's own page has a new version: what it shares with those of other visitors becomes a version for everybody. That is all
// of it if isolate.shared_by of them were sent the same; else what they have in common (page::CommonText), at this address or at
// addresses of its shape. Null: neither yet.
// `hash`: of the listener's reference ids.
page::VersionPtr share_version(const Ports& ports, ConnectionId link, const http::Request& request,
                               const page::RequestKeys& keys, const page::VersionPtr& version, const KeyedHash& hash);

}  // namespace railgun::proxy
