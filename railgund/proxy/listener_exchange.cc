// What happens to a request at the listener, up to its answer, which is in listener_exchange_answer.cc.
#include "railgund/proxy/listener_exchange.h"

#include <algorithm>
#include <utility>

#include "railgund/page/store_item.h"
#include "railgund/proxy/forwarding.h"
#include "railgund/proxy/held_limits.h"
#include "railgund/proxy/host_rule.h"

namespace railgun::proxy {
ListenerExchange::ListenerExchange(config::ConfigPtr config, LinkStream stream, Ask ask, const KeyedHash& hash,
                                   Instant now)
    : config_(std::move(config)), stream_(std::move(stream)), ask_(std::move(ask)), hash_(hash), started_(now) {
  upload_ended_ = !has_body();
  if (ask_.codes_tunnel) upload_decoder_.emplace(tunnel::is_websocket(ask_.request.upgrade));
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
  HeldBytes held{.upload = upload_.size() + coded_upload_.size(), .decoded = inbox_.size()};
  if (upload_decoder_) held.upload += upload_decoder_->held_bytes();
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
    (upload_decoder_ ? coded_upload_ : upload_).append(data->data);
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
  pump_request(ports);
  if (finished_) return;
  if (answer_sent_) {
    if (call_over_) end();
    return;
  }
  if (response_ && (look_ups_.empty() || ports.now() >= look_ups_end_)) begin_answer(ports);
  if (writer_ && !finished_) pump_answer(ports);
}

void ListenerExchange::pump_request(const Ports& ports) {
  if (!has_body() || upload_closed_) return;
  if (upload_ended_) call_->upload_at_hand();
  for (;;) {
    if (!decode_upload(ports)) return;
    const std::size_t moved = std::min(upload_.size(), call_->writable_bytes());
    if (moved == 0) break;
    call_->send(upload_.view().first(moved));
    upload_.consume(moved);
    if (!upload_decoder_) stream_.consumed(moved);
  }
  if (!upload_ended_ || !upload_.empty() || call_->writable_bytes() == 0) return;
  call_->end(upload_trailers_);
  upload_closed_ = true;
  upload_decoder_.reset();
  stream_.set_context(false);
}

bool ListenerExchange::decode_upload(const Ports& ports) {
  if (!upload_decoder_) return true;
  while (!coded_upload_.empty() && upload_.size() < kLeastRoom) {
    Bytes made;
    const auto used = upload_decoder_->decode(coded_upload_.view(), kLeastRoom - upload_.size(), made);
    if (!used) return fail(ports, link::ResetCode::kBadMessage, used.error().text), false;
    coded_upload_.consume(*used);
    stream_.consumed(*used);
    ports.count_tunnel(made.size(), *used);
    upload_.append(std::move(made));
  }
  const bool is_cut = upload_ended_ && coded_upload_.empty() && !upload_decoder_->is_between_chunks();
  if (!is_cut && stream_.set_context(upload_decoder_->has_context())) return true;
  fail(ports, link::ResetCode::kBadMessage,
       is_cut ? "a tunnel ends within a chunk" : "the link has too many tunnels with a context");
  return false;
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
    const std::uint64_t coded_before = writer_->coded_bytes();
    writer_->on_deadline(ports.now());
    encode_time_ += work.elapsed();
    if (writer_->codes_tunnel()) ports.count_tunnel(0, writer_->coded_bytes() - coded_before);
    if (!writer_->has_context()) context_.reset();
  }
  pump(ports);
}

}  // namespace railgun::proxy
