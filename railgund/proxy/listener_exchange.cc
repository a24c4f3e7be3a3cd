#include "railgund/proxy/listener_exchange.h"

#include <algorithm>

#include "railgund/page/store_item.h"
#include "railgund/proxy/cf_railgun.h"
#include "railgund/proxy/forwarding.h"

namespace railgun::proxy {
namespace {

// Coded bytes held for a link that is slow to take them; over it the origin is not read.
constexpr std::size_t kCodedRoom = 64 * 1024;
// What the writer is given at a time.
constexpr std::size_t kPieceBytes = 64 * 1024;

}  // namespace

ListenerExchange::ListenerExchange(config::ConfigPtr config, ExchangeKey key, Ask ask, Instant now)
    : config_(std::move(config)), key_(key), ask_(std::move(ask)), started_(now) {
  upload_ended_ = ask_.request.body.kind == http::BodyLength::Kind::kNone && ask_.request.upgrade.empty();
}

void ListenerExchange::begin(Ends& ends, Instant now) {
  ends.context.counters.requests_started.add();
  http::Request request = ask_.request;
  if (request.method == "GET" && request.upgrade.empty()) {
    keys_ = keys_of(request, *config_);
    has_keys_ = true;
  }
  look_up_references(ends, now);
  prepare_origin_request(request, *config_);
  config::MappedOrigin origin = config_->origins.find(request.host, request.secure);
  counts_ = &ends.context.counters.sites.at(host_name(request.host), origin.from_map && !origin.from_default);
  counts_->requests.add();
  if (config_->insecure_origin) {
    for (config::OriginTarget& target : origin.targets) {
      if (target.secure && target.endpoint.port == 443) target.endpoint.port = 80;
      target.secure = false;
    }
  }
  call_ = ends.origins.begin(origin, std::move(request), now);
  ends.routes.calls[call_] = key_;
}

void ListenerExchange::look_up_references(Ends& ends, Instant now) {
  if (!ask_.references.empty()) ends.context.counters.references_named.add();
  for (std::size_t i = 0; i < ask_.references.size(); ++i) {
    if (page::VersionPtr version = ends.context.cache.find(ask_.references[i])) {
      held_ = HeldReference{static_cast<std::uint8_t>(i), std::move(version)};
      break;
    }
  }
  // Only what is nearer than the one at hand is worth asking the store for.
  const std::size_t nearer = held_ ? held_->index : ask_.references.size();
  if (!ends.context.has_store || nearer == 0) return;
  look_ups_end_ = now + config_->memcached_timeout;
  for (std::size_t i = 0; i < nearer; ++i) {
    const TicketId ticket = ends.context.new_ticket();
    look_ups_.push_back({ticket, static_cast<std::uint8_t>(i)});
    ends.routes.tickets[ticket] = key_;
    ends.context.counters.store_gets.add();
    ends.context.add(StoreGet{ticket, page::store_key_of_version(ask_.references[i])});
  }
}

void ListenerExchange::store_answer(Ends& ends, TicketId ticket, const std::optional<Bytes>& item, Instant now) {
  const auto found =
      std::find_if(look_ups_.begin(), look_ups_.end(), [&](const LookUp& l) { return l.ticket == ticket; });
  if (found == look_ups_.end()) return;
  const std::uint8_t index = found->index;
  look_ups_.erase(found);
  ends.routes.tickets.erase(ticket);
  if (look_ups_.empty()) record(ends.context.counters.spread.store_time, now - started_);
  if (item && (!held_ || index < held_->index)) {
    if (auto version =
            page::decode_item(*item, ends.hash, ask_.references[index], config_->reference_page_limit_bytes)) {
      ends.context.counters.store_hits.add();
      ends.context.cache.insert(version);
      held_ = HeldReference{index, std::move(version)};
    }
  }
  pump(ends, now);
}

void ListenerExchange::stream_event(Ends& ends, link::Event event, Instant now) {
  if (finished_) return;
  if (const auto* data = std::get_if<link::DataReceived>(&event)) {
    upload_.append(data->data);
  } else if (std::holds_alternative<link::EndReceived>(event)) {
    upload_ended_ = true;
  } else if (std::holds_alternative<link::StreamReset>(event)) {
    drop(ends, now);
    return;
  }
  pump(ends, now);
}

void ListenerExchange::call_event(Ends& ends, http::ClientEvent event, Instant now) {
  if (finished_) return;
  if (auto* received = std::get_if<http::ResponseReceived>(&event)) {
    response_ = std::move(received->response);
    origin_time_ = now - started_;
    record(ends.context.counters.spread.origin_time, origin_time_);
    origin_flags_ = ends.origins.flags(call_);
  } else if (auto* body = std::get_if<http::ResponseBody>(&event)) {
    inbox_.append(std::move(body->bytes));
  } else if (std::holds_alternative<http::ResponseEnd>(event)) {
    origin_ended_ = true;
  } else if (const auto* failure = std::get_if<http::ExchangeFailed>(&event)) {
    ends.routes.calls.erase(call_);
    ends.origins.cancel(call_, now);
    ends.context.log(LogLevel::kError, ask_.request.host + ask_.request.target + ": " + failure->error.text);
    if (writer_) {
      fail(ends, failure->error.code == Errc::kTimeout ? link::ResetCode::kTimeout : link::ResetCode::kNoOrigin, now);
    } else {
      answer_error(ends, failure->error, now);
    }
    return;
  }
  pump(ends, now);
}

void ListenerExchange::pump(Ends& ends, Instant now) {
  if (finished_) return;
  Link* link = ends.peers.find(key_.link);
  if (link == nullptr) {
    drop(ends, now);
    return;
  }
  pump_request(ends, *link, now);
  if (response_ && (look_ups_.empty() || now >= look_ups_end_)) begin_answer(ends, now);
  if (writer_) pump_answer(ends, *link, now);
  link = ends.peers.find(key_.link);
  if (link != nullptr) ends.peers.touch(*link, now);
}

void ListenerExchange::pump_request(Ends& ends, Link& link, Instant now) {
  const std::size_t moved = std::min(upload_.size(), ends.origins.writable_bytes(call_));
  if (moved > 0) {
    ends.origins.send_body(call_, upload_.view().first(moved), now);
    upload_.consume(moved);
    link.mux.consumed(key_.stream, moved);
  }
  const bool has_body = ask_.request.body.kind != http::BodyLength::Kind::kNone || !ask_.request.upgrade.empty();
  if (has_body && upload_ended_ && upload_.empty() && !upload_closed_ && ends.origins.writable_bytes(call_) > 0) {
    ends.origins.send_end(call_, now);
    upload_closed_ = true;
  }
}

void ListenerExchange::begin_answer(Ends& ends, Instant now) {
  Link* link = ends.peers.find(key_.link);
  if (!look_ups_.empty()) record(ends.context.counters.spread.store_time, now - started_);
  for (const LookUp& look_up : look_ups_) ends.routes.tickets.erase(look_up.ticket);
  look_ups_.clear();
  look_ups_end_ = kNever;

  status_ = response_->status;
  writer_.emplace(*config_, ends.hash, link != nullptr ? link->speed.bytes_per_second() : 0);
  Answer answer = writer_->begin(ask_.request, std::move(*response_), held_);
  response_.reset();
  answer.origin_time = origin_time_;
  answer.flags = origin_flags_;
  if (held_) answer.flags |= kReferenceFound;
  Counters& counters = ends.context.counters;
  (answer.coding == Coding::kRaw ? counters.answers_stream
   : answer.reference            ? counters.answers_delta
                                 : counters.answers_full)
      .add();
  (answer.coding == Coding::kRaw ? counts_->stream : answer.reference ? counts_->delta : counts_->full).add();
  if (answer.reference) counters.references_found.add();
  if (writer_->was_gunzipped()) counters.gunzipped.add();
  const EncodedHead head = encode_answer(answer);
  if (auto sent = link->mux.send_head(key_.stream, head.prelude, head.fields); !sent) {
    ends.context.log(LogLevel::kError, ask_.request.host + ask_.request.target +
                                           ": the answer's head does not fit the link: " + sent.error().text);
    fail(ends, link::ResetCode::kInternal, now);
  }
}

void ListenerExchange::pump_answer(Ends& ends, Link& link, Instant now) {
  for (;;) {
    if (finished_) return;
    ByteQueue& coded = writer_->coded();
    const std::size_t sent = std::min(coded.size(), link.mux.sendable(key_.stream));
    if (sent > 0) {
      link.mux.send_data(key_.stream, coded.view().first(sent));
      coded.consume(sent);
    }
    const std::size_t taken = coded.size() < kCodedRoom ? std::min(inbox_.size(), kPieceBytes) : 0;
    if (taken > 0) {
      const Stopwatch work(ends.context.counters.clock);
      const Result<void> written = writer_->write(inbox_.view().first(taken), now);
      encode_time_ += work.elapsed();
      inbox_.consume(taken);
      ends.origins.body_consumed(call_, taken, now);
      if (!written) {
        ends.context.log(LogLevel::kError, ask_.request.host + ask_.request.target + ": " + written.error().text);
        return fail(ends, link::ResetCode::kNoOrigin, now);
      }
    }
    if (inbox_.empty() && origin_ended_ && !writer_->is_finished()) {
      const Stopwatch work(ends.context.counters.clock);
      const Result<void> finished = writer_->finish();
      encode_time_ += work.elapsed();
      if (!finished) {
        ends.context.log(LogLevel::kError, ask_.request.host + ask_.request.target + ": " + finished.error().text);
        return fail(ends, link::ResetCode::kNoOrigin, now);
      }
      continue;
    }
    if (writer_->is_finished() && coded.empty()) return finish(ends, link, now);
    if (sent == 0 && taken == 0) return;
  }
}

void ListenerExchange::finish(Ends& ends, Link& link, Instant now) {
  Context& context = ends.context;
  link.mux.send_end(key_.stream, writer_->trailer());
  context.counters.requests_completed.add();
  context.counters.page_bytes.add(writer_->page_bytes());
  context.counters.coded_bytes.add(writer_->coded_bytes());
  counts_->page_bytes.add(writer_->page_bytes());
  counts_->coded_bytes.add(writer_->coded_bytes());
  measure(ends, now);
  // Coding the answer may have prepared it.
  if (held_) context.cache.recount(held_->version->id);
  if (const page::VersionPtr version = writer_->version()) {
    const bool known = has_keys_ && context.cache.insert(version, keys_);
    if (context.has_store && version->keep == page::Keep::kStoreToo && !writer_->keeps_reference()) {
      context.counters.store_puts.add();
      context.add(StorePut{page::store_key_of_version(version->id), page::encode_item(*version)});
    }
    const bool strong = writer_->may_use_strong();
    if (known && !version->reference.is_prepared(strong)) context.add(Prepare{version, strong});
  }
  if (context.logs(LogLevel::kInformation)) {
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(now - started_).count();
    context.log(LogLevel::kInformation, ask_.request.method + " " + ask_.request.host + ask_.request.target + " " +
                                            std::to_string(writer_->page_bytes()) + " bytes as " +
                                            std::to_string(writer_->coded_bytes()) + ", " + std::to_string(took) +
                                            " ms");
  }
  ends.routes.calls.erase(call_);
  ends.origins.cancel(call_, now);
  finished_ = true;
}

void ListenerExchange::measure(Ends& ends, Instant now) {
  Distributions& spread = ends.context.counters.spread;
  // A WebSocket lasts as long as its ends like.
  if (status_ != 101) record(spread.total_time, now - started_);
  if (!writer_->codes()) return;
  record(spread.encode_time, encode_time_);
  record_sizes(spread, writer_->page_bytes(), writer_->coded_bytes(), writer_->has_reference());
}

void ListenerExchange::count_failure(Ends& ends) {
  ends.context.counters.requests_failed.add();
  if (counts_ != nullptr) counts_->failed.add();
}

void ListenerExchange::answer_error(Ends& ends, const Error& error, Instant now) {
  Link* link = ends.peers.find(key_.link);
  if (link == nullptr) return drop(ends, now);
  count_failure(ends);
  const ErrorAnswer made = error_answer(error, ask_.request.host);
  const std::string text = made.line + "\n";
  Answer answer;
  answer.from_listener = true;
  answer.response.status = made.status;
  answer.response.fields = {{"content-type", "text/plain; charset=utf-8"}, {"cache-control", "no-store"}};
  answer.response.body = {.kind = http::BodyLength::Kind::kKnown, .bytes = text.size()};
  const EncodedHead head = encode_answer(answer);
  const bool sent = link->mux.send_head(key_.stream, head.prelude, head.fields).has_value();
  if (sent && ask_.request.method != "HEAD") link->mux.send_data(key_.stream, as_bytes(text));
  if (sent) link->mux.send_end(key_.stream, {});
  ends.peers.touch(*link, now);
  for (const LookUp& look_up : look_ups_) ends.routes.tickets.erase(look_up.ticket);
  finished_ = true;
}

void ListenerExchange::fail(Ends& ends, link::ResetCode code, Instant now) {
  if (Link* link = ends.peers.find(key_.link)) {
    link->mux.reset(key_.stream, code);
    ends.peers.touch(*link, now);
  }
  drop(ends, now);
}

void ListenerExchange::drop(Ends& ends, Instant now) {
  if (finished_) return;
  finished_ = true;
  count_failure(ends);
  ends.routes.calls.erase(call_);
  ends.origins.cancel(call_, now);
  for (const LookUp& look_up : look_ups_) ends.routes.tickets.erase(look_up.ticket);
}

Instant ListenerExchange::deadline() const {
  Instant earliest = response_ ? look_ups_end_ : kNever;
  if (writer_) earliest = std::min(earliest, writer_->deadline());
  return earliest;
}

void ListenerExchange::on_deadline(Ends& ends, Instant now) {
  if (writer_) {
    const Stopwatch work(ends.context.counters.clock);
    writer_->on_deadline(now);
    encode_time_ += work.elapsed();
  }
  pump(ends, now);
}

}  // namespace railgun::proxy
