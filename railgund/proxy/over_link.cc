#include "railgund/proxy/over_link.h"

#include <algorithm>
#include <utility>

#include "railgund/page/store_item.h"
#include "railgund/proxy/cf_railgun.h"
#include "railgund/proxy/forwarding.h"
#include "railgund/proxy/held_limits.h"

namespace railgun::proxy {
Result<OverLink> OverLink::ask(SenderRequest& request, const SenderPorts& ports, const Link& link) {
  Ask ask;
  ask.request = request.http;
  add_via(ask.request, link.via_name);
  // A listener of version 1 compares answers to GET alone.
  if (link.version < 2 && !is_plain_get(request.http)) request.named.clear();
  ask.request.accepts_trailers = ask.request.accepts_trailers && link.takes_trailers;
  if (request.named.size() > kMostReferences) request.named.resize(kMostReferences);
  std::vector<page::VersionPtr> named;
  for (const page::Candidate& one : request.named) {
    ask.references.push_back(one.version->id);
    named.push_back(one.version);
  }
  if (link.finds_content) ask.lost = request.lost;
  ask.takes_found = !ask.lost && is_plain_get(request.http) && has_references(request.http) &&
                    link.may_find_content(ports.isolation());
  ask.codes_tunnel =
      link.codes_tunnels && !request.http.upgrade.empty() && request.http.body.kind == http::BodyLength::Kind::kNone;
  const EncodedHead head = encode_ask(ask);
  auto stream = ports.open_stream(link, head.prelude, head.fields);
  if (!stream) return std::unexpected(stream.error());
  if (!request.named.empty()) ports.counters().references_named.add();
  AnswerReader reader(std::move(named), link.reference_hash, request.config->reference_page_limit_bytes,
                      request.http.method == "HEAD");
  OverLink over(*std::move(stream), std::move(reader), link, ports.now());
  if (ask.codes_tunnel) over.upload_coder_.emplace(tunnel::is_websocket(request.http.upgrade));
  over.pump_request(request, ports);
  return over;
}

Progress OverLink::take(SenderRequest& request, const SenderPorts& ports, StreamInput event) {
  if (auto* head = std::get_if<link::HeadReceived>(&event); head != nullptr && head->is_interim)
    return take_interim(ports, std::move(*head));
  if (auto* trailers = std::get_if<link::TrailersReceived>(&event))
    request.answer_trailers = std::move(trailers->fields);
  Progress progress = read(request, ports, std::move(event));
  return std::holds_alternative<UnderWay>(progress) ? pump(request, ports) : progress;
}

Progress OverLink::read(const SenderRequest& request, const Ports& ports, StreamInput event) {
  if (auto* head = std::get_if<link::HeadReceived>(&event)) {
    if (auto read = reader_.head(head->prelude, std::move(head->fields)); !read) return BadAnswer{read.error()};
    if (reader_.answer().codes_tunnel && !upload_coder_)
      return BadAnswer{{Errc::kMalformed, "a tunnel that is coded and was not asked for so"}};
    if (const auto& found = reader_.answer().found) {
      // It may have left, or be another visitor's.
      page::VersionPtr version = ports.cache().find(*found, request.keys);
      if (!version) return ReferenceLost{*found};
      reader_.give(std::move(version));
    }
    Distributions& spread = ports.counters().spread;
    record(spread.link_time, ports.now() - asked_);
    if (!reader_.answer().from_listener) record(spread.origin_time, reader_.answer().origin_time);
    const http::Response& response = reader_.answer().response;
    if (reader_.answer().from_listener && request.has_error_page(response.status)) {
      const Field* const retry = find_field(response.fields, "retry-after");
      return ListenerAnswered{response.status, retry != nullptr ? Fields{*retry} : Fields{}};
    }
  } else if (const auto* data = std::get_if<link::DataReceived>(&event)) {
    reader_.data(data->data);
  } else if (const auto* end = std::get_if<link::EndReceived>(&event)) {
    if (!reader_.has_head()) return BadAnswer{{Errc::kMalformed, "answer without a head"}};
    if (auto read = reader_.end(end->trailer); !read) return BadAnswer{read.error()};
  } else if (const auto* reset = std::get_if<link::StreamReset>(&event)) {
    if (!reader_.has_end()) {
      if (reset->code == link::ResetCode::kBadMessage)
        return OriginFailed{{Errc::kMalformed, "its body is broken; the listener's log says how"}};
      return LinkFailed{.reason = "the listener gave up the request",
                        .not_processed = reset->code == link::ResetCode::kRefused};
    }
  } else if (const auto* lost = std::get_if<StreamLost>(&event)) {
    // If the whole answer is here, only the client has yet to take it.
    if (!reader_.has_end()) return LinkFailed{.reason = lost->reason, .not_processed = false, .link_lost = true};
    upload_closed_ = true;
  }
  return UnderWay{};
}

Progress OverLink::take_late(const SenderRequest& request, const Ports& ports, StreamInput event) {
  Progress progress = read(request, ports, std::move(event));
  return std::holds_alternative<UnderWay>(progress) ? pump_late() : progress;
}

Progress OverLink::pump_late() {
  for (std::size_t used = 1; used > 0;) {
    auto rebuilt = reader_.rebuild(kLeastRoom);
    if (!rebuilt) return BadAnswer{rebuilt.error()};
    used = *rebuilt;
    stream_.consumed(used);
    reader_.body_taken(reader_.body().size());
  }
  if (!reader_.is_complete()) return UnderWay{};
  return Complete{};
}

void OverLink::keep_late(const SenderRequest& request, const Ports& ports) {
  keep_page(request, ports);
  stream_.release();
}

Progress OverLink::take_interim(const SenderPorts& ports, link::HeadReceived head) {
  auto answer = decode_answer(head.prelude, std::move(head.fields), 0);
  if (!answer) return BadAnswer{answer.error()};
  const http::Response& response = answer->response;
  if (response.status < 102 || response.status > 199)
    return BadAnswer{{Errc::kMalformed, "interim answer with a status of its own"}};
  ports.client.send_interim(response.status, response.fields, ports.now());
  return UnderWay{};
}

Progress OverLink::pump(SenderRequest& request, const SenderPorts& ports) {
  pump_request(request, ports);
  return pump_answer(request, ports);
}

void OverLink::pump_request(SenderRequest& request, const SenderPorts& ports) {
  if (upload_closed_) return;
  if (upload_coder_) {
    request.upload_taken(ports, send_coded(request.upload.view(), ports));
  } else if (!request.upload.empty()) {
    request.upload_taken(ports, send_upload(request.upload.view()));
  }
  if (!request.upload_ended || !request.upload.empty() || !coded_upload_.empty()) return;
  // Those that do not fit the link are dropped, as any hop may do (RFC 9110 6.5.1).
  if (takes_trailers_) (void)stream_.send_trailers(request.upload_trailers);
  stream_.end({});
  upload_closed_ = true;
  upload_coder_.reset();
  context_.reset();
}

std::size_t OverLink::send_upload(ByteView upload) {
  const std::size_t count = std::min(upload.size(), stream_.sendable());
  if (count > 0) stream_.send(upload.first(count));
  return count;
}

std::size_t OverLink::send_coded(ByteView upload, const Ports& ports) {
  std::size_t coded = 0;
  for (;;) {
    if (!coded_upload_.empty()) coded_upload_.consume(send_upload(coded_upload_.view()));
    if (!coded_upload_.empty() || coded == upload.size()) return coded;
    const ByteView piece = upload.subspan(coded, std::min(upload.size() - coded, tunnel::kMostPieceBytes));
    if (!context_) context_ = ports.tunnel_context();
    Bytes made;
    upload_coder_->encode(piece, ports.now(), context_.has_value(), made);
    if (!upload_coder_->has_context()) context_.reset();
    ports.count_tunnel(piece.size(), made.size());
    coded_upload_.append(std::move(made));
    coded += piece.size();
  }
}

Progress OverLink::on_deadline(SenderRequest& request, const SenderPorts& ports) {
  if (ports.now() < deadline()) return UnderWay{};
  Bytes made;
  upload_coder_->on_deadline(ports.now(), made);
  if (!upload_coder_->has_context()) context_.reset();
  ports.count_tunnel(0, made.size());
  coded_upload_.append(std::move(made));
  return pump(request, ports);
}

Progress OverLink::pump_answer(SenderRequest& request, const SenderPorts& ports) {
  if (!reader_.has_head()) return UnderWay{};
  std::size_t consumed = 0;
  for (;;) {
    const Stopwatch work(ports.counters().clock);
    // What waits for the client at its connection takes of the room: only one of the two is full for a slow client.
    const std::size_t room = room_beside(ports.held_decoded());
    const std::uint64_t rebuilt_before = reader_.page_bytes();
    auto used = reader_.rebuild(room - std::min(room, ports.client.waiting_bytes()));
    decode_time_ += work.elapsed();
    if (!used) return BadAnswer{used.error()};
    if (reader_.answer().codes_tunnel) {
      ports.count_tunnel(reader_.page_bytes() - rebuilt_before, *used);
      if (!stream_.set_context(reader_.has_context()))
        return BadAnswer{{Errc::kMalformed, "the link has too many tunnels with a context"}};
    }
    consumed += *used;
    // A delta's head waits for its first checked bytes: until then the request can still be repeated. It does not wait for
    // an origin that holds its page back.
    const bool ready = reader_.answer().coding == Coding::kRaw || reader_.answer().is_held_back ||
                       !reader_.body().empty() || reader_.is_complete();
    if (ready && !request.head_sent) {
      count_answer(ports.counters(), *request.counts, reader_.answer());
      request.way = way_of(reader_.answer());
      request.link_time = ports.now() - asked_;
      request.origin_time = reader_.answer().origin_time;
      request.send_head(ports, reader_.answer().response,
                        header(request, request.is_from_trusted_proxy || request.config->header_exact));
    }
    const std::size_t count = request.send_body(ports, reader_.body());
    if (count > 0) reader_.body_taken(count);
    if (count == 0 && *used == 0) break;
  }
  stream_.consumed(consumed);
  if (!reader_.is_complete() || !reader_.body().empty()) return UnderWay{};
  if (request.status != 101 || upload_closed_) return Complete{};
  // The origin has ended its direction of a tunnel: the client's may go on.
  ports.client.send_end(ports.now());
  return UnderWay{};
}

std::string OverLink::header(const SenderRequest& request, bool is_exact) const {
  const Answer& answer = reader_.answer();
  CfRailgun header;
  // The size of a delta whose head has not waited for it is not known.
  const bool is_known = reader_.page_bytes() > 0 || reader_.is_complete();
  header.passage = answer.coding == Coding::kDelta && is_known ? Passage::kDelta : Passage::kStream;
  if (answer.from_listener) header.passage = Passage::kNormal;
  header.id = request.id();
  header.flags = static_cast<std::uint16_t>(answer.flags | (request.named.empty() ? 0 : kReferenceNamed));
  header.version = build_;
  header.origin_time = std::chrono::duration_cast<std::chrono::microseconds>(answer.origin_time);
  // Of what has come so far, which is all of it but for pages of several windows.
  if (reader_.page_bytes() > 0) {
    header.ratio_hundredths = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(10000 * reader_.coded_bytes() / reader_.page_bytes(), 9999999));
  }
  if (!is_exact) header.ratio_hundredths = coarse_ratio(header.ratio_hundredths);
  return format_cf_railgun(header);
}

