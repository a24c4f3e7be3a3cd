// One stream of a link, as the exchange that uses it holds it. Finds its link by id with each call and has it looked at
// afterwards, so that the exchange need not know when the shell is to be told. When the link is lost, calls do nothing.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "railgund/link/mux.h"
#include "railgund/proxy/effect.h"

namespace railgun::proxy {

class Peers;

struct StreamKey {
  ConnectionId link;
  link::StreamId stream;
  auto operator<=>(const StreamKey&) const = default;
};

class LinkStream {
 public:
  // Made by Peers, which outlives it.
  LinkStream(Peers& peers, StreamKey key) : peers_(&peers), key_(key) {}
  LinkStream(LinkStream&& other) noexcept : peers_(std::exchange(other.peers_, nullptr)), key_(other.key_) {}
  LinkStream& operator=(LinkStream&& other) noexcept {
    std::swap(peers_, other.peers_);
    std::swap(key_, other.key_);
    return *this;
  }
  // Resets the stream (kCancelled) unless it was reset or released.
  ~LinkStream() { reset(link::ResetCode::kCancelled); }

  StreamKey key() const { return key_; }

  // As link::Mux has them.
  Result<void> send_head(ByteView prelude, const Fields& fields);
  Result<void> send_interim(ByteView prelude, const Fields& fields);
  // To a peer that takes them (Link::takes_trailers).
  Result<void> send_trailers(const Fields& fields);
  void set_urgency(std::uint8_t urgency);
  std::size_t sendable() const;
  void send(ByteView data);
  void end(ByteView trailer);
  void consumed(std::size_t bytes);
  // What comes on it is a tunnel that is decoded in a context, or is not any more. False: the link has too many of them,
  // and the stream is to be reset.
  bool set_context(bool has_context);

  // Ends it at once, in both directions. No more events come.
  void reset(link::ResetCode code);
  // Lets it run out: what was sent will get there, and what still comes is dropped. No more events come.
  void release();

 private:
  Peers* peers_;  // null: reset or released
  StreamKey key_;
};

}  // namespace railgun::proxy
