// The answer to a request: what it is compared with, its head, its body as the link takes it, and errors in its place.
#include <algorithm>
#include <utility>

#include "railgund/page/store_item.h"
#include "railgund/proxy/cf_railgun.h"
#include "railgund/proxy/forwarding.h"
#include "railgund/proxy/held_limits.h"
#include "railgund/proxy/listener_exchange.h"
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
  if (!keys_ || version == nullptr || writer_->keeps_reference() || !is_plain_get(ask_.request) || link == nullptr)
    return;
  const page::VersionPtr shared =
      keys_->is_private() ? share_version(ports, link->id, ask_.request, *keys_, version, hash_) : nullptr;
  if (!writer_->codes() || !link->may_find_content(ports.isolation())) return;
  const std::uint64_t process = link->process.number;
  ports.cache().note_held(*version, {.process = process, .audience = keys_->own.audience});
  if (shared) ports.cache().note_held(*shared, {.process = process, .audience = keys_->open->audience});
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
  AnswerWriter::To to;
  if (link != nullptr)
    to = {.bytes_per_second = link->speed.bytes_per_second(),
          .has_starting_text = link->has_starting_text,
          .has_coded_much = link->has_coded_many_assets(ports.now()),
          .codes_tunnel = ask_.codes_tunnel};
  writer_.emplace(*config_, hash_, to);
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
  if (writer_->codes_tunnel()) {
    if (!context_) context_ = ports.tunnel_context();
    writer_->allow_context(context_.has_value());
  }
  const std::uint64_t coded_before = writer_->coded_bytes();
  const Stopwatch work(ports.counters().clock);
  Result<void> done = taken == 0 ? Result<void>{} : writer_->write(inbox_.view().first(taken), ports.now());
  if (done && is_last) {
    done = writer_->finish();
  } else if (done) {
    writer_->flush_if_over(window_beside(all_held));
  }
  encode_time_ += work.elapsed();
  if (writer_->codes_tunnel()) ports.count_tunnel(taken, writer_->coded_bytes() - coded_before);
  if (!writer_->has_context()) context_.reset();
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
  if (writer_->took_much()) ports.count_asset(stream_.key().link);
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
               !keys_    ? nullptr
               : version ? &ports.cache().keys_to_keep(version->id, *keys_)
                         : &keys_->own,
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

}  // namespace railgun::proxy
