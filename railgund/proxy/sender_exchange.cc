#include "railgund/proxy/sender_exchange.h"

#include <algorithm>

#include "railgund/page/store_item.h"
#include "railgund/proxy/cf_railgun.h"
#include "railgund/proxy/forwarding.h"

namespace railgun::proxy {
namespace {

// How long it waits for the store: well under a round trip, or asking would cost more than it saves.
constexpr Duration kStorePatience = std::chrono::milliseconds(15);
// Rebuilt bytes held for a client that is slow to take them.
constexpr std::size_t kBodyRoom = 64 * 1024;

}  // namespace

SenderExchange::SenderExchange(config::ConfigPtr config, http::Request request, std::uint64_t number, Instant now)
    : config_(std::move(config)), request_(std::move(request)), number_(number), started_(now) {
  upload_ended_ = request_.body.kind == http::BodyLength::Kind::kNone && request_.upgrade.empty();
}

std::string SenderExchange::id() const {
  const auto digits = request_id(number_);
  return {digits.begin(), digits.end()};
}

void SenderExchange::begin(Ends& ends, Instant now) {
  ends.context.counters.current_request.set(number_);
  ends.context.counters.requests_started.add();
  const std::string_view host_asked = host_name(request_.host);
  site_ = config::find_site(*config_, host_asked);
  SiteTable& sites = ends.context.counters.sites;
  counts_ = site_ == nullptr ? &sites.other() : &sites.at(host_asked, site_->host == host_asked);
  counts_->requests.add();
  if (site_ == nullptr) {
    ends.context.counters.answers_refused.add();
    const std::string host(host_asked);
    answer_error(ends, 421,
                 "This sender does not serve '" + host + "': set site." + host + ".listeners in railgun.conf", now);
    return;
  }
  if (request_.expects_continue) ends.client.send_interim(100, {});
  add_visitor_fields(request_, ends.client_address, config_->trusted_proxies);
  if (request_.method == "GET" && request_.upgrade.empty()) {
    keys_ = keys_of(request_, *config_);
    named_ = ends.context.cache.candidates(keys_);
    if (named_.empty() && ends.context.has_store) {
      ticket_ = ends.context.new_ticket();
      ends.routes.tickets[ticket_] = ends.client_id;
      ends.context.counters.store_gets.add();
      ends.context.add(StoreGet{ticket_, page::store_key_of_page(keys_.exact)});
      way_ = Way::kStore;
      deadline_ = now + std::min(kStorePatience, config_->memcached_timeout);
      return;
    }
  }
  choose_way(ends, now);
}

void SenderExchange::store_answer(Ends& ends, const std::optional<Bytes>& item, Instant now) {
  if (way_ != Way::kStore) return;
  ends.routes.tickets.erase(ticket_);
  record(ends.context.counters.spread.store_time, now - started_);
  // The id is checked against the key of the listener that will be asked: another listener's page would not be known
  // there.
  Link* link = ends.peers.pick(site_->listeners, host_name(request_.host));
  if (item && link != nullptr) {
    if (page::VersionPtr version =
            page::decode_item(*item, *link->reference_hash, std::nullopt, config_->reference_page_limit_bytes)) {
      ends.context.counters.store_hits.add();
      ends.context.cache.insert(version, keys_);
      named_.push_back(std::move(version));
    }
  }
  choose_way(ends, now);
}

void SenderExchange::choose_way(Ends& ends, Instant now) {
  if (Link* link = ends.peers.pick(site_->listeners, host_name(request_.host))) {
    deadline_ = kNever;
    ask_link(ends, *link, now);
  } else if (ends.peers.is_pending(site_->listeners) && (way_ != Way::kWaiting || now < deadline_)) {
    if (way_ != Way::kWaiting) deadline_ = now + config_->link_wait;
    way_ = Way::kWaiting;
  } else {
    deadline_ = kNever;
    ask_origin(ends, way_ == Way::kWaiting ? "waiting for pending WAN connection" : "starting new WAN connection", now);
  }
}

void SenderExchange::link_ready(Ends& ends, Instant now) {
  if (way_ == Way::kWaiting) choose_way(ends, now);
}

void SenderExchange::ask_link(Ends& ends, Link& link, Instant now) {
  Ask ask;
  ask.request = request_;
  if (named_.size() > kMostReferences) named_.resize(kMostReferences);
  for (const page::VersionPtr& version : named_) ask.references.push_back(version->id);
  const EncodedHead head = encode_ask(ask);
  auto stream = link.mux.open(head.prelude, head.fields);
  if (!stream) {
    if (stream.error().code == Errc::kTooLarge) {
      answer_error(ends, 431, "The request's head is too large for the link", now);
    } else {
      ask_origin(ends, "internal error", now);
    }
    return;
  }
  way_ = Way::kLink;
  link_ = link.id;
  stream_ = *stream;
  asked_ = now;
  decode_time_ = {};
  build_ = link.greeting->build;
  ends.routes.streams[{link_, stream_}] = ends.client_id;
  ends.context.counters.references_named.add(named_.empty() ? 0 : 1);
  reader_.emplace(named_, link.reference_hash, config_->reference_page_limit_bytes, request_.method == "HEAD");
  pump_request(ends, now);
  ends.peers.touch(link, now);
}

void SenderExchange::ask_origin(Ends& ends, std::string reason, Instant now) {
  if (!site_->origin) {
    ends.context.counters.answers_527.add();
    const std::string host(host_name(request_.host));
    const Absence absence = ends.peers.absence(site_->listeners, host);
    ends.context.log_limited("no link for " + host + ": " + absence.advice, now);
    answer_error(ends, 527, "No link to a listener of '" + host + "' (" + absence.brief + ")", now);
    return;
  }
  way_ = Way::kDirect;
  direct_reason_ = std::move(reason);
  asked_ = now;
  ends.context.counters.answers_direct.add();
  counts_->direct.add();
  // The visitor's own Accept-Encoding goes on: nothing is to be compared here.
  const config::MappedOrigin origin{.targets = {*site_->origin}};
  call_ = ends.origins.begin(origin, request_, now);
  ends.routes.calls[call_] = ends.client_id;
}

void SenderExchange::client_event(Ends& ends, http::ServerEvent event, Instant now) {
  if (auto* body = std::get_if<http::RequestBody>(&event)) {
    upload_.append(std::move(body->bytes));
  } else if (auto* tunnel = std::get_if<http::TunnelBytes>(&event)) {
    upload_.append(std::move(tunnel->bytes));
  } else if (std::holds_alternative<http::RequestEnd>(event) || std::holds_alternative<http::TunnelEnd>(event)) {
    if (std::holds_alternative<http::TunnelEnd>(event) || request_.upgrade.empty()) upload_ended_ = true;
  } else if (std::holds_alternative<http::ClientGone>(event)) {
    drop(ends, now);
  }
  pump(ends, now);
}

void SenderExchange::link_event(Ends& ends, link::Event event, Instant now) {
  if (way_ != Way::kLink) return;
  if (auto* head = std::get_if<link::HeadReceived>(&event)) {
    if (auto read = reader_->head(head->prelude, std::move(head->fields)); !read)
      return bad_answer(ends, read.error(), now);
    record(ends.context.counters.spread.link_time, now - asked_);
    if (!reader_->answer().from_listener)
      record(ends.context.counters.spread.origin_time, reader_->answer().origin_time);
  } else if (const auto* data = std::get_if<link::DataReceived>(&event)) {
    reader_->data(data->data);
  } else if (const auto* end = std::get_if<link::EndReceived>(&event)) {
    if (!reader_->has_head()) return bad_answer(ends, {Errc::kMalformed, "answer without a head"}, now);
    if (auto read = reader_->end(end->trailer); !read) return bad_answer(ends, read.error(), now);
  } else if (const auto* reset = std::get_if<link::StreamReset>(&event)) {
    leave_link(ends, std::nullopt, now);
    return link_failed(ends, "the listener gave up the request", reset->code == link::ResetCode::kRefused, now);
  }
  pump(ends, now);
}

void SenderExchange::link_lost(Ends& ends, const std::string& reason, Instant now) {
  if (way_ != Way::kLink) return;
  if (reader_->has_end()) {
    // The whole answer is here: only the client has yet to take it.
    ends.routes.streams.erase({link_, stream_});
    return;
  }
  leave_link(ends, std::nullopt, now);
  link_failed(ends, reason, false, now);
}

// The request goes on elsewhere if nobody has seen any of its answer and it may be sent twice.
void SenderExchange::link_failed(Ends& ends, const std::string& reason, bool not_processed, Instant now) {
  if (head_sent_) {
    count_failure(ends);
    ends.client.abort();
    way_ = Way::kFinished;
    return;
  }
  if (!upload_begun_ && !asked_again_ && (not_processed || is_idempotent(request_.method))) {
    asked_again_ = true;
    ends.context.counters.asked_again.add();
    upload_closed_ = false;
    choose_way(ends, now);
    return;
  }
  ends.context.counters.answers_527.add();
  answer_error(ends, 527, "The link broke before the answer came: " + reason, now);
}

bool SenderExchange::may_ask_again() const {
  return !head_sent_ && !asked_again_ && !upload_begun_ && is_idempotent(request_.method);
}

void SenderExchange::bad_answer(Ends& ends, const Error& error, Instant now) {
  ends.context.counters.check_failures.add();
  ends.context.log(LogLevel::kError, "bad answer for " + request_.host + request_.target + ": " + error.text);
  leave_link(ends, link::ResetCode::kBadMessage, now);
  // What was named may be what is wrong: the page comes whole next time.
  for (const page::VersionPtr& version : named_) ends.context.cache.erase(version->id);
  named_.clear();
  if (may_ask_again()) {
    asked_again_ = true;
    ends.context.counters.asked_again.add();
    upload_closed_ = false;
    choose_way(ends, now);
  } else if (!head_sent_) {
    ends.context.counters.answers_527.add();
    answer_error(ends, 527, "The answer that came over the link could not be rebuilt", now);
  } else {
    count_failure(ends);
    ends.client.abort();
    way_ = Way::kFinished;
  }
}

void SenderExchange::leave_link(Ends& ends, std::optional<link::ResetCode> reset, Instant now) {
  ends.routes.streams.erase({link_, stream_});
  reader_.reset();
  if (Link* link = ends.peers.find(link_); link != nullptr && reset) {
    link->mux.reset(stream_, *reset);
    ends.peers.touch(*link, now);
  }
  way_ = Way::kStart;
}

void SenderExchange::call_event(Ends& ends, http::ClientEvent event, Instant now) {
  if (way_ != Way::kDirect) return;
  if (auto* received = std::get_if<http::ResponseReceived>(&event)) {
    http::Response& response = received->response;
    add_header(response.fields, format_cf_railgun({.passage = Passage::kDirect, .reason = direct_reason_}));
    status_ = response.status;
    head_sent_ = true;
    record(ends.context.counters.spread.origin_time, now - asked_);
    if (response.status == 101) {
      ends.client.switch_to_tunnel(response, now);
    } else {
      ends.client.send_response(response, now);
    }
  } else if (auto* body = std::get_if<http::ResponseBody>(&event)) {
    direct_bytes_ += body->bytes.size();
    direct_body_.append(std::move(body->bytes));
  } else if (std::holds_alternative<http::ResponseEnd>(event)) {
    direct_ended_ = true;
  } else if (const auto* failure = std::get_if<http::ExchangeFailed>(&event)) {
    ends.routes.calls.erase(call_);
    ends.origins.cancel(call_, now);
    way_ = Way::kStart;
    if (head_sent_) {
      count_failure(ends);
      ends.client.abort();
      way_ = Way::kFinished;
    } else {
      const ErrorAnswer answer = error_answer(failure->error, request_.host);
      answer_error(ends, answer.status, answer.line, now);
    }
    return;
  }
  pump(ends, now);
}

void SenderExchange::pump(Ends& ends, Instant now) {
  pump_request(ends, now);
  pump_answer(ends, now);
}

void SenderExchange::pump_request(Ends& ends, Instant now) {
  std::size_t moved = 0;
  if (way_ == Way::kLink) {
    Link* link = ends.peers.find(link_);
    if (link == nullptr) return;
    moved = std::min(upload_.size(), link->mux.sendable(stream_));
    if (moved > 0) link->mux.send_data(stream_, upload_.view().first(moved));
    if (upload_ended_ && moved == upload_.size() && !upload_closed_) {
      link->mux.send_end(stream_, {});
      upload_closed_ = true;
    }
    ends.peers.touch(*link, now);
  } else if (way_ == Way::kDirect) {
    moved = std::min(upload_.size(), ends.origins.writable_bytes(call_));
    if (moved > 0) ends.origins.send_body(call_, upload_.view().first(moved), now);
    const bool has_body = request_.body.kind != http::BodyLength::Kind::kNone || !request_.upgrade.empty();
    if (has_body && upload_ended_ && moved == upload_.size() && !upload_closed_) {
      // An end before the connection is up would be lost: the bytes before it could not be written either.
      if (ends.origins.writable_bytes(call_) == 0) return;
      ends.origins.send_end(call_, now);
      upload_closed_ = true;
    }
  }
  if (moved == 0) return;
  upload_begun_ = true;
  upload_.consume(moved);
  ends.client.body_consumed(moved, now);
}

void SenderExchange::pump_answer(Ends& ends, Instant now) {
  if (way_ == Way::kDirect) {
    const std::size_t count = std::min(direct_body_.size(), ends.client.writable_bytes());
    if (count > 0) {
      ends.client.send_body(direct_body_.view().first(count), now);
      direct_body_.consume(count);
      ends.origins.body_consumed(call_, count, now);
    }
    if (direct_ended_ && direct_body_.empty()) finish(ends, now);
    return;
  }
  if (way_ != Way::kLink || !reader_ || !reader_->has_head()) return;
  Link* link = ends.peers.find(link_);
  for (;;) {
    const Stopwatch work(ends.context.counters.clock);
    auto used = reader_->rebuild(kBodyRoom);
    decode_time_ += work.elapsed();
    if (!used) return bad_answer(ends, used.error(), now);
    if (*used > 0 && link != nullptr) link->mux.consumed(stream_, *used);
    // A delta's head waits for its first checked bytes: until then the request can still be repeated.
    const bool ready = reader_->answer().coding == Coding::kRaw || !reader_->body().empty() || reader_->is_complete();
    if (ready && !head_sent_) send_head_from_link(ends, now);
    const std::size_t count = head_sent_ ? std::min(reader_->body().size(), ends.client.writable_bytes()) : 0;
    if (count > 0) {
      ends.client.send_body(reader_->body().first(count), now);
      reader_->body_taken(count);
    }
    if (count == 0 && *used == 0) break;
  }
  if (link != nullptr) ends.peers.touch(*link, now);
  if (reader_->is_complete() && reader_->body().empty()) finish(ends, now);
}

std::string SenderExchange::header_for_link() const {
  const Answer& answer = reader_->answer();
  CfRailgun header;
  header.passage = answer.coding == Coding::kDelta ? Passage::kDelta : Passage::kStream;
  if (answer.from_listener) header.passage = Passage::kNormal;
  header.id = id();
  header.flags = static_cast<std::uint16_t>(answer.flags | (named_.empty() ? 0 : kReferenceNamed));
  header.version = build_;
  header.origin_time = std::chrono::duration_cast<std::chrono::microseconds>(answer.origin_time);
  // Of what has come so far, which is all of it but for pages of several windows.
  if (reader_->page_bytes() > 0) {
    header.ratio_hundredths = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(10000 * reader_->coded_bytes() / reader_->page_bytes(), 9999999));
  }
  return format_cf_railgun(header);
}

