#include "railgund/proxy/sender_exchange.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "railgund/base/text.h"
#include "railgund/page/store_item.h"
#include "railgund/proxy/cf_railgun.h"
#include "railgund/proxy/early_hints.h"
#include "railgund/proxy/forwarding.h"
#include "railgund/proxy/front_door.h"
#include "railgund/proxy/host_rule.h"

namespace railgun::proxy {
namespace {

// A shortage of memory takes some seconds to end.
constexpr unsigned kRetryAfterSeconds = 5;

// Well under a round trip: a longer wait for the store would cost more than its reference saves.
constexpr Duration kStoreTimeout = std::chrono::milliseconds(15);
// How long a body without an announced length is waited for: a client that sends a little at a time may expect an answer
// in between.
constexpr Duration kBodyWait = std::chrono::seconds(1);

std::vector<page::Candidate> candidates(const SenderPorts& ports, const page::RequestKeys& keys) {
  return ports.cache().candidates(keys.own, keys.open ? &*keys.open : nullptr);
}

}  // namespace

SenderExchange::SenderExchange(config::ConfigPtr config, ConnectionId client, http2::StreamId stream,
                               http::Request request, std::uint64_t number, Instant now)
    : client_(client),
      stream_(stream),
      request_{.config = std::move(config), .http = std::move(request), .number = number, .started = now} {
  request_.upload_ended = !request_.has_body();
}

void SenderExchange::begin(const SenderPorts& ports) {
  ports.counters().requests_started.add();
  request_.came_by_https = ports.client_is_secure;
  const std::string& challenges = request_.config->acme_directory;
  const auto token = challenge_token(request_.http);
  if (token && !challenges.empty()) {
    state_ = AwaitingChallenge{ports.read_challenge(challenges, std::string(*token))};
  } else {
    begin_page(ports);
  }
}

// Anything but a challenge of ours.
void SenderExchange::begin_page(const SenderPorts& ports) {
  Counters& counters = ports.counters();
  const std::string_view host = host_name(request_.http.host);
  request_.site = config::find_site(*request_.config, host);
  request_.counts = request_.site == nullptr ? &counters.sites.other()
                                             : &counters.sites.at(host, config::is_named(*request_.site, host));
  request_.counts->requests.add();
  if (ports.cache().shortage() == page::Shortage::kServeNothing)
    return fail(ports, 503, "This server is short of memory", {{"Retry-After", std::to_string(kRetryAfterSeconds)}});
  if (request_.site == nullptr) {
    counters.answers_refused.add();
    return fail(ports, 421,
                "This sender does not serve '" + std::string(host) + "': set " + config::site_key(host, ".listeners") +
                    " in railgun.conf");
  }
  if (auto judged = judge_host(*request_.config, *request_.site, request_.http.host); !judged) {
    counters.answers_refused.add();
    ports.log_limited(FrequentError::kRefused, "refused: " + judged.error().text);
    return fail(ports, 421, "This sender does not serve '" + request_.http.host + "'");
  }
  request_.is_from_trusted_proxy = is_trusted_proxy(ports.client_address, request_.config->trusted_proxies);
  // RFC 9110 7.4: an https target that came in without TLS, on nobody's word.
  if (request_.http.secure && !ports.client_is_secure && !request_.is_from_trusted_proxy) {
    counters.answers_refused.add();
    return fail(ports, 421, "An https address was asked for over an unsecured connection");
  }
  if (ends_here(request_.http)) return answer_last_hop(ports);
  if (request_.http.expects_continue) ports.client.send_interim(100, {}, ports.now());
  const bool is_ignored = add_visitor_fields(request_.http, ports.client_address, request_.config->trusted_proxies);
  if (!request_.config->access_log.empty()) request_.visitor = visitor_address(request_.http.fields);
  request_.came_by_https = same_name(field_value(request_.http.fields, "x-forwarded-proto"), "https");
  if (request_.config->redirect_https != 0 && !request_.came_by_https && !challenge_token(request_.http))
    return redirect(ports);
  request_.dictionary =
      ports.dictionaries.begin(request_.http, *request_.site, *request_.config, request_.is_from_trusted_proxy);
  if (auto asked = ports.dictionaries.asked_for(request_.http, request_.dictionary); asked && !request_.has_body()) {
    request_.dictionary = {};
    counters.dictionaries_sent.add();
    state_ = dictionary_answer(std::move(asked));
    return pump(ports);
  }
  request_.tags_restored = ports.compression.restore_tags(request_.http);
  if (request_.may_leave()) {
    leave(ports);
  } else {
    const bool may_stream = request_.http.body.kind == http::BodyLength::Kind::kChunked;
    state_ = AwaitingBody{may_stream ? ports.now() + kBodyWait : kNever};
  }
  // Not of a request that has come back to us: its line says more.
  if (is_ignored && !is_finished()) {
    counters.forwarding_ignored.add();
    ports.log_limited(
        FrequentError::kForwardingIgnored,
        "X-Forwarded-* fields of " + std::string(ports.client_address) +
            " are ignored because it is not in trusted.proxies: if it is a proxy in front of this sender, add "
            "it there, or the origin sees plain HTTP and the proxy's address");
  }
}

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
  const Link* link = ports.pick_link(request_.site->listeners, host_name(request_.http.host));
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

void SenderExchange::choose(const SenderPorts& ports) {
  const auto* awaiting = std::get_if<AwaitingLink>(&state_);
  if (const Link* link = ports.pick_link(request_.site->listeners, host_name(request_.http.host))) {
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

void SenderExchange::take(const SenderPorts& ports, http::ServerEvent event) {
  if (auto* body = std::get_if<http::RequestBody>(&event)) {
    request_.upload.append(std::move(body->bytes));
  } else if (auto* tunnel = std::get_if<http::TunnelBytes>(&event)) {
    request_.upload.append(std::move(tunnel->bytes));
  } else if (auto* end = std::get_if<http::RequestEnd>(&event)) {
    remove_visitor_fields(end->trailers);
    request_.upload_trailers = std::move(end->trailers);
    // The end of an upgrade's head is not the end of its tunnel.
    if (request_.http.upgrade.empty()) request_.upload_ended = true;
  } else if (std::holds_alternative<http::TunnelEnd>(event)) {
    request_.upload_ended = true;
  } else if (std::holds_alternative<http::ClientGone>(event)) {
    return drop(ports);
  }
  if (request_.upload_ended) request_.streamed.reset();
  if (std::holds_alternative<AwaitingBody>(state_) && request_.may_leave()) leave(ports);
  pump(ports);
}

void SenderExchange::take(const SenderPorts& ports, StreamInput event) {
  if (std::holds_alternative<StreamSilent>(event)) return leave_silent_link(ports);
  if (auto* over = std::get_if<OverLink>(&state_)) handle(ports, over->take(request_, ports, std::move(event)));
}

void SenderExchange::take(const SenderPorts& ports, CallInput event) {
  if (auto* direct = std::get_if<Direct>(&state_)) handle(ports, direct->take(request_, ports, std::move(event)));
}

void SenderExchange::pump(const SenderPorts& ports) {
  if (auto* over = std::get_if<OverLink>(&state_)) {
    handle(ports, over->pump(request_, ports));
  } else if (auto* direct = std::get_if<Direct>(&state_)) {
    handle(ports, direct->pump(request_, ports));
  } else if (auto* own = std::get_if<OwnAnswer>(&state_)) {
    handle(ports, own->pump(request_, ports));
  }
}

void SenderExchange::handle(const SenderPorts& ports, Progress progress) {
  if (std::holds_alternative<Complete>(progress)) {
    finish(ports);
  } else if (const auto* failed = std::get_if<LinkFailed>(&progress)) {
    retry_or_fail(ports, failed->not_processed || is_idempotent(request_.http.method),
                  "The link broke before the answer came: " + failed->reason);
  } else if (const auto* bad = std::get_if<BadAnswer>(&progress)) {
    ports.counters().check_failures.add();
    ports.log(LogLevel::kError, "bad answer for " + request_.address() + ": " + bad->error.text);
    std::get<OverLink>(state_).reject();
    // What was named may be what is wrong: the page comes whole next time.
    for (const page::Candidate& one : request_.named) ports.cache().erase(one.version->id);
    request_.named.clear();
    retry_or_fail(ports, is_idempotent(request_.http.method),
                  "The answer that came over the link could not be rebuilt");
  } else if (const auto* origin = std::get_if<OriginFailed>(&progress)) {
    const std::string text = request_.address() + ": " + origin->error.text;
    // What a stranger asks for fills no log.
    if (origin->error.code == Errc::kInvalid) {
      ports.log_limited(FrequentError::kOrigin, text);
    } else {
      ports.log(LogLevel::kError, text);
    }
    const ErrorAnswer answer = error_answer(origin->error, request_.http.host);
    fail(ports, answer.status, answer.line);
  } else if (const auto* busy = std::get_if<OriginBusy>(&progress)) {
    const ErrorAnswer answer = busy_answer(*busy, request_.http.host);
    fail(ports, answer.status, answer.line, {retry_after(*busy)});
  } else if (auto* answered = std::get_if<ListenerAnswered>(&progress)) {
    fail(ports, answered->status, "The listener answers itself; its log says why", std::move(answered->fields));
  } else if (const auto* lost = std::get_if<ReferenceLost>(&progress)) {
    ask_without(ports, lost->id);
  }
}

// The client has seen nothing of the answer: the reference is known with its head. Once: a listener that does it again
// does not listen.
void SenderExchange::ask_without(const SenderPorts& ports, const Id128& lost) {
  if (request_.lost || !is_plain_get(request_.http)) {
    ports.counters().check_failures.add();
    return retry_or_fail(ports, is_idempotent(request_.http.method), "The answer's reference is not known here");
  }
  ports.counters().references_lost.add();
  request_.lost = lost;
  state_ = Choosing{};  // which resets the stream
  choose(ports);
}

// The request's link answers no ping: it is repeated on another one, if it may be and there is one that does.
void SenderExchange::leave_silent_link(const SenderPorts& ports) {
  if (!std::holds_alternative<OverLink>(state_) || !is_idempotent(request_.http.method)) return;
  if (request_.head_sent || request_.upload_begun || retried_) return;
  const Link* other = ports.pick_link(request_.site->listeners, host_name(request_.http.host));
  if (other == nullptr || other->is_silent) return;
  retried_ = true;
  ports.counters().asked_again.add();
  state_ = Choosing{};  // which resets the stream
  choose(ports);
}

void SenderExchange::fail_loop(const SenderPorts& ports, const std::string& advice) {
  ports.counters().answers_refused.add();
  ports.log_limited(FrequentError::kLoop, "loop: a request for " + request_.http.host + " came back: " + advice);
  fail(ports, 508, "The request came back to where it had been: '" + request_.http.host + "' leads in a circle");
}

// The request goes another way, once, if the client has seen nothing of an answer and no byte of its body is gone.
void SenderExchange::retry_or_fail(const SenderPorts& ports, bool may_repeat, const std::string& line) {
  if (!may_repeat || request_.head_sent || request_.upload_begun || retried_) return fail(ports, 527, line);
  retried_ = true;
  ports.counters().asked_again.add();
  state_ = Choosing{};
  choose(ports);
}

void SenderExchange::finish(const SenderPorts& ports) {
  const auto* own = std::get_if<OwnAnswer>(&state_);
  if (own == nullptr || !own->is_error()) ports.counters().requests_completed.add();
  record_total_time(ports.counters().spread, request_.status, ports.now() - request_.started);
  if (auto* over = std::get_if<OverLink>(&state_)) {
    const Passed passed = over->finish(request_, ports);
    if (ports.logs(LogLevel::kInformation)) log_answer(ports, passed, over->header(request_, true));
  } else if (const auto* direct = std::get_if<Direct>(&state_)) {
    log_answer(ports, direct->passed(), "direct");
  } else {
    log_answer(ports, own->passed(), own->name());
  }
  request_.send_end(ports);
  log_access(ports, true);
  state_ = Finished{};
}

// As the final recipient of a request with Max-Forwards: 0 (RFC 9110 7.6.2). What TRACE would show holds fields that
// proxies in front of us have added, so it is refused (9.3.8, 15.5.6).
void SenderExchange::answer_last_hop(const SenderPorts& ports) {
  constexpr std::string_view kLine = "Max-Forwards: this proxy is the last hop";
  if (request_.http.method == "OPTIONS") return answer_ourselves(ports, 200, std::string(kLine), {});
  answer_ourselves(ports, 405, std::string(kLine) + ", and does not answer TRACE", {{"Allow", "OPTIONS"}});
}

// A whole answer that is no error.
void SenderExchange::answer_ourselves(const SenderPorts& ports, unsigned status, const std::string& line,
                                      Fields fields) {
  ports.counters().requests_completed.add();
  request_.add_fixed_fields(ports, fields);
  ports.client.send_error(status, line, fields, ports.now());
  request_.status = status;
  log_access(ports, true);
  state_ = Finished{};
}

// The client is told, or cut off if part of an answer has left.
void SenderExchange::fail(const SenderPorts& ports, unsigned status, const std::string& line, Fields extra) {
  count_failure(ports.counters(), request_.counts);
  if (request_.head_sent) {
    ports.client.abort();
  } else {
    if (status == 527) ports.counters().answers_527.add();
    if (ports.logs(LogLevel::kInformation))
      ports.log(LogLevel::kInformation,
                request_.http.method + " " + request_.address() + " " + std::to_string(status) + ": " + line);
    request_.set_header(extra,
                        format_cf_railgun({.passage = Passage::kNormal, .id = request_.id(), .version = "0000"}));
    if (request_.has_error_page(status)) {
      request_.way = AccessRecord::Way::kOwn;
      state_ = error_page(status, request_.site->error_page_text, request_.config, std::move(extra));
      return pump(ports);
    }
    request_.add_fixed_fields(ports, extra);
    ports.client.send_error(status, line, extra, ports.now());
    request_.status = status;
  }
  log_access(ports, !request_.head_sent);
  state_ = Finished{};
}

void SenderExchange::count_held(Context& context, std::size_t waiting) {
  HeldBytes held = held_bytes();
  if (!page_under_way_.set(context.cache, held.page + held.sample)) {
    if (auto* over = std::get_if<OverLink>(&state_)) over->keep_nothing();
    request_.dictionary.keep_nothing();
    held = held_bytes();
  }
  held.decoded += waiting;
  held_account_.update(context.counters, context.most_held, held);
}

HeldBytes SenderExchange::held_bytes() const {
  HeldBytes held;
  if (const auto* over = std::get_if<OverLink>(&state_)) held = over->held_bytes();
  if (const auto* direct = std::get_if<Direct>(&state_)) held = direct->held_bytes();
  held.upload = request_.upload.size();
  held.sample = request_.dictionary.held_bytes();
  return held;
}

void SenderExchange::log_answer(const SenderPorts& ports, const Passed& passed, const std::string& how) const {
  if (!ports.logs(LogLevel::kInformation)) return;
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(ports.now() - request_.started).count();
  ports.log(LogLevel::kInformation, request_.http.method + " " + request_.address() + " " +
                                        std::to_string(request_.status) + " " + std::to_string(passed.page_bytes) +
                                        " bytes as " + std::to_string(passed.coded_bytes) + ", " +
                                        std::to_string(took) + " ms [" + how + "]");
}

void SenderExchange::log_access(const SenderPorts& ports, bool is_complete) const {
  if (request_.config->access_log.empty()) return;
  Passed passed;
  if (const auto* over = std::get_if<OverLink>(&state_)) passed = over->passed();
  if (const auto* direct = std::get_if<Direct>(&state_)) passed = direct->passed();
  const http::Request& http = request_.http;
  ports.log_access({.client = request_.visitor.empty() ? std::string(ports.client_address) : request_.visitor,
                    .method = http.method,
                    .host = http.host,
                    .target = shown_address(http.target, request_.config->log_query),
                    .referer = shown_address(field_value(http.fields, "referer"), request_.config->log_query),
                    .user_agent = std::string(field_value(http.fields, "user-agent")),
                    .id = request_.id(),
                    .is_secure = ports.client_is_secure,
                    .major_version = http.major_version,
                    .minor_version = http.minor_version,
                    .status = request_.status,
                    .is_complete = is_complete,
                    .body_bytes = request_.client_bytes,
                    .way = request_.way,
                    .page_bytes = passed.page_bytes,
                    .link_bytes = passed.coded_bytes,
                    .total = ports.now() - request_.started,
                    .link = request_.link_time,
                    .origin = request_.origin_time});
}

Instant SenderExchange::deadline() const {
  return std::visit(
      [](const auto& state) {
        if constexpr (requires { state.deadline; }) return Instant(state.deadline);
        return kNever;
      },
      state_);
}

void SenderExchange::on_deadline(const SenderPorts& ports) {
  if (ports.now() < deadline()) return;
  if (auto* awaiting = std::get_if<AwaitingBody>(&state_)) {
    awaiting->deadline = ports.now() + kBodyWait;
    if (request_.upload.empty()) return;
    request_.streamed = ports.stream_request(request_.config->request_streamed);
    if (request_.streamed) leave(ports);
  } else if (std::holds_alternative<AwaitingStore>(state_)) {
    take(ports, std::optional<Bytes>{});
  } else {
    links_changed(ports);
  }
}

void SenderExchange::drop(const SenderPorts& ports) {
  if (is_finished()) return;
  ports.counters().requests_aborted.add();
  log_access(ports, false);
  auto* over = std::get_if<OverLink>(&state_);
  if (over != nullptr && LateAnswer::is_worth_it(request_, *over)) {
    late_.emplace(std::move(request_), std::move(*over), std::move(page_under_way_), ports.now());
  } else if (over != nullptr) {
    over->count_left(request_, ports.counters());
  }
  state_ = Finished{};
}

std::optional<LateAnswer> SenderExchange::take_late() { return std::exchange(late_, std::nullopt); }

}  // namespace railgun::proxy
