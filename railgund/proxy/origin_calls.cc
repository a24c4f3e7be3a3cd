// What an exchange does with its call.
#include <algorithm>

#include "railgund/proxy/origins.h"

namespace railgun::proxy {

OriginCall::~OriginCall() {
  if (origins_ != nullptr) origins_->cancel(id_, origins_->context_.now);
}
std::size_t OriginCall::writable_bytes() const { return origins_->writable_bytes(id_); }
void OriginCall::send(ByteView bytes) { origins_->send_body(id_, bytes, origins_->context_.now); }
void OriginCall::end(const Fields& trailers) { origins_->send_end(id_, trailers, origins_->context_.now); }
void OriginCall::upload_at_hand() { origins_->upload_at_hand(id_, origins_->context_.now); }
void OriginCall::consumed(std::size_t bytes) { origins_->body_consumed(id_, bytes, origins_->context_.now); }
std::uint16_t OriginCall::flags() const { return origins_->flags(id_); }

std::size_t Origins::writable_bytes(CallId call) const {
  const auto found = calls_.find(call);
  if (found == calls_.end() || !found->second.connection) return 0;
  const auto connection = connections_.find(*found->second.connection);
  return connection == connections_.end() || !connection->second.is_connected
             ? 0
             : connection->second.wire.writable_bytes(call);
}

void Origins::send_body(CallId call, ByteView bytes, Instant now) {
  const auto found = calls_.find(call);
  if (found == calls_.end() || !found->second.connection || found->second.ended || bytes.empty()) return;
  found->second.body_begun = true;
  const ConnectionId id = *found->second.connection;
  if (const auto connection = connections_.find(id); connection != connections_.end()) {
    connection->second.wire.send_body(call, bytes, now);
    pump(id, now);
  }
}

void Origins::send_end(CallId call, const Fields& trailers, Instant now) {
  const auto found = calls_.find(call);
  if (found == calls_.end() || !found->second.connection || found->second.ended) return;
  found->second.upload_ended = true;
  found->second.trailers = trailers;
  const ConnectionId id = *found->second.connection;
  if (const auto connection = connections_.find(id); connection != connections_.end()) {
    connection->second.wire.send_end(call, trailers, now);
    pump(id, now);
  }
}

void Origins::body_consumed(CallId call, std::size_t bytes, Instant now) {
  const auto found = calls_.find(call);
  if (found == calls_.end() || !found->second.connection || bytes == 0) return;
  const ConnectionId id = *found->second.connection;
  if (const auto connection = connections_.find(id); connection != connections_.end()) {
    connection->second.wire.body_consumed(call, bytes, now);
    pump(id, now);
  }
}

void Origins::cancel(CallId call, Instant now) {
  const auto found = calls_.find(call);
  if (found == calls_.end()) return;
  const std::optional<ConnectionId> connection = found->second.connection;
  const bool ended = found->second.ended;
  leave_queue(call, found->second);
  calls_.erase(found);
  if (!connection || ended) return;
  const auto found_connection = connections_.find(*connection);
  if (found_connection == connections_.end()) return;
  found_connection->second.wire.cancel(call);
  end_work(found_connection->second, call);
  settle(*connection, now);
  pump(*connection, now);
}

void Origins::upload_at_hand(CallId call, Instant now) {
  const auto found = calls_.find(call);
  if (found == calls_.end() || found->second.ended || found->second.is_answered) return;
  if (!found->second.request.upgrade.empty()) return;
  change_use(call, found->second, OriginUse::kAnswer, now);
}

std::optional<CallEvent> Origins::poll() {
  while (!events_.empty()) {
    Queued queued = std::move(events_.front());
    events_.pop_front();
    if (const auto call = calls_.find(queued.call); call != calls_.end())
      return CallEvent{call->second.exchange, std::move(queued.input)};
  }
  return std::nullopt;
}

std::uint16_t Origins::flags(CallId call) const {
  const auto found = calls_.find(call);
  return found == calls_.end() ? std::uint16_t{0} : found->second.flags;
}

}  // namespace railgun::proxy
