// Sending: control frames in their order, then data of the streams in turns.
#include <algorithm>

#include "railgund/base/check.h"
#include "railgund/link/mux_state.h"

namespace railgun::link {
namespace {

// Data frames are limited to the room that the caller has, but have at least this size.
constexpr std::size_t kSmallestRoomBytes = 512;

// How often streams whose data waits are looked at for progress.
constexpr Duration kScanEvery = std::chrono::seconds(5);

}  // namespace

bool Mux::State::wants_write() const {
  if (!greeting_out.empty() || !control.empty()) return true;
  return link_send.credit() > 0 && turns.any([this](std::uint32_t id) { return can_take_turn(streams.at(id)); });
}

std::size_t Mux::State::pull(Bytes& to, std::size_t most, Instant now) {
  const std::size_t start = to.size();
  if (!greeting_out.empty()) {
    append(to, greeting_out);
    greeting_out = Bytes{};
  }
  const auto room = [&] { return most - std::min(most, to.size() - start); };
  while (!control.empty()) {
    const Frame frame = control.front();
    if (to.size() > start && kMaxHeaderBytes + frame.payload.size() > room()) break;
    emit(frame.header, frame.payload, to, now);
    control.pop();
    if ((frame.header.flags & kFlagEnd) != 0) end_sent(frame.header.stream);
  }
  while (control.empty() && !turns.empty() && link_send.credit() > 0) {
    if (to.size() > start && room() < kSmallestRoomBytes) break;
    emit_data(to, std::max(room(), kSmallestRoomBytes), now);
  }
  if (next_scan == kNever && queued_bytes > 0) next_scan = now + kScanEvery;
  const std::size_t pulled = to.size() - start;
  counters.bytes_sent += pulled;
  return pulled;
}

void Mux::State::emit(const FrameHeader& header, ByteView payload, Bytes& to, Instant now) {
  encode_header(header, previous_sent, to);
  append(to, payload);
  ++counters.frames_sent;
  if (header.is(FrameType::kPing)) keepalive.ping_sent(now);
  if (header.is(FrameType::kHead) || header.is(FrameType::kStreamWindow)) expect_answer(now);
}

// One frame of the stream whose turn it is, unless it has taken its share; it and the link have credit.
void Mux::State::emit_data(Bytes& to, std::size_t room, Instant now) {
  const std::uint32_t id = turns.next();
  Stream* stream = find(id);
  RAILGUN_CHECK(stream != nullptr);
  turns.remove(id, stream->turn);

  if (!can_take_turn(*stream)) {
    stream->is_parked = true;
    parked.push_back(id);
    return;
  }
  Bytes trailer;
  if (stream->end_wanted && !stream->trailer.empty()) {
    ByteWriter out(trailer);
    out.varint(stream->trailer.size());
    out.bytes(stream->trailer);
  }
  const std::size_t most_payload = std::min(room - kMaxHeaderBytes, kMaxPayloadBytes);
  const std::uint64_t credit = std::min({stream->send.credit(), link_send.credit(), share_left(*stream)});
  const std::size_t queued = stream->queue.size();
  const bool ends = stream->end_wanted && queued <= credit && trailer.size() + queued <= most_payload;
  if (!ends) trailer.clear();
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>({queued, credit, most_payload - trailer.size()}));

  std::uint8_t flags = 0;
  if (ends) flags = trailer.empty() ? kFlagEnd : kFlagEnd | kFlagTrailer;
  encode_header({.type = static_cast<std::uint8_t>(FrameType::kData),
                 .flags = flags,
                 .stream = id,
                 .payload_bytes = trailer.size() + count},
                previous_sent, to);
  append(to, trailer);
  stream->queue.take(to, count);
  turns.charge(stream->turn, count);
  stream->send.spend(count);
  link_send.spend(count);
  ++counters.frames_sent;
  stream->idle_scans = 0;
  stream->sent_bytes += count;
  queued_bytes -= count;
  expect_answer(now);

  if (stream->writable_due && !stream->end_wanted && stream->queue.size() <= queue_limit() / 2) {
    stream->writable_due = false;
    events.push_back(StreamWritable{StreamId{id}});
  }
  if (ends) {
    end_sent(id);
  } else if (stream->end_wanted && stream->queue.empty()) {
    queue_end(id, stream->trailer);  // it did not fit into the last data frame
  } else {
    take_turn(id, *stream);
  }
}

// The stream has data and credit: it waits for its turn.
void Mux::State::take_turn(std::uint32_t id, Stream& stream) {
  if (stream.turn.waits() || stream.queue.empty() || stream.send.credit() == 0) return;
  if (stream.is_parked) {
    stream.is_parked = false;
    std::erase(parked, id);
  }
  turns.add(id, stream.turn);
}

// The link has more credit, so every stream's share may have grown.
void Mux::State::unpark() {
  for (const std::uint32_t id : parked) {
    Stream* stream = find(id);
    RAILGUN_CHECK(stream != nullptr);
    stream->is_parked = false;
    turns.add(id, stream->turn);
  }
  parked.clear();
}

