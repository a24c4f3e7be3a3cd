#include "railgund/proxy/origin_wire.h"

namespace railgun::proxy {
namespace {

// Tags of streams: 0 means none, and no call has that number.
std::uint64_t tag_of(CallId call) { return static_cast<std::uint64_t>(call); }

}  // namespace

void OriginWire::set_limits(const http::ClientLimits& limits) {
  limits_ = limits;
  std::visit([&](auto& wire) { wire.set_limits(limits); }, wire_);
}

bool OriginWire::has_room() const { return http2() != nullptr ? http2()->can_ask() : !call_ && http1()->is_reusable(); }

void OriginWire::start(CallId call, const http::Request& request, bool is_long, Instant now) {
  ++begun_;
  if (auto* many = http2()) return many->send_request(tag_of(call), request, is_long, now);
  call_ = call;
  is_writable_ = true;
  http1()->send_request(request, now);
}

std::size_t OriginWire::writable_bytes(CallId call) const {
  if (const auto* many = http2()) return many->writable_bytes(tag_of(call));
  return call_ == call ? http1()->writable_bytes() : 0;
}

void OriginWire::send_body(CallId call, ByteView bytes, Instant now) {
  if (auto* many = http2()) return many->send_body(tag_of(call), bytes, now);
  if (call_ == call) http1()->send_body(bytes, now);
}

void OriginWire::send_end(CallId call, const Fields& trailers, Instant now) {
  if (auto* many = http2()) return many->send_end(tag_of(call), now, trailers);
  if (call_ == call) http1()->send_end(now, trailers);
}

void OriginWire::body_consumed(CallId call, std::size_t bytes, Instant now) {
  if (auto* many = http2()) return many->body_consumed(tag_of(call), bytes, now);
  if (call_ == call) http1()->body_consumed(bytes, now);
}

void OriginWire::cancel(CallId call) {
  if (auto* many = http2()) return many->cancel(tag_of(call));
  if (call_ == call) call_.reset();
}

void OriginWire::receive(ByteView bytes, Instant now) {
  std::visit([&](auto& wire) { wire.receive(bytes, now); }, wire_);
}

void OriginWire::receive_end(Instant now) {
  if (auto* many = http2()) return many->connection_lost({Errc::kUnavailable, "the origin closed the connection"});
  http1()->receive_end(now);
}

void OriginWire::lost(const Error& error) {
  std::visit([&](auto& wire) { wire.connection_lost(error); }, wire_);
}

std::optional<OriginWire::Event> OriginWire::poll() {
  if (auto* many = http2()) {
    auto event = many->poll();
    if (!event) return std::nullopt;
    return Event{CallId{event->tag}, std::move(event->event)};
  }
  while (auto event = http1()->poll()) {
    if (!call_) continue;
    const CallId call = *call_;
    const bool is_last =
        std::holds_alternative<http::ResponseEnd>(*event) || std::holds_alternative<http::ExchangeFailed>(*event);
    if (is_last) call_.reset();
    return Event{call, std::move(*event)};
  }
  return std::nullopt;
}

std::optional<CallId> OriginWire::poll_writable() {
  if (auto* many = http2()) {
    const auto tag = many->poll_writable();
    return tag ? std::optional(CallId{*tag}) : std::nullopt;
  }
  return std::exchange(is_writable_, false) ? call_ : std::nullopt;
}

std::size_t OriginWire::pull(Bytes& to, std::size_t most, Instant now) {
  const std::size_t count = std::visit([&](auto& wire) { return wire.pull(to, most, now); }, wire_);
  is_writable_ = is_writable_ || count > 0;
  return count;
}

bool OriginWire::wants_read() const { return http2() != nullptr || http1()->wants_read(); }

bool OriginWire::wants_write() const {
  return std::visit([](const auto& wire) { return wire.wants_write(); }, wire_);
}

bool OriginWire::wants_end() const { return http1() != nullptr && http1()->wants_end(); }

bool OriginWire::is_over() const { return http2() != nullptr ? http2()->is_over() : !call_ && !http1()->is_reusable(); }

std::optional<Duration> OriginWire::announced_idle() const {
  return http1() == nullptr ? std::nullopt : http1()->announced_idle();
}

Instant OriginWire::deadline() const {
  return std::visit([](const auto& wire) { return wire.deadline(); }, wire_);
}

void OriginWire::on_deadline(Instant now) {
  std::visit([&](auto& wire) { wire.on_deadline(now); }, wire_);
}

}  // namespace railgun::proxy
