// A client at the other end of a ServerConnection, and the layer above that.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "railgund/http2/server_connection.h"

#include "tests/unit/http/transcript.h"
#include "tests/unit/http2/wire.h"

namespace railgun::http2::test {

class Client {
 public:
  explicit Client(const ServerLimits& limits = {}, std::string_view settings = {})
      : connection(limits, true, now), opening_(opening(settings)) {
    sends(opening_);
    gets();
  }

  void sends(std::string_view bytes) { connection.receive(as_bytes(bytes), now); }
  void asks(std::uint32_t stream, std::string_view path = "/") { sends(headers(stream, get(path))); }
  void opens_window(std::uint32_t stream, std::uint32_t bytes) {
    sends(frame(kWindowUpdate, 0, stream, number(bytes, 4)));
  }

  // What came up since the last call, each stream with its number. Requests get a tag that is their stream's number
  // plus 1000.
  std::string heard() {
    std::map<std::uint32_t, http::test::Transcript> transcripts;
    while (auto event = connection.poll()) {
      const auto number = static_cast<std::uint32_t>(event->stream);
      if (std::holds_alternative<http::RequestReceived>(event->event)) {
        connection.set_tag(event->stream, number + 1000);
      } else {
        EXPECT_EQ(event->tag, number + 1000);
      }
      transcripts[number].add(event->event);
    }
    std::string all;
    for (const auto& [number, transcript] : transcripts) all += std::to_string(number) + ": " + transcript.text();
    return all;
  }
  // The frames that were written since the last call.
  std::vector<Frame> gets(std::size_t at_once = 1 << 20) {
    std::vector<Frame> frames;
    while (connection.wants_write()) {
      Bytes piece;
      if (connection.pull(piece, at_once, now) == 0) break;
      received_ += as_text(piece);
    }
    for (Frame& next : take_frames(received_)) frames.push_back(std::move(next));
    return frames;
  }
  // Types and streams of these, with END_STREAM as "." and the size of data: "headers 1 data 1 5.".
  std::string gets_text() { return text_of(gets()); }
  static std::string text_of(const std::vector<Frame>& frames) {
    constexpr const char* kNames[] = {"data", "headers", "priority", "reset",  "settings",
                                      "push", "ping",    "goaway",   "window", "continuation"};
    std::string text;
    for (const Frame& next : frames) {
      if (!text.empty()) text += ' ';
      text += kNames[next.type];
      if (next.type == kGoaway) {
        text += ' ' + std::to_string(next.u32(0)) + " code " + std::to_string(next.u32(4));
        continue;
      }
      if (next.stream != 0) text += ' ' + std::to_string(next.stream);
      if (next.type == kData) text += ' ' + std::to_string(next.payload.size());
      if (next.type == kRstStream) text += " code " + std::to_string(next.u32(0));
      const bool ends = (next.type == kData || next.type == kHeaders) && (next.flags & kEndStream) != 0;
      if (ends) text += '.';
      if ((next.type == kPing || next.type == kSettings) && (next.flags & kAck) != 0) text += " ack";
    }
    return text;
  }
  void begins_answer(std::uint32_t stream, http::BodyLength body = {http::BodyLength::Kind::kChunked, 0}) {
    connection.send_response(StreamId{stream}, {.status = 200, .body = body}, now);
  }
  void answers(std::uint32_t stream, std::string_view body) {
    begins_answer(stream, {http::BodyLength::Kind::kKnown, body.size()});
    connection.send_body(StreamId{stream}, as_bytes(body), now);
    connection.send_end(StreamId{stream}, now);
    connection.set_tag(StreamId{stream}, 0);
  }
  void passes(Duration time) {
    const Instant end = now + time;
    while (connection.deadline() <= end) {
      now = std::max(now, connection.deadline());
      connection.on_deadline(now);
      if (connection.wants_close()) break;
    }
    now = end;
  }

  Instant now{};
  ServerConnection connection;

 private:
  std::string opening_;
  std::string received_;
};

}  // namespace railgun::http2::test