// Its share has room for all that it has to send, or for a piece that is no crumb.
bool Mux::State::can_take_turn(const Stream& stream) const {
  return share_left(stream) >= std::min<std::uint64_t>(stream.queue.size(), send_share.stream_grant());
}

std::uint64_t Mux::State::share_left(const Stream& stream) const {
  const std::uint64_t share = send_share.of_stream(link_send.credit());
  return share - std::min(share, stream.send.outstanding());
}

// What an asker sends, but for resets, has an answer or more of one to follow.
void Mux::State::expect_answer(Instant now) {
  if (role == Role::kAsker) keepalive.sent(now);
}

// What a stream may have queued. It never falls to 0, so that a stream whose queue is empty can always go on.
std::size_t Mux::State::queue_limit() const {
  const std::uint64_t left = limits.link_queue_bytes - std::min<std::uint64_t>(queued_bytes, limits.link_queue_bytes);
  return static_cast<std::size_t>(queue_share.of_stream(left));
}

// Whether the stream got no credit for stall_timeout, or less of it than least_rate asks for. To be called at each scan.
bool Mux::State::is_stalled(Stream& stream) const {
  const bool has_credit = stream.turn.waits() && link_send.credit() > 0;
  if (stream.queue.empty()) {
    stream.waiting_scans = 0;
    stream.sent_bytes = 0;
  }
  if (stream.queue.empty() || has_credit) {
    stream.idle_scans = 0;
    return false;
  }
  if (++stream.idle_scans * kScanEvery > limits.stall_timeout) return true;
  if (++stream.waiting_scans * kScanEvery <= limits.stall_timeout) return false;
  const auto least =
      static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(limits.stall_timeout).count()) *
      limits.least_rate;
  if (stream.sent_bytes < least) return true;
  stream.waiting_scans = 0;
  stream.sent_bytes = 0;
  return false;
}

// Resets the streams whose data has waited for credit too long. A stream that has credit waits for the transport only,
// which is not the stream's fault.
void Mux::State::find_stalled(Instant now) {
  std::vector<std::uint32_t> stalled;
  for (auto& [id, stream] : streams) {
    if (is_stalled(stream)) stalled.push_back(id);
  }
  std::ranges::sort(stalled);
  for (const std::uint32_t id : stalled) {
    queue_number(FrameType::kReset, id, static_cast<std::uint64_t>(ResetCode::kTimeout));
    ++counters.resets;
    drop(id);
    events.push_back(StreamReset{.stream = StreamId{id}, .code = ResetCode::kTimeout});
  }
  next_scan = queued_bytes > 0 ? now + kScanEvery : kNever;
}

void Mux::State::end_sent(std::uint32_t id) {
  Stream* stream = find(id);
  if (stream == nullptr) return;
  stream->end_sent = true;
  close_if_ended(id, *stream);
}

Result<ControlQueue::Ticket> Mux::State::queue_head(std::uint32_t id, ByteView prelude, const Fields& fields,
                                                    std::uint8_t flags) {
  const std::size_t most = std::min<std::size_t>(limits.head_bytes, peer->head_bytes);
  const std::size_t bytes = prelude.size() + fields_bytes(fields);
  if (bytes > most) {
    return fail(Errc::kTooLarge,
                "head: " + std::to_string(bytes) + " bytes, at most " + std::to_string(most) + " may be");
  }
  Bytes head;
  ByteWriter out(head);
  out.varint(prelude.size());
  out.bytes(prelude);
  if (auto encoded = head_encoder.encode(fields, head); !encoded) return std::unexpected(std::move(encoded.error()));
  ByteView rest = head;
  for (; rest.size() > kMaxPayloadBytes; rest = rest.subspan(kMaxPayloadBytes)) {
    control.push(FrameType::kHead, kFlagMore, id, rest.first(kMaxPayloadBytes));
  }
  return control.push(FrameType::kHead, flags, id, rest);
}

void Mux::State::queue_number(FrameType type, std::uint32_t id, std::uint64_t number) {
  if (error) return;
  Bytes payload;
  ByteWriter(payload).varint(number);
  control.push(type, 0, id, payload);
}

void Mux::State::queue_end(std::uint32_t id, ByteView trailer) {
  Bytes payload;
  if (!trailer.empty()) {
    ByteWriter out(payload);
    out.varint(trailer.size());
    out.bytes(trailer);
  }
  control.push(FrameType::kData, trailer.empty() ? kFlagEnd : kFlagEnd | kFlagTrailer, id, payload);
}

void Mux::State::grant_link() {
  if (const std::uint64_t grant = link_receive.take_grant(WindowShare::link_grant(limits.link_window_bytes));
      grant > 0) {
    queue_number(FrameType::kLinkWindow, 0, grant);
  }
}

}  // namespace railgun::link
