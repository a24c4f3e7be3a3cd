// What happens to a request from its first byte to the last of its answer. Which way it goes is in sender_exchange_way.cc.
#include "railgund/proxy/sender_exchange.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "railgund/base/text.h"
#include "railgund/proxy/cf_railgun.h"
#include "railgund/proxy/forwarding.h"
#include "railgund/proxy/front_door.h"
#include "railgund/proxy/host_rule.h"

namespace railgun::proxy {
namespace {

// A shortage of memory takes some seconds to end.
constexpr unsigned kRetryAfterSeconds = 5;

// How long a body without an announced length is waited for: a client that sends a little at a time may expect an answer
// in between.
constexpr Duration kBodyWait = std::chrono::seconds(1);

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
                  failed->link_lost ? most_moves() : 1, "The link broke before the answer came: " + failed->reason);
  } else if (const auto* bad = std::get_if<BadAnswer>(&progress)) {
    ports.counters().check_failures.add();
    ports.log(LogLevel::kError, "bad answer for " + request_.address() + ": " + bad->error.text);
    std::get<OverLink>(state_).reject();
    // What was named may be what is wrong: the page comes whole next time.
    for (const page::Candidate& one : request_.named) ports.cache().erase(one.version->id);
    request_.named.clear();
    retry_or_fail(ports, is_idempotent(request_.http.method), 1,
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
        if constexpr (requires { state.deadline(); }) return state.deadline();
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
  } else if (auto* over = std::get_if<OverLink>(&state_)) {
    handle(ports, over->on_deadline(request_, ports));
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
