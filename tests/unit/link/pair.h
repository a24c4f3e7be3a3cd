// Two muxes that talk to each other, for tests.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "railgund/link/mux.h"

namespace railgun::link {

inline std::vector<Event> drain(Mux& mux) {
  std::vector<Event> events;
  while (auto event = mux.poll()) events.push_back(*std::move(event));
  return events;
}

// The first event of that type, or null.
template <typename T>
const T* find_event(const std::vector<Event>& events) {
  for (const Event& event : events) {
    if (const T* found = std::get_if<T>(&event)) return found;
  }
  return nullptr;
}

template <typename T>
std::size_t count_events(const std::vector<Event>& events) {
  std::size_t count = 0;
  for (const Event& event : events) count += std::holds_alternative<T>(event) ? 1 : 0;
  return count;
}

inline std::string data_of(const std::vector<Event>& events, StreamId stream) {
  std::string data;
  for (const Event& event : events) {
    if (const auto* piece = std::get_if<DataReceived>(&event); piece && piece->stream == stream) {
      data += as_text(piece->data);
    }
  }
  return data;
}

inline Bytes pull_all(Mux& mux, Instant now = {}) {
  Bytes bytes;
  while (mux.wants_write()) mux.pull(bytes, 64 * 1024, now);
  return bytes;
}

struct Pair {
  explicit Pair(Limits limits = {}, Limits answerer_limits = {})
      : asker(Role::kAsker, limits, as_bytes("hello from asker"), {}),
        answerer(Role::kAnswerer, answerer_limits, as_bytes("hello from answerer"), {}) {}

  // Carries bytes both ways until there are none; says how many went {to the answerer, to the asker}.
  std::pair<std::size_t, std::size_t> settle() {
    std::pair<std::size_t, std::size_t> carried{0, 0};
    while (asker.wants_write() || answerer.wants_write()) {
      const Bytes there = pull_all(asker, now);
      EXPECT_TRUE(answerer.receive(there, now));
      const Bytes back = pull_all(answerer, now);
      EXPECT_TRUE(asker.receive(back, now));
      carried.first += there.size();
      carried.second += back.size();
    }
    return carried;
  }
  // The same, and forgets what happened: the greeting and its pings are over.
  Pair& greeted() {
    settle();
    drain(asker);
    drain(answerer);
    return *this;
  }

  Mux asker;
  Mux answerer;
  Instant now{};
};

inline Fields browser_fields() {
  return {{"Host", "www.example.com"},
          {"User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"},
          {"Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"},
          {"Accept-Language", "en-GB,en;q=0.5"},
          {"Accept-Encoding", "gzip, deflate, br, zstd"},
          {"Referer", "https://www.example.com/news/"},
          {"Cookie", "session=6f9d0c6e1b0f4a63a7f7c0f1b9a8d2e1; theme=dark"},
          {"Upgrade-Insecure-Requests", "1"},
          {"Sec-Fetch-Dest", "document"},
          {"Sec-Fetch-Mode", "navigate"},
          {"Sec-Fetch-Site", "same-origin"},
          {"Priority", "u=0, i"},
          {"X-Forwarded-For", "192.0.2.44"},
          {"X-Forwarded-Proto", "https"}};
}

inline Fields answer_fields(std::string_view date, std::string_view length) {
  return {{"Date", std::string(date)},
          {"Server", "nginx/1.22.1"},
          {"Content-Type", "text/html; charset=utf-8"},
          {"Content-Length", std::string(length)},
          {"Cache-Control", "no-store, no-cache, must-revalidate"},
          {"Expires", "Thu, 19 Nov 1981 08:52:00 GMT"},
          {"Pragma", "no-cache"},
          {"Vary", "Accept-Encoding, Cookie"},
          {"X-Powered-By", "PHP/8.2.24"},
          {"Strict-Transport-Security", "max-age=31536000; includeSubDomains"},
          {"X-Content-Type-Options", "nosniff"}};
}

}  // namespace railgun::link