void SenderExchange::add_header(Fields& fields, const std::string& value) const {
  if (config_->header_name.empty()) return;
  remove_fields(fields, config_->header_name);
  fields.push_back({config_->header_name, value});
}

void SenderExchange::send_head_from_link(Ends& ends, Instant now) {
  http::Response response = reader_->answer().response;
  add_header(response.fields, header_for_link());
  status_ = response.status;
  head_sent_ = true;
  Counters& counters = ends.context.counters;
  const Answer& answer = reader_->answer();
  (answer.coding == Coding::kRaw ? counters.answers_stream
   : answer.reference            ? counters.answers_delta
                                 : counters.answers_full)
      .add();
  (answer.coding == Coding::kRaw ? counts_->stream : answer.reference ? counts_->delta : counts_->full).add();
  if (answer.reference) counters.references_found.add();
  if (response.status == 101) {
    ends.client.switch_to_tunnel(response, now);
  } else {
    ends.client.send_response(response, now);
  }
}

void SenderExchange::finish(Ends& ends, Instant now) {
  Context& context = ends.context;
  context.counters.requests_completed.add();
  measure(ends, now);
  std::string how = "direct";
  std::uint64_t page_bytes = direct_bytes_;
  std::uint64_t coded_bytes = direct_bytes_;
  if (way_ == Way::kLink) {
    page_bytes = reader_->page_bytes();
    coded_bytes = reader_->coded_bytes();
    context.counters.page_bytes.add(page_bytes);
    context.counters.coded_bytes.add(coded_bytes);
    counts_->page_bytes.add(page_bytes);
    counts_->coded_bytes.add(coded_bytes);
    // Rebuilding the answer may have prepared it.
    if (const page::VersionPtr reference = reader_->reference()) context.cache.recount(reference->id);
    if (const page::VersionPtr version = reader_->version()) {
      const bool known = context.cache.insert(version, keys_);
      if (context.has_store && version->keep == page::Keep::kStoreToo && !reader_->keeps_reference()) {
        context.counters.store_puts.add();
        context.add(StorePut{page::store_key_of_page(keys_.exact), page::encode_item(*version)});
      }
      const bool strong = reader_->strong_may_follow();
      if (known && !version->reference.is_prepared(strong)) context.add(Prepare{version, strong});
    }
    if (context.logs(LogLevel::kInformation)) how = header_for_link();
    ends.routes.streams.erase({link_, stream_});
    // An answer may end before the request's body does: nobody wants the rest of it.
    if (!upload_closed_) {
      if (Link* link = ends.peers.find(link_)) {
        link->mux.reset(stream_, link::ResetCode::kCancelled);
        ends.peers.touch(*link, now);
      }
    }
  } else {
    ends.routes.calls.erase(call_);
    ends.origins.cancel(call_, now);
  }
  ends.client.send_end(now);
  way_ = Way::kFinished;
  if (context.logs(LogLevel::kInformation)) {
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(now - started_).count();
    context.log(LogLevel::kInformation, request_.method + " " + request_.host + request_.target + " " +
                                            std::to_string(status_) + " " + std::to_string(page_bytes) + " bytes as " +
                                            std::to_string(coded_bytes) + ", " + std::to_string(took) + " ms [" + how +
                                            "]");
  }
}