void OverLink::keep_page(const SenderRequest& request, const Ports& ports) {
  const page::RequestKeys keys =
      keys_after(request.http, reader_.answer().response, *request.config, request.keys, request.body_start);
  const page::VersionPtr version = reader_.version();
  // A visitor's own page is in this memory alone: nobody would look for it in the store.
  const page::PageKeys& kept_under = version ? ports.cache().keys_to_keep(version->id, keys) : keys.own;
  keep_version(ports,
               {.reference = reader_.reference(),
                .version = version,
                .is_reference = reader_.keeps_reference(),
                .strong_may_follow = reader_.strong_may_follow()},
               &kept_under, keys.is_private() ? std::string{} : page::store_key_of_page(keys.own.exact));
  if (!keys.is_private() || version == nullptr || reader_.keeps_reference() || !is_plain_get(request.http)) return;
  (void)share_version(ports, stream_.key().link, request.http, keys, version, *reader_.hash());
}

void OverLink::count_way(const SenderRequest& request, const Ports& ports) const {
  const Answer& answer = reader_.answer();
  const Passed all = passed();
  const auto count = [&](WholeBecause reason) {
    count_whole(ports.counters(), *request.counts, reason, all.coded_bytes);
  };
  // Neither a page of the listener's own, nor one without a body, nor a tunnel.
  if (answer.from_listener || all.page_bytes == 0 || request.status == 101) return;
  if (answer.is_against_reference()) {
    const page::FoundBy by = answer.reference ? request.named[*answer.reference].by : page::FoundBy::kContent;
    count_reference(ports.counters(), *request.counts, by, all);
  } else if (answer.coding == Coding::kRaw) {
    count(WholeBecause::kType);
  } else if (all.page_bytes > request.config->reference_page_limit_bytes) {
    count(WholeBecause::kLarge);
  } else if (reader_.version() == nullptr) {
    count(WholeBecause::kUnkept);
  } else {
    count(request.named.empty() ? WholeBecause::kUnknown : WholeBecause::kMissing);
  }
}

void OverLink::count_left(const SenderRequest& request, Counters& counters) const {
  if (!reader_.has_head() || reader_.answer().is_against_reference() || passed().coded_bytes == 0) return;
  count_whole(counters, *request.counts, WholeBecause::kLeft, passed().coded_bytes);
}

Passed OverLink::finish(SenderRequest& request, const SenderPorts& ports) {
  const Passed all = passed();
  count_passed(ports.counters(), *request.counts, all);
  if (reader_.answer().coding == Coding::kDelta) {
    Distributions& spread = ports.counters().spread;
    record(spread.decode_time, decode_time_);
    const Answer& answer = reader_.answer();
    record_sizes(spread, all.page_bytes, all.coded_bytes, answer.is_against_reference());
  }
  count_way(request, ports);
  keep_page(request, ports);
  // An answer may end before the request's body does: nobody wants the rest of it then.
  if (upload_closed_) {
    stream_.release();
  } else {
    stream_.reset(link::ResetCode::kCancelled);
  }
  return all;
}

}  // namespace railgun::proxy
