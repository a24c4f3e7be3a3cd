#include "railgund/proxy/listener_exchange.h"

#include <algorithm>
#include <utility>

#include "railgund/page/store_item.h"
#include "railgund/proxy/cf_railgun.h"
#include "railgund/proxy/forwarding.h"
#include "railgund/proxy/held_limits.h"
#include "railgund/proxy/host_rule.h"
#include "railgund/proxy/urgency.h"

namespace railgun::proxy {
namespace {

// Of a compressed body: one byte of it may become 1,032 bytes of page, which are all there at once.
constexpr std::size_t kCompressedPieceBytes = 4 * 1024;
// How long the head of a delta waits for the first bytes of the page, so that both leave together. An origin that takes
// longer holds its page back, maybe for minutes (a long poll, a watch), and the client wants to know that the request is
// under way.
constexpr Duration kHeadPause = std::chrono::milliseconds(20);

}  // namespace

ListenerExchange::ListenerExchange(config::ConfigPtr config, LinkStream stream, Ask ask, const KeyedHash& hash,
                                   Instant now)
    : config_(std::move(config)), stream_(std::move(stream)), ask_(std::move(ask)), hash_(hash), started_(now) {
  upload_ended_ = !has_body();
}

std::uint64_t ListenerExchange::number() const {
  return static_cast<std::uint64_t>(stream_.key().link) << 32 | static_cast<std::uint64_t>(stream_.key().stream);
}

bool ListenerExchange::has_body() const {
  return ask_.request.body.kind != http::BodyLength::Kind::kNone || !ask_.request.upgrade.empty();
}

void ListenerExchange::count_held(Context& context) {
  HeldBytes held = held_bytes();
  if (!page_under_way_.set(context.cache, held.page)) {
    writer_->keep_nothing();
    held = held_bytes();
  }
  held_account_.update(context.counters, context.most_held, held);
}

HeldBytes ListenerExchange::held_bytes() const {
  HeldBytes held{.upload = upload_.size(), .decoded = inbox_.size()};
  if (writer_) {
    held.decoded += writer_->held_bytes();
    held.coded = writer_->coded().size();
    held.page = writer_->kept_bytes();
  }
  return held;
}

void ListenerExchange::begin(const Ports& ports) {
  ports.counters().requests_started.add();
  http::Request request = ask_.request;
  config::MappedOrigin origin = config_->origins.find(request.host, request.secure);
  counts_ = &ports.counters().sites.at(host_name(request.host), origin.from_map && !origin.from_default);
  counts_->requests.add();
  if (auto judged = judge(ports, origin); !judged) return answer_error(ports, judged.error());
  // The sender has added this pair's name. Once more: it went out from here before.
  if (times_in_via(request.fields, pair_name(hash_)) > 1) {
    const std::string host(host_name(request.host));
    ports.log_limited(FrequentError::kLoop, "loop: a request for " + host +
                                                " came back from its origin: add the line " + host +
                                                " = ADDRESS, with the origin's own address, to the map file");
    ports.counters().answers_refused.add();
    return answer_ourselves(ports, {508, "The request came back to where it had been (" + host + ")"}, {});
  }
  const Link* link = ports.find_link(stream_.key().link);
  // A sender of version 1 keeps answers to GET alone.
  const bool is_kept = is_plain_get(request) || (link != nullptr && link->version >= 2);
  if (is_kept && has_references(request)) keys_ = keys_of(request, *config_);
  look_up_references(ports);
  if (ask_.lost && keys_ && link != nullptr) {
    ports.count_lost_reference(link->id);
    ports.cache().note_lost(*ask_.lost, link->process.number, keys_->audiences());
  }
  prepare_origin_request(request, *config_);
  if (config_->insecure_origin) {
    for (config::OriginTarget& target : origin.targets) {
      if (target.secure && target.endpoint.port == 443) target.endpoint.port = 80;
      target.secure = false;
    }
  }
  call_ = ports.ask_origin(origin, std::move(request), static_cast<std::uint64_t>(stream_.key().link));
}

// Whether this sender may ask for that. Errors: kInvalid.
Result<void> ListenerExchange::judge(const Ports& ports, const config::MappedOrigin& origin) const {
  const std::string_view host = host_name(ask_.request.host);
  const Link* link = ports.find_link(stream_.key().link);
  const std::vector<std::string>& more = config_->link_hosts;
  const bool is_more = std::find(more.begin(), more.end(), "*") != more.end() || (!more.empty() && allows(more, host));
  if (link != nullptr && !is_more && !allows(link->hosts, host)) {
    return railgun::fail(Errc::kInvalid,
                         "the sender at " + link->peer_name + " requested " + std::string(host) +
                             ", which its certificate does not name: issue it a certificate with that name or "
                             "with none, or add the host to link.hosts");
  }
  return judge_host(origin, ask_.request.host);
}

void ListenerExchange::look_up_references(const Ports& ports) {
  if (!keys_) return;
  if (!ask_.references.empty()) ports.counters().references_named.add();
  for (std::size_t i = 0; i < ask_.references.size(); ++i) {
    if (page::VersionPtr version = ports.cache().find(ask_.references[i], keys_->own.site))
      held_.push_back({static_cast<std::uint8_t>(i), std::move(version)});
  }
  // Only what is nearer than the one at hand is worth asking the store for.
  const std::size_t nearer = held_.empty() ? ask_.references.size() : held_.front().index;
  if (!ports.has_store() || nearer == 0) return;
  look_ups_end_ = ports.now() + config_->memcached_timeout;
  for (std::size_t i = 0; i < nearer; ++i) {
    look_ups_.push_back(
        {ports.look_up(page::store_key_of_version(keys_->own.site, ask_.references[i])), static_cast<std::uint8_t>(i)});
  }
}

// An answer against a version that the sender has lost means that the request is sent twice.
std::optional<ContentSearch> ListenerExchange::content_search(const Ports& ports) const {
  const Link* link = ports.find_link(stream_.key().link);
  if (!keys_ || !ask_.takes_found || link == nullptr || !link->may_find_content(ports.isolation()) ||
      link->has_lost_many(ports.now()))
    return std::nullopt;
  return ContentSearch{.cache = &ports.cache(), .process = link->process.number, .keys = *keys_};
}

// The rules are those by which the sender keeps it (OverLink::keep_page).
void ListenerExchange::note_held(const Ports& ports) const {
  const page::VersionPtr& version = writer_->version();
  const Link* link = ports.find_link(stream_.key().link);
  if (!keys_ || version == nullptr || writer_->keeps_reference() || !writer_->codes() || !is_plain_get(ask_.request) ||
      link == nullptr || !link->may_find_content(ports.isolation()))
    return;
  const std::uint64_t process = link->process.number;
  ports.cache().note_held(*version, {.process = process, .audience = keys_->own.audience});
  if (!keys_->is_private() || !ports.was_received(keys_->open->exact, version->id, keys_->visitor)) return;
  ports.cache().insert(version, *keys_->open);
  ports.cache().note_held(*version, {.process = process, .audience = keys_->open->audience});
}

void ListenerExchange::take(const Ports& ports, TicketId ticket, const std::optional<Bytes>& store_item) {
  const auto found = std::find_if(look_ups_.begin(), look_ups_.end(),
                                  [&](const NearerReference& nearer) { return nearer.lookup.ticket() == ticket; });
  if (found == look_ups_.end()) return;
  const std::uint8_t index = found->index;
  look_ups_.erase(found);
  if (look_ups_.empty()) record(ports.counters().spread.store_time, ports.now() - started_);
  if (store_item) {
    if (auto version =
            page::decode_item(*store_item, hash_, ask_.references[index], config_->reference_page_limit_bytes)) {
      ports.counters().store_hits.add();
      ports.cache().insert(version, keys_->own.site);
      const auto after = std::find_if(held_.begin(), held_.end(), [&](const auto& one) { return one.index > index; });
      held_.insert(after, {index, std::move(version)});
    }
  }
  pump(ports);
}

void ListenerExchange::take(const Ports& ports, StreamInput event) {
  if (const auto* data = std::get_if<link::DataReceived>(&event)) {
    upload_.append(data->data);
    take_body_start(data->data);
  } else if (auto* trailers = std::get_if<link::TrailersReceived>(&event)) {
    upload_trailers_ = std::move(trailers->fields);
  } else if (std::holds_alternative<link::EndReceived>(event)) {
    upload_ended_ = true;
  } else if (const auto* reset = std::get_if<link::StreamReset>(&event)) {
    return drop(ports, reset->code == link::ResetCode::kCancelled);
  } else if (std::holds_alternative<StreamLost>(event)) {
    return drop(ports, false);
  }
  pump(ports);
}

void ListenerExchange::take(const Ports& ports, CallInput event) {
  if (auto* received = std::get_if<http::ResponseReceived>(&event)) {
    response_ = std::move(received->response);
    origin_time_ = ports.now() - started_;
    record(ports.counters().spread.origin_time, origin_time_);
    origin_flags_ = call_->flags();
  } else if (const auto* interim = std::get_if<http::InterimReceived>(&event)) {
    return pass_interim(*interim);
  } else if (auto* body = std::get_if<http::ResponseBody>(&event)) {
    inbox_.append(std::move(body->bytes));
  } else if (std::holds_alternative<http::TunnelEnd>(event)) {
    origin_ended_ = true;
  } else if (auto* last = std::get_if<http::ResponseEnd>(&event)) {
    trailers_ = std::move(last->trailers);
    origin_ended_ = call_over_ = true;
  } else if (const auto* busy = std::get_if<OriginBusy>(&event)) {
    // Origins has logged why, once for all requests.
    return answer_ourselves(ports, busy_answer(*busy, ask_.request.host), {retry_after(*busy)});
  } else if (const auto* failure = std::get_if<http::ExchangeFailed>(&event)) {
    if (answer_sent_) return end();
    if (!writer_ || !writer_->has_begun()) return answer_error(ports, failure->error);
    const bool late = failure->error.code == Errc::kTimeout;
    return fail(ports, late ? link::ResetCode::kTimeout : link::ResetCode::kNoOrigin, failure->error.text);
  }
  pump(ports);
}

void ListenerExchange::take_body_start(ByteView bytes) {
  if (!keys_ || is_plain_get(ask_.request)) return;
  append(body_start_, bytes.first(std::min(bytes.size(), page::Action::kMostBody - body_start_.size())));
}

void ListenerExchange::pump(const Ports& ports) {
  if (finished_) return;
  pump_request();
  if (answer_sent_) {
    if (call_over_) end();
    return;
  }
  if (response_ && (look_ups_.empty() || ports.now() >= look_ups_end_)) begin_answer(ports);
  if (writer_ && !finished_) pump_answer(ports);
}

void ListenerExchange::pump_request() {
  if (!has_body() || upload_closed_) return;
  if (upload_ended_) call_->upload_at_hand();
  const std::size_t moved = std::min(upload_.size(), call_->writable_bytes());
  if (moved > 0) {
    call_->send(upload_.view().first(moved));
    upload_.consume(moved);
    stream_.consumed(moved);
  }
  if (!upload_ended_ || !upload_.empty() || call_->writable_bytes() == 0) return;
  call_->end(upload_trailers_);
  upload_closed_ = true;
}

// RFC 9110 15.2. But for 100, which the sender has answered.
void ListenerExchange::pass_interim(const http::InterimReceived& interim) {
  if (interim.status == 100) return;
  Answer answer;
  answer.response.status = interim.status;
  answer.response.fields = interim.fields;
  const EncodedHead head = encode_answer(answer);
  // One that does not fit the link is of no use to the client either.
  (void)stream_.send_interim(head.prelude, head.fields);
}

void ListenerExchange::begin_answer(const Ports& ports) {
  Counters& counters = ports.counters();
  if (!look_ups_.empty()) record(counters.spread.store_time, ports.now() - started_);
  look_ups_.clear();
  look_ups_end_ = kNever;

  status_ = response_->status;
  stream_.set_urgency(urgency_of(ask_.request, *response_));
  const Link* link = ports.find_link(stream_.key().link);
  writer_.emplace(*config_, hash_, link == nullptr ? 0 : link->speed.bytes_per_second());
  std::optional<ContentSearch> search = content_search(ports);
  if (keys_) {
    if (!body_start_.empty()) keys_ = keys_of(ask_.request, *config_, body_start_);
    keys_ = keys_after(ask_.request, *response_, *config_, *keys_, body_start_);
  }
  writer_->begin(ask_.request, std::move(*response_), held_, keys_.has_value(), std::move(search));
  response_.reset();
  if (writer_->was_gunzipped()) counters.gunzipped.add();
  head_at_latest_ = ports.now() + kHeadPause;
}

void ListenerExchange::send_head_if_due(const Ports& ports) {
  if (writer_->has_begun()) return;
  has_body_begun_ = has_body_begun_ || !inbox_.empty() || origin_ended_;
  if (!has_body_begun_ && ports.now() >= head_at_latest_) {
    writer_->begin_without_body();
  } else if (!has_body_begun_ && writer_->codes()) {
    return;
  }
  if (has_body_begun_) head_at_latest_ = kNever;
  std::optional<Answer> answer = writer_->take_head();
  if (!answer) return;
  head_at_latest_ = kNever;
  answer->is_held_back = !has_body_begun_ && answer->coding == Coding::kDelta;
  answer->origin_time = origin_time_;
  answer->flags = origin_flags_;
  if (!held_.empty() || answer->found) answer->flags |= kReferenceFound;
  count_answer(ports.counters(), *counts_, *answer);
  const EncodedHead head = encode_answer(*answer);
  if (auto sent = stream_.send_head(head.prelude, head.fields); !sent)
    fail(ports, link::ResetCode::kInternal, "the answer's head does not fit the link: " + sent.error().text);
}

void ListenerExchange::pump_answer(const Ports& ports) {
  for (;;) {
    send_head_if_due(ports);
    if (finished_) return;
    ByteQueue& coded = writer_->coded();
    const std::size_t sent = coded.empty() ? 0 : std::min(coded.size(), stream_.sendable());
    if (sent > 0) {
      stream_.send(coded.view().first(sent));
      coded.consume(sent);
    }
    if (writer_->is_finished() && coded.empty()) return finish(ports);
    const bool written = write_some(ports);
    if (finished_) return;
    if (sent == 0 && !written) break;
  }
  // What is left waits for the link, or for more.
  writer_->coded().trim();
  inbox_.trim();
}

bool ListenerExchange::write_some(const Ports& ports) {
  const std::size_t all_held = ports.held_decoded() + ports.held_coded();
  const std::size_t room = room_beside(all_held);
  const std::size_t piece = writer_->was_gunzipped() ? std::min(room, kCompressedPieceBytes) : room;
  const std::size_t taken = writer_->coded().size() < room ? std::min(inbox_.size(), piece) : std::size_t{0};
  const bool is_last = origin_ended_ && !writer_->is_finished() && taken == inbox_.size();
  if (taken == 0 && !is_last) return false;
  const Stopwatch work(ports.counters().clock);
  Result<void> done = taken == 0 ? Result<void>{} : writer_->write(inbox_.view().first(taken), ports.now());
  if (done && is_last) {
    done = writer_->finish();
  } else if (done) {
    writer_->flush_if_over(window_beside(all_held));
  }
  encode_time_ += work.elapsed();
  inbox_.consume(taken);
  if (taken > 0) call_->consumed(taken);
  // Asking again would not help: the sender is told so.
  if (!done) fail(ports, link::ResetCode::kBadMessage, done.error().text);
  return true;
}

void ListenerExchange::finish(const Ports& ports) {
  // Those that do not fit the link are dropped, as any hop may do (RFC 9110 6.5.1).
  if (ask_.request.accepts_trailers) (void)stream_.send_trailers(trailers_);
  stream_.end(writer_->trailer());
  if (writer_->lacked_its_check())
    ports.log(
        LogLevel::kError,
        address() + ": the origin's gzip body ends without its check, or with a wrong one; passed on, but not kept");
  const Passed passed{.page_bytes = writer_->page_bytes(), .coded_bytes = writer_->coded_bytes()};
  Distributions& spread = ports.counters().spread;
  ports.counters().requests_completed.add();
  count_passed(ports.counters(), *counts_, passed);
  record_total_time(spread, status_, ports.now() - started_);
  if (writer_->codes()) {
    record(spread.encode_time, encode_time_);
    record_sizes(spread, passed.page_bytes, passed.coded_bytes, writer_->has_reference());
  }
  const page::VersionPtr version = writer_->version();
  keep_version(ports,
               {.reference = writer_->reference(),
                .version = version,
                .is_reference = writer_->keeps_reference(),
                .strong_may_follow = writer_->may_use_strong()},
               keys_ ? &keys_->own : nullptr,
               keys_ && version ? page::store_key_of_version(keys_->own.site, version->id) : std::string{});
  note_held(ports);
  if (ports.logs(LogLevel::kInformation)) {
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(ports.now() - started_).count();
    ports.log(LogLevel::kInformation, ask_.request.method + " " + address() + " " + std::to_string(passed.page_bytes) +
                                          " bytes as " + std::to_string(passed.coded_bytes) + ", " +
                                          std::to_string(took) + " ms");
  }
  // The client's direction of a tunnel may go on.
  answer_sent_ = status_ == 101 && !call_over_;
  if (!answer_sent_) end();
}

void ListenerExchange::answer_error(const Ports& ports, const Error& error) {
  if (error.code == Errc::kInvalid) {
    // What a stranger asks for fills no log.
    ports.counters().answers_refused.add();
    ports.log_limited(FrequentError::kRefused, "refused: " + error.text);
  } else {
    ports.log(LogLevel::kError, address() + ": " + error.text);
  }
  answer_ourselves(ports, error_answer(error, ask_.request.host), {});
}

void ListenerExchange::answer_ourselves(const Ports& ports, const ErrorAnswer& made, const Fields& extra) {
  count_failure(ports.counters(), counts_);
  const std::string text = made.line + "\n";
  Answer answer;
  answer.from_listener = true;
  answer.response.status = made.status;
  answer.response.fields = {{"content-type", "text/plain; charset=utf-8"}, {"cache-control", "no-store"}};
  answer.response.fields.insert(answer.response.fields.end(), extra.begin(), extra.end());
  answer.response.body = {.kind = http::BodyLength::Kind::kKnown, .bytes = text.size()};
  const EncodedHead head = encode_answer(answer);
  // A fixed head fits every link. If the link is lost, this does nothing.
  if (stream_.send_head(head.prelude, head.fields)) {
    if (ask_.request.method != "HEAD" && stream_.sendable() >= text.size()) stream_.send(as_bytes(text));
    stream_.end({});
  }
  end();
}

void ListenerExchange::fail(const Ports& ports, link::ResetCode code, const std::string& reason) {
  ports.log(LogLevel::kError, address() + ": " + reason);
  stream_.reset(code);
  drop(ports, false);
}

void ListenerExchange::drop(const Ports& ports, bool client_left) {
  if (answer_sent_) return end();
  if (client_left) {
    ports.counters().requests_aborted.add();
  } else {
    count_failure(ports.counters(), counts_);
  }
  end();
}

void ListenerExchange::end() {
  stream_.release();
  call_.reset();
  look_ups_.clear();
  finished_ = true;
}

Instant ListenerExchange::deadline() const {
  Instant earliest = response_ ? look_ups_end_ : kNever;
  if (writer_) earliest = std::min({earliest, writer_->deadline(), head_at_latest_});
  return earliest;
}

void ListenerExchange::on_deadline(const Ports& ports) {
  if (writer_) {
    const Stopwatch work(ports.counters().clock);
    writer_->on_deadline(ports.now());
    encode_time_ += work.elapsed();
  }
  pump(ports);
}

}  // namespace railgun::proxy