void SenderExchange::measure(Ends& ends, Instant now) {
  Distributions& spread = ends.context.counters.spread;
  // A WebSocket lasts as long as its ends like.
  if (status_ != 101) record(spread.total_time, now - started_);
  if (way_ != Way::kLink || reader_->answer().coding != Coding::kDelta) return;
  record(spread.decode_time, decode_time_);
  record_sizes(spread, reader_->page_bytes(), reader_->coded_bytes(), reader_->answer().reference.has_value());
}

void SenderExchange::count_failure(Ends& ends) {
  ends.context.counters.requests_failed.add();
  if (counts_ != nullptr) counts_->failed.add();
}

void SenderExchange::answer_error(Ends& ends, unsigned status, const std::string& line, Instant now) {
  count_failure(ends);
  ends.context.log(LogLevel::kInformation, request_.method + " " + request_.host + request_.target + " " +
                                               std::to_string(status) + ": " + line);
  Fields extra;
  add_header(extra, format_cf_railgun({.passage = Passage::kNormal, .id = id(), .version = "0000"}));
  ends.client.send_error(status, line, extra, now);
  way_ = Way::kFinished;
}

void SenderExchange::on_deadline(Ends& ends, Instant now) {
  if (now < deadline_) return;
  if (way_ == Way::kStore) {
    store_answer(ends, std::nullopt, now);
  } else if (way_ == Way::kWaiting) {
    choose_way(ends, now);
  }
  pump(ends, now);
}

void SenderExchange::drop(Ends& ends, Instant now) {
  if (way_ == Way::kStore) ends.routes.tickets.erase(ticket_);
  if (way_ == Way::kLink) leave_link(ends, link::ResetCode::kCancelled, now);
  if (way_ == Way::kDirect) {
    ends.routes.calls.erase(call_);
    ends.origins.cancel(call_, now);
  }
  if (way_ != Way::kFinished) count_failure(ends);
  way_ = Way::kFinished;
}

}  // namespace railgun::proxy
