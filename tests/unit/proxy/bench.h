// A core without sockets: the tests are its shell, and the other end of each of its connections.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "railgund/link/mux.h"
#include "railgund/proxy/counters.h"
#include "railgund/proxy/effect.h"
#include "railgund/proxy/message_codec.h"

namespace railgun::proxy {

// Drives one core. Its effects are kept until a test asks for them.
template <typename Core>
class CoreBench {
 public:
  // The effects of one kind since the last call, in order. Others stay.
  template <typename Kind>
  std::vector<Kind> take() {
    while (auto effect = core->poll()) effects.push_back(std::move(*effect));
    std::vector<Kind> taken;
    std::erase_if(effects, [&](Effect& effect) {
      auto* wanted = std::get_if<Kind>(&effect);
      if (wanted != nullptr) taken.push_back(std::move(*wanted));
      return wanted != nullptr;
    });
    return taken;
  }

  void receive(ConnectionId id, const std::string& text) { core->receive(id, as_bytes(text), now); }
  // All that is to be sent on a connection.
  std::string sent(ConnectionId id) {
    Bytes bytes;
    while (core->pull(id, bytes, 16 * 1024, now) > 0) {
    }
    return std::string(as_text(bytes));
  }
  // Lets time pass, deadlines included.
  void pass(Duration time) {
    const Instant end = now + time;
    while (core->deadline() <= end) {
      now = std::max(now, core->deadline());
      core->on_deadline(now);
    }
    now = end;
  }

  Instant now{};
  page::Cache cache{1 << 20};
  dictionary::Shelf shelf{{}, as_bytes("key")};
  Counters counters;
  std::unique_ptr<Core> core;
  std::vector<Effect> effects;
};

// The other end of a link, by hand.
class FarEnd {
 public:
  FarEnd(link::Role role, const Greeting& greeting, link::Limits limits = {}, const link::AskingProcess& process = {})
      : mux(role, limits, encode_greeting(greeting), Instant{}, process) {}

  // Carries bytes both ways until there are none, and keeps what the far end is told.
  template <typename Core>
  void carry(CoreBench<Core>& bench, ConnectionId id) {
    for (bool moved = true; moved;) {
      Bytes there, back;
      bench.core->pull(id, there, SIZE_MAX, bench.now);
      mux.pull(back, SIZE_MAX, bench.now);
      if (is_old && !has_greeted && !back.empty()) back[kHighestVersionAt] = 1;
      has_greeted = has_greeted || !back.empty();
      if (!there.empty() && !mux.receive(there, bench.now)) return;
      if (!back.empty()) bench.core->receive(id, back, bench.now);
      while (auto event = mux.poll()) events.push_back(std::move(*event));
      moved = !there.empty() || !back.empty();
    }
  }

  // The events of one kind since the last call, in order. Others stay.
  template <typename Kind>
  std::vector<Kind> take() {
    std::vector<Kind> taken;
    std::erase_if(events, [&](link::Event& event) {
      auto* wanted = std::get_if<Kind>(&event);
      if (wanted != nullptr) taken.push_back(std::move(*wanted));
      return wanted != nullptr;
    });
    return taken;
  }

  static constexpr std::size_t kHighestVersionAt = 9;  // in the greeting, behind eight bytes of magic and the lowest
  bool is_old = false;                                 // supports version 1 of the protocol alone
  bool has_greeted = false;
  link::Mux mux;
  std::vector<link::Event> events;
};

}  // namespace railgun::proxy
