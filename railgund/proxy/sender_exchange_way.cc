// The way of a request: what it names as references, over which link or whether direct, and when it goes again.
#include <algorithm>
#include <string>
#include <utility>

#include "railgund/base/text.h"
#include "railgund/page/store_item.h"
#include "railgund/proxy/early_hints.h"
#include "railgund/proxy/forwarding.h"
#include "railgund/proxy/front_door.h"
#include "railgund/proxy/listener_order.h"
#include "railgund/proxy/sender_exchange.h"

namespace railgun::proxy {
namespace {

// Well under a round trip: a longer wait for the store would cost more than its reference saves.
constexpr Duration kStoreTimeout = std::chrono::milliseconds(15);

std::vector<page::Candidate> candidates(const SenderPorts& ports, const page::RequestKeys& keys) {
  return ports.cache().candidates(keys.own, keys.open ? &*keys.open : nullptr);
}

}  // namespace

// The request goes on its way.
void SenderExchange::leave(const SenderPorts& ports) {
  // Many applications read as much as Content-Length says, and nothing without it. But trailers need chunks.
  if (request_.upload_ended && request_.http.body.kind == http::BodyLength::Kind::kChunked &&
      request_.upload_trailers.empty())
    request_.http.body = {.kind = http::BodyLength::Kind::kKnown, .bytes = request_.upload.size()};
  state_ = Choosing{};
  look_up_or_choose(ports);
}

void SenderExchange::look_up_or_choose(const SenderPorts& ports) {
  if (!has_references(request_.http)) return choose(ports);
  const ByteView body = request_.upload.view();
  request_.body_start = to_bytes(body.first(std::min(body.size(), page::Action::kMostBody)));
  request_.keys = keys_of(request_.http, *request_.config, request_.body_start);
  request_.named = candidates(ports, request_.keys);
  send_early_hints(ports);
  if (!is_plain_get(request_.http)) {
    // A form that is shown again is like the page that it is on.
    if (request_.named.size() < page::Cache::kMostCandidates) {
      http::Request page = request_.http;
      page.method = "GET";
      page.body = {};
      for (page::Candidate& one : candidates(ports, keys_of(page, *request_.config))) add_named(std::move(one));
    }
    return choose(ports);
  }
  // Pages that are only like this one cost far more bytes than its own last version, which the store may have.
  const bool is_known = std::ranges::any_of(
      request_.named, [](const page::Candidate& named) { return named.by == page::FoundBy::kExact; });
  if (is_known || !ports.has_store()) return choose(ports);
  state_ = AwaitingStore{ports.look_up(page::store_key_of_page(request_.keys.everybodys().exact)),
                         ports.now() + std::min(kStoreTimeout, request_.config->memcached_timeout)};
}

// Browsers take them over HTTP/2 alone, and only on their way to a page (RFC 8297; Fetch, "early hints").
void SenderExchange::send_early_hints(const SenderPorts& ports) {
  if (!request_.site->early_hints || !ports.client.is_http2() || !is_plain_get(request_.http)) return;
  const std::string_view mode = field_value(request_.http.fields, "sec-fetch-mode");
  if (!mode.empty() && !same_name(mode, "navigate")) return;
  const auto last = std::ranges::find(request_.named, page::FoundBy::kExact, &page::Candidate::by);
  if (last == request_.named.end()) return;
  const Fields hints = early_hints(last->version->reference.bytes());
  if (hints.empty()) return;
  ports.counters().hints_sent.add();
  ports.client.send_interim(103, hints, ports.now());
}

// Unless it is named already, or there is no room for it.
void SenderExchange::add_named(page::Candidate one) {
  const auto is_same = [&](const page::Candidate& other) { return other.version->id == one.version->id; };
  if (request_.named.size() < page::Cache::kMostCandidates && std::ranges::none_of(request_.named, is_same))
    request_.named.push_back(std::move(one));
}

void SenderExchange::redirect(const SenderPorts& ports) {
  const std::vector<Endpoint>& secure = request_.config->listen_tls;
  const std::string address = https_address(request_.http, secure.empty() ? 443 : secure.front().port);
  answer_ourselves(ports, request_.config->redirect_https, "This page is at " + address, {{"Location", address}});
}

void SenderExchange::take(const SenderPorts& ports, std::optional<Bytes> store_item) {
  if (std::holds_alternative<AwaitingChallenge>(state_)) {
    // The origin may have a client of ACME, too.
    state_ = Choosing{};
    if (!store_item) return begin_page(ports);
    state_ = challenge_answer(*std::move(store_item));
    return pump(ports);
  }
  if (!std::holds_alternative<AwaitingStore>(state_)) return;
  record(ports.counters().spread.store_time, ports.now() - request_.started);
  // The id is checked against the key of the listener that will be asked: another listener does not know the version.
  const Link* link = pick_link(ports);
  if (store_item && link != nullptr) {
    if (page::VersionPtr version = page::decode_item(*store_item, *link->reference_hash, std::nullopt,
                                                     request_.config->reference_page_limit_bytes)) {
      ports.counters().store_hits.add();
      ports.cache().insert(version, request_.keys.everybodys());
      std::erase_if(request_.named, [&](const page::Candidate& named) { return named.version->id == version->id; });
      request_.named.insert(request_.named.begin(), {.version = std::move(version), .by = page::FoundBy::kStore});
    }
  }
  state_ = Choosing{};
  choose(ports);
}

const Link* SenderExchange::pick_link(const SenderPorts& ports) const {
  const config::Site& site = *request_.site;
  const std::string_view host = host_name(request_.http.host);
  if (site.weights.empty()) return ports.pick_link(site.listeners, host);
  std::vector<WeighedListener> listeners;
  for (std::size_t i = 0; i < site.listeners.size(); ++i) {
    const double weight = i < site.weights.size() ? site.weights[i] : 1;
    const double part = part_of_weight(ports.reachable(site.listeners[i]), request_.config->link_slow_start);
    listeners.push_back({.endpoint = site.listeners[i], .weight = weight * part});
  }
  // By the address when its numbers change, for everybody: there are the versions that this page may be like.
  return ports.pick_link(listener_order(std::move(listeners), request_.keys.everybodys().shape), host);
}

void SenderExchange::choose(const SenderPorts& ports) {
  const auto* awaiting = std::get_if<AwaitingLink>(&state_);
  if (const Link* link = pick_link(ports)) {
    ask_link(ports, *link);
  } else if (awaiting != nullptr) {
    if (ports.now() < awaiting->deadline && ports.is_link_pending(request_.site->listeners)) return;
    go_direct(ports, "waiting for pending WAN connection");
  } else if (ports.is_link_pending(request_.site->listeners)) {
    state_ = AwaitingLink{ports.now() + request_.config->link_wait};
  } else {
    go_direct(ports, "starting new WAN connection");
  }
}

void SenderExchange::links_changed(const SenderPorts& ports) {
  if (awaits_link()) choose(ports);
}

void SenderExchange::ask_link(const SenderPorts& ports, const Link& link) {
  if (times_in_via(request_.http.fields, link.via_name) > 0) {
    const std::string host(host_name(request_.http.host));
    return fail_loop(ports, "its listener finds the origin of " + host + " at this sender: add the line " + host +
                                " = ADDRESS, with the origin's own address, to the listener's map file");
  }
  auto over = OverLink::ask(request_, ports, link);
  if (over) {
    state_ = *std::move(over);
  } else if (over.error().code == Errc::kTooLarge) {
    fail(ports, 431, "The request's head is too large for the link");
  } else {
    go_direct(ports, "internal error");
  }
}

void SenderExchange::go_direct(const SenderPorts& ports, std::string reason) {
  if (request_.site->origin) {
    if (times_in_via(request_.http.fields, request_.direct_name()) > 0) {
      return fail_loop(ports, config::site_key(request_.site->host, ".origin") +
                                  " leads back to this sender: set it to the "
                                  "origin's own address");
    }
    state_.emplace<Direct>(request_, ports, std::move(reason));
    return;
  }
  const std::string host(host_name(request_.http.host));
  const NoLinkReason why = ports.no_link_reason(request_.site->listeners, host);
  ports.log_limited(FrequentError::kNoLink, "no link for " + host + ": " + why.advice);
  fail(ports, 527, "No link to a listener of '" + host + "' (" + why.brief + ")");
}

// The client has seen nothing of the answer: the reference is known with its head. Once: a listener that does it again
// does not listen.
void SenderExchange::ask_without(const SenderPorts& ports, const Id128& lost) {
  if (request_.lost || !is_plain_get(request_.http)) {
    ports.counters().check_failures.add();
    return retry_or_fail(ports, is_idempotent(request_.http.method), 1, "The answer's reference is not known here");
  }
  ports.counters().references_lost.add();
  request_.lost = lost;
  state_ = Choosing{};  // which resets the stream
  choose(ports);
}

// The request's link answers no ping: it is repeated on another one, if it may be and there is one that does.
void SenderExchange::leave_silent_link(const SenderPorts& ports) {
  if (!std::holds_alternative<OverLink>(state_) || !is_idempotent(request_.http.method)) return;
  if (!may_repeat(most_moves())) return;
  const Link* other = pick_link(ports);
  if (other == nullptr || other->is_silent) return;
  ++repeats_;
  ports.counters().asked_again.add();
  state_ = Choosing{};  // which resets the stream
  choose(ports);
}

void SenderExchange::fail_loop(const SenderPorts& ports, const std::string& advice) {
  ports.counters().answers_refused.add();
  ports.log_limited(FrequentError::kLoop, "loop: a request for " + request_.http.host + " came back: " + advice);
  fail(ports, 508, "The request came back to where it had been: '" + request_.http.host + "' leads in a circle");
}

// The client has seen nothing of an answer, no byte of the request's body is gone, and it was repeated less often than `most`.
bool SenderExchange::may_repeat(unsigned most) const {
  return !request_.head_sent && !request_.upload_begun && repeats_ < most;
}

void SenderExchange::retry_or_fail(const SenderPorts& ports, bool is_allowed, unsigned most, const std::string& line) {
  if (!is_allowed || !may_repeat(most)) return fail(ports, 527, line);
  ++repeats_;
  ports.counters().asked_again.add();
  state_ = Choosing{};
  choose(ports);
}

}  // namespace railgun::proxy
