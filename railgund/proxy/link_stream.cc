#include "railgund/proxy/link_stream.h"

#include "railgund/proxy/peers.h"

namespace railgun::proxy {

Result<void> LinkStream::send_head(ByteView prelude, const Fields& fields) {
  link::Mux* mux = peers_ == nullptr ? nullptr : peers_->use(key_.link);
  return mux == nullptr ? Result<void>{} : mux->send_head(key_.stream, prelude, fields);
}

Result<void> LinkStream::send_interim(ByteView prelude, const Fields& fields) {
  link::Mux* mux = peers_ == nullptr ? nullptr : peers_->use(key_.link);
  return mux == nullptr ? Result<void>{} : mux->send_interim(key_.stream, prelude, fields);
}

Result<void> LinkStream::send_trailers(const Fields& fields) {
  link::Mux* mux = peers_ == nullptr ? nullptr : peers_->use(key_.link);
  return mux == nullptr ? Result<void>{} : mux->send_trailers(key_.stream, fields);
}

void LinkStream::set_urgency(std::uint8_t urgency) {
  if (link::Mux* mux = peers_ == nullptr ? nullptr : peers_->use(key_.link)) mux->set_urgency(key_.stream, urgency);
}

std::size_t LinkStream::sendable() const { return peers_ == nullptr ? 0 : peers_->sendable(key_); }

void LinkStream::send(ByteView data) {
  if (link::Mux* mux = peers_ == nullptr ? nullptr : peers_->use(key_.link)) mux->send_data(key_.stream, data);
}

void LinkStream::end(ByteView trailer) {
  if (link::Mux* mux = peers_ == nullptr ? nullptr : peers_->use(key_.link)) mux->send_end(key_.stream, trailer);
}

void LinkStream::consumed(std::size_t bytes) {
  if (peers_ != nullptr && bytes > 0) peers_->consumed(key_, bytes);
}

bool LinkStream::set_context(bool has_context) { return peers_ == nullptr || peers_->set_context(key_, has_context); }

void LinkStream::reset(link::ResetCode code) {
  Peers* peers = std::exchange(peers_, nullptr);
  if (peers == nullptr) return;
  peers->forget(key_);
  if (link::Mux* mux = peers->use(key_.link)) mux->reset(key_.stream, code);
}

void LinkStream::release() {
  if (Peers* peers = std::exchange(peers_, nullptr)) peers->forget(key_);
}

}  // namespace railgun::proxy
