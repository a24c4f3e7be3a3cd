// Receiving: checks each frame against the rules of doc/PROTOCOL.md and turns it into events.
#include <algorithm>
#include <string>
#include <utility>

#include "railgund/link/mux_state.h"

namespace railgun::link {
namespace {

// Small pieces of one stream that arrive together are delivered together.
constexpr std::size_t kJoinedDataBytes = 16 * 1024;

Error too_often(const char* what) { return {Errc::kUnavailable, std::string("the peer sends too many ") + what}; }

std::string on_stream(std::uint32_t id) { return " on stream " + std::to_string(id); }

ResetCode reset_code(std::uint64_t number) {
  const bool known = number >= 1 && number <= static_cast<std::uint64_t>(ResetCode::kTimeout);
  return known ? static_cast<ResetCode>(number) : ResetCode::kInternal;
}

}  // namespace

Result<void> Mux::State::receive(ByteView bytes, Instant now) {
  if (error) return std::unexpected(*error);
  if (bytes.empty()) return {};
  counters.bytes_received += bytes.size();
  keepalive.heard(now);
  const auto process = [&]() -> Result<void> {
    if (!peer) {
      if (auto greeted = receive_greeting(bytes, now); !greeted) return greeted;
      if (!peer) return {};
    }
    while (true) {
      auto frame = frames_in.next(bytes);
      if (!frame) return std::unexpected(std::move(frame.error()));
      if (!*frame) return {};
      ++counters.frames_received;
      if (auto received = receive_frame(**frame, now); !received) return received;
    }
  };
  auto processed = process();
  if (!processed) fail_link(processed.error());
  return processed;
}

Result<void> Mux::State::receive_greeting(ByteView& bytes, Instant now) {
  const std::size_t before = greeting_in.size();
  append(greeting_in, bytes.first(std::min(bytes.size(), kMaxGreetingBytes - before)));
  auto decoded = decode_greeting(greeting_in);
  if (!decoded) return std::unexpected(std::move(decoded.error()));
  if (!*decoded) {
    bytes = {};
    return {};
  }
  bytes = bytes.subspan((*decoded)->bytes - before);
  greeting_in = Bytes{};
  Greeting& greeting = (*decoded)->greeting;
  if (greeting.role == role) {
    const std::string both = role == Role::kAsker ? "both ends ask" : "both ends answer";
    return fail(Errc::kUnsupported, both + ": one of the two must have the other role");
  }
  link_send = SendWindow(greeting.link_window_bytes);
  events.push_back(HelloReceived{.payload = greeting.payload,
                                 .version = std::min<unsigned>(kHighestVersion, greeting.highest_version),
                                 .takes_trailers = (greeting.features & kFeatureTrailers) != 0,
                                 .finds_content = (greeting.features & kFeatureContent) != 0,
                                 .has_starting_text = (greeting.features & kFeatureStartingText) != 0,
                                 .codes_tunnels = (greeting.features & kFeatureTunnels) != 0,
                                 .process = greeting.process});
  peer = std::move(greeting);
  const std::size_t allowed = role == Role::kAsker ? peer->streams : limits.streams;
  send_share = WindowShare::of_window(peer->stream_window_bytes, peer->link_window_bytes, allowed);
  queue_share = WindowShare::of_queue(limits.stream_queue_bytes, limits.link_queue_bytes, allowed);
  receive_share = WindowShare::of_window(limits.stream_window_bytes, limits.link_window_bytes, allowed);
  queue_number(FrameType::kPing, 0, keepalive.ping(now));
  return {};
}

Result<void> Mux::State::receive_frame(const Frame& frame, Instant now) {
  if (head_stream != 0 && (!frame.header.is(FrameType::kHead) || frame.header.stream != head_stream)) {
    return fail(Errc::kMalformed, "HEAD: broken off by another frame" + on_stream(head_stream));
  }
  if (!frame.header.is_of_link()) return receive_stream_frame(frame, now);
  switch (static_cast<FrameType>(frame.header.type)) {
    case FrameType::kLinkWindow:
      return receive_link_window(frame);
    case FrameType::kPing:
      return receive_ping(frame, now);
    case FrameType::kPong:
      return receive_pong(frame, now);
    case FrameType::kGoAway:
      return receive_go_away(frame, now);
    default:
      if (!rates.unknown.take(now)) return std::unexpected(too_often("frames of unknown types"));
      return {};
  }
}

Result<void> Mux::State::receive_stream_frame(const Frame& frame, Instant now) {
  const FrameType type{frame.header.type};
  const bool is_known = type == FrameType::kHead || type == FrameType::kData || type == FrameType::kReset ||
                        type == FrameType::kStreamWindow;
  if (!is_known) {
    if (!rates.unknown.take(now)) return std::unexpected(too_often("frames of unknown types"));
    return {};
  }
  if (type == FrameType::kHead) return receive_head(frame, now);
  const std::uint32_t id = frame.header.stream;
  if (id > last_stream) return fail(Errc::kMalformed, "frame" + on_stream(id) + ", which was never opened");
  // The stream was closed while the frame was on its way.
  if (!streams.contains(id) && !rates.late.take(now)) return std::unexpected(too_often("frames for closed streams"));
  if (type == FrameType::kData) return receive_data(frame, now);
  if (type == FrameType::kReset) return receive_reset(frame, now);
  return receive_stream_window(frame);
}

Result<void> Mux::State::receive_head(const Frame& frame, Instant now) {
  const std::uint32_t id = frame.header.stream;
  const std::uint8_t flags = frame.header.flags;
  if (flags == kFlagTrailer) return receive_trailers(frame, now);
  const bool may_be_interim = role == Role::kAsker && flags == kFlagInterim;
  if (flags != 0 && flags != kFlagEnd && flags != kFlagMore && !may_be_interim) {
    return fail(Errc::kMalformed, "HEAD: flags " + std::to_string(flags));
  }
  if (head_stream == 0) {
    if (role == Role::kAnswerer && id != last_stream + 1) {
      return fail(Errc::kMalformed, "HEAD" + on_stream(id) + ", where " + std::to_string(last_stream + 1) + " is next");
    }
    if (role == Role::kAsker && id > last_stream) {
      return fail(Errc::kMalformed, "HEAD" + on_stream(id) + ", which was never opened");
    }
    const bool is_late = role == Role::kAsker ? !streams.contains(id) : id > last_answered;
    if (is_late && !rates.late.take(now)) {
      return std::unexpected(too_often("frames for closed streams"));
    }
  }
  if (frame.payload.empty() && !rates.empty.take(now)) return std::unexpected(too_often("empty frames"));
  // Upper limit of the encoded size of the largest head: each field may cost a few bytes more.
  const std::size_t most = limits.head_bytes + 16 * kMaxHeadFields;
  if (head_in.size() + frame.payload.size() > most) {
    return fail(Errc::kTooLarge, "HEAD: over " + std::to_string(most) + " bytes" + on_stream(id));
  }
  append(head_in, frame.payload);
  head_stream = id;
  if ((flags & kFlagMore) != 0) return {};
  head_stream = 0;
  auto finished = finish_head(id, flags);
  head_in.clear();
  return finished;
}

// The complete head is in head_in. It is decoded even if its stream is closed, because later heads depend on it.
Result<void> Mux::State::finish_head(std::uint32_t id, std::uint8_t flags) {
  ByteReader in(head_in);
  const std::uint64_t prelude_bytes = in.varint();
  if (in.ok() && prelude_bytes > limits.head_bytes) {
    return fail(Errc::kTooLarge, "HEAD: its prelude is over " + std::to_string(limits.head_bytes) + " bytes");
  }
  const ByteView prelude = in.bytes(prelude_bytes);
  if (!in.ok()) return fail(Errc::kMalformed, "HEAD: its prelude is cut short" + on_stream(id));
  auto fields = head_decoder.decode(in.rest(), limits.head_bytes - prelude.size());
  if (!fields) return std::unexpected(std::move(fields.error()));

  Stream* stream = find(id);
  if (role == Role::kAnswerer) {
    last_stream = id;
    if (id > last_answered) return {};
    if (streams.size() >= limits.streams) {
      return fail(Errc::kUnavailable, "the peer has over " + std::to_string(limits.streams) + " streams open");
    }
    stream = &streams.try_emplace(id, peer->stream_window_bytes, limits.stream_window_bytes).first->second;
    ++counters.streams_opened;
  } else if (stream == nullptr) {
    return {};
  }
  if (stream->head_received) return fail(Errc::kMalformed, "HEAD: a second one" + on_stream(id));
  const bool is_interim = (flags & kFlagInterim) != 0;
  if (is_interim && ++stream->interim_heads > kMostInterimHeads)
    return fail(Errc::kMalformed, "HEAD: too many interim ones" + on_stream(id));
  stream->head_received = !is_interim;
  head_event_bytes += prelude.size() + fields_bytes(*fields);
  if (head_event_bytes > kMaxHeadEventBytes) return std::unexpected(too_often("heads at once"));
  events.push_back(HeadReceived{
      .stream = StreamId{id}, .prelude = to_bytes(prelude), .fields = *std::move(fields), .is_interim = is_interim});
  if ((flags & kFlagEnd) != 0) end_received(id, *stream, {});
  return {};
}

// One frame, decoded even if its stream is closed, as every HEAD is.
Result<void> Mux::State::receive_trailers(const Frame& frame, Instant now) {
  const std::uint32_t id = frame.header.stream;
  if (head_stream != 0) return fail(Errc::kMalformed, "HEAD: broken off by trailers" + on_stream(id));
  if (id > last_stream) return fail(Errc::kMalformed, "trailers" + on_stream(id) + ", which was never opened");
  ByteReader in(frame.payload);
  if (in.u8() != 0 || !in.ok()) return fail(Errc::kMalformed, "trailers with a prelude" + on_stream(id));
  auto fields = head_decoder.decode(in.rest(), kMaxTrailerFieldBytes);
  if (!fields) return std::unexpected(std::move(fields.error()));
  Stream* stream = find(id);
  if (stream == nullptr) {
    if (!rates.late.take(now)) return std::unexpected(too_often("frames for closed streams"));
    return {};
  }
  if (!stream->head_received || stream->end_received || std::exchange(stream->trailers_received, true))
    return fail(Errc::kMalformed, "trailers before the head, after the end, or twice" + on_stream(id));
  head_event_bytes += fields_bytes(*fields);
  if (head_event_bytes > kMaxHeadEventBytes) return std::unexpected(too_often("heads at once"));
  events.push_back(TrailersReceived{.stream = StreamId{id}, .fields = *std::move(fields)});
  return {};
}

Result<void> Mux::State::receive_data(const Frame& frame, Instant now) {
  const std::uint32_t id = frame.header.stream;
  auto payload = decode_data(frame);
  if (!payload) return std::unexpected(std::move(payload.error()));
  const ByteView data = payload->data;
  const bool ends = (frame.header.flags & kFlagEnd) != 0;
  if (data.empty() && !ends && !rates.empty.take(now)) return std::unexpected(too_often("empty frames"));
  if (!link_receive.receive(data.size())) return fail(Errc::kMalformed, "DATA: over the credit of the link");
  Stream* stream = find(id);
  if (stream == nullptr) {
    link_receive.consume(data.size());
    grant_link();
    return {};
  }
  if (!stream->head_received || stream->end_received) {
    const char* when = stream->end_received ? "DATA: after the end" : "DATA: before the head";
    return fail(Errc::kMalformed, when + on_stream(id));
  }
  if (!stream->receive.receive(data.size())) {
    return fail(Errc::kMalformed, "DATA: over the credit" + on_stream(id));
  }
  if (!data.empty()) {
    auto* last = events.empty() ? nullptr : std::get_if<DataReceived>(&events.back());
    if (last != nullptr && last->stream == StreamId{id} && last->data.size() + data.size() <= kJoinedDataBytes) {
      append(last->data, data);
    } else {
      events.push_back(DataReceived{.stream = StreamId{id}, .data = to_bytes(data)});
    }
  }
  if (ends) end_received(id, *stream, payload->trailer);
  return {};
}

void Mux::State::end_received(std::uint32_t id, Stream& stream, ByteView trailer) {
  stream.end_received = true;
  events.push_back(EndReceived{.stream = StreamId{id}, .trailer = to_bytes(trailer)});
  close_if_ended(id, stream);
}

Result<void> Mux::State::receive_reset(const Frame& frame, Instant now) {
  auto code = decode_number(frame.payload, "RESET");
  if (!code) return std::unexpected(std::move(code.error()));
  if (!rates.resets.take(now)) return std::unexpected(too_often("resets"));
  const std::uint32_t id = frame.header.stream;
  if (!streams.contains(id)) return {};
  ++counters.resets;
  drop(id);
  events.push_back(StreamReset{.stream = StreamId{id}, .code = reset_code(*code)});
  return {};
}

Result<void> Mux::State::receive_stream_window(const Frame& frame) {
  const std::uint32_t id = frame.header.stream;
  auto grant = decode_number(frame.payload, "WINDOW");
  if (!grant) return std::unexpected(std::move(grant.error()));
  Stream* stream = find(id);
  if (stream == nullptr) return {};
  if (!stream->send.grant(*grant)) {
    return fail(Errc::kMalformed, "WINDOW: grants nothing, or more than was sent," + on_stream(id));
  }
  take_turn(id, *stream);
  return {};
}

Result<void> Mux::State::receive_link_window(const Frame& frame) {
  auto grant = decode_number(frame.payload, "LINK_WINDOW");
  if (!grant) return std::unexpected(std::move(grant.error()));
  if (!link_send.grant(*grant)) return fail(Errc::kMalformed, "LINK_WINDOW: grants nothing, or more than was sent");
  unpark();
  return {};
}

Result<void> Mux::State::receive_ping(const Frame& frame, Instant now) {
  auto number = decode_number(frame.payload, "PING");
  if (!number) return std::unexpected(std::move(number.error()));
  if (!rates.pings.take(now)) return std::unexpected(too_often("pings"));
  queue_number(FrameType::kPong, 0, *number);
  return {};
}

Result<void> Mux::State::receive_pong(const Frame& frame, Instant now) {
  auto number = decode_number(frame.payload, "PONG");
  if (!number) return std::unexpected(std::move(number.error()));
  if (!rates.pings.take(now)) return std::unexpected(too_often("pings"));
  if (const auto time = keepalive.pong(*number, now)) {
    round_trip = *time;
    events.push_back(RoundTripMeasured{*time});
  }
  return {};
}

Result<void> Mux::State::receive_go_away(const Frame& frame, Instant now) {
  auto decoded = decode_go_away(frame.payload);
  if (!decoded) return std::unexpected(std::move(decoded.error()));
  if (!rates.pings.take(now)) return std::unexpected(too_often("pings"));
  if (role == Role::kAsker && decoded->last == kMaxStream) {
    is_retiring = true;
    events.push_back(PeerRetires{std::move(decoded->reason)});
    return {};
  }
  received_go_away = true;
  events.push_back(GoAwayReceived{.last = StreamId{decoded->last}, .reason = std::move(decoded->reason)});
  if (role == Role::kAnswerer) return {};
  std::vector<std::uint32_t> refused;
  for (const auto& [id, stream] : streams) {
    if (id > decoded->last) refused.push_back(id);
  }
  std::ranges::sort(refused);
  for (const std::uint32_t id : refused) {
    drop(id);
    events.push_back(StreamReset{.stream = StreamId{id}, .code = ResetCode::kRefused});
  }
  return {};
}

}  // namespace railgun::link
