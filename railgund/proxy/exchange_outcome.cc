#include "railgund/proxy/exchange_outcome.h"

#include <algorithm>
#include <utility>

#include "railgund/config/value.h"
#include "railgund/page/media_class.h"
#include "railgund/page/store_item.h"
#include "railgund/proxy/forwarding.h"

namespace railgun::proxy {

void count_answer(Counters& counters, SiteCounters& site, const Answer& answer) {
  if (answer.coding == Coding::kRaw) {
    counters.answers_stream.add();
    site.stream.add();
  } else if (answer.is_against_reference()) {
    counters.answers_delta.add();
    if (answer.reference) counters.references_found.add();
    site.delta.add();
  } else {
    counters.answers_full.add();
    site.full.add();
  }
}

AccessRecord::Way way_of(const Answer& answer) {
  if (answer.from_listener) return AccessRecord::Way::kOwn;
  if (answer.coding == Coding::kRaw) return AccessRecord::Way::kStream;
  return answer.is_against_reference() ? AccessRecord::Way::kDelta : AccessRecord::Way::kFull;
}

void count_failure(Counters& counters, SiteCounters* site) {
  counters.requests_failed.add();
  if (site != nullptr) site->failed.add();
}

ErrorAnswer busy_answer(const OriginBusy& busy, std::string_view host) {
  if (busy.error.code == Errc::kTimeout) return error_answer(busy.error, host);
  return {503, "The origin of " + std::string(host) + " is busy: " + busy.error.text};
}

Field retry_after(const OriginBusy& busy) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(busy.retry_after).count();
  return {"retry-after", std::to_string(seconds)};
}

void count_passed(Counters& counters, SiteCounters& site, const Passed& passed) {
  counters.page_bytes.add(passed.page_bytes);
  counters.coded_bytes.add(passed.coded_bytes);
  site.page_bytes.add(passed.page_bytes);
  site.coded_bytes.add(passed.coded_bytes);
}

void count_reference(Counters& counters, SiteCounters& site, page::FoundBy by, const Passed& passed) {
  const std::uint64_t bytes = passed.page_bytes - std::min(passed.page_bytes, passed.coded_bytes);
  const auto add = [&](Counter& found, Counter& saved, Counter& saved_of_site) {
    found.add();
    saved.add(bytes);
    saved_of_site.add(bytes);
  };
  switch (by) {
    case page::FoundBy::kExact:
      return add(counters.found_exact, counters.saved_exact, site.saved_exact);
    case page::FoundBy::kAddress:
      return add(counters.found_address, counters.saved_address, site.saved_address);
    case page::FoundBy::kShape:
      return add(counters.found_shape, counters.saved_shape, site.saved_shape);
    case page::FoundBy::kSibling:
      return add(counters.found_sibling, counters.saved_sibling, site.saved_sibling);
    case page::FoundBy::kStore:
      return add(counters.found_store, counters.saved_store, site.saved_store);
    case page::FoundBy::kContent:
      return add(counters.found_content, counters.saved_content, site.saved_content);
  }
}

void count_whole(Counters& counters, SiteCounters& site, WholeBecause reason, std::uint64_t coded_bytes) {
  const auto add = [&](Counter& answers, Counter& bytes, Counter& bytes_of_site) {
    answers.add();
    bytes.add(coded_bytes);
    bytes_of_site.add(coded_bytes);
  };
  switch (reason) {
    case WholeBecause::kType:
      return add(counters.whole_type, counters.whole_type_bytes, site.whole_type_bytes);
    case WholeBecause::kLarge:
      return add(counters.whole_large, counters.whole_large_bytes, site.whole_large_bytes);
    case WholeBecause::kUnkept:
      return add(counters.whole_unkept, counters.whole_unkept_bytes, site.whole_unkept_bytes);
    case WholeBecause::kMissing:
      return add(counters.whole_missing, counters.whole_missing_bytes, site.whole_missing_bytes);
    case WholeBecause::kUnknown:
      return add(counters.whole_unknown, counters.whole_unknown_bytes, site.whole_unknown_bytes);
    case WholeBecause::kLeft:
      return add(counters.whole_left, counters.whole_left_bytes, site.whole_left_bytes);
  }
}

void record_total_time(Distributions& spread, unsigned status, Duration time) {
  if (status != 101) record(spread.total_time, time);
}

void keep_version(const Ports& ports, const KeptVersion& kept, const page::PageKeys* keys, std::string store_key) {
  // Coding or rebuilding the answer may have prepared it.
  if (kept.reference) ports.cache().recount(kept.reference);
  if (!kept.version) return;
  const bool is_requested_again = keys != nullptr && ports.cache().insert(kept.version, *keys);
  if (ports.has_store() && !store_key.empty() && kept.version->keep == page::Keep::kStoreToo && !kept.is_reference)
    ports.store_put({std::move(store_key), page::encode_item(*kept.version)});
  if (is_requested_again && !kept.version->reference.is_prepared(kept.strong_may_follow))
    ports.prepare({kept.version, kept.strong_may_follow});
}

page::VersionPtr share_version(const Ports& ports, ConnectionId link, const http::Request& request,
                               const page::RequestKeys& keys, const page::VersionPtr& version, const KeyedHash& hash) {
  const page::PageKeys& open = *keys.open;
  if (ports.was_received(open.exact, version->id, keys.visitor)) {
    ports.cache().insert(version, open);
    return version;
  }
  if (!is_text(open.media)) return nullptr;
  const page::CommonText::Visitor visitor{.credentials = keys.visitor,
                                          .network = config::network_of(visitor_address(request.fields))};
  page::CommonText::Text text(version->reference.bytes(), hash);
  const auto share_common = [&](const Id128& place, const page::PageKeys& found_by) -> page::VersionPtr {
    auto common = ports.common_text(link, place, text, visitor);
    if (!common) return nullptr;
    auto shared = std::make_shared<page::Version>(hash(*common), *std::move(common), page::Keep::kMemoryOnly);
    ports.cache().insert(shared, found_by);
    return shared;
  };
  // An address with a session or the time in it never comes again, but others of its shape do.
  page::VersionPtr of_shape = open.shape == open.address ? nullptr : share_common(open.shape, page::keys_of_kin(open));
  page::VersionPtr of_page = share_common(open.exact, open);
  return of_page ? of_page : of_shape;
}

}  // namespace railgun::proxy
