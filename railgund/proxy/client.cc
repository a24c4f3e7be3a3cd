#include "railgund/proxy/client.h"

#include <algorithm>
#include <utility>

#include "railgund/http2/preface.h"

namespace railgun::proxy {
namespace {

// While memory is short, for a client that takes nothing of its answer: what waits for it is what is short.
constexpr Duration kShortWriteTimeout = std::chrono::seconds(5);

http2::ServerLimits limits_of(const config::Config& config, bool is_short) {
  http2::ServerLimits limits;
  limits.streams = static_cast<std::uint32_t>(config.http2_streams);
  http::ServerLimits& both = limits.http;
  both.head_bytes = config.request_head_limit_bytes;
  both.requires_host = true;
  both.head_timeout = config.client_head_timeout;
  both.idle_timeout = config.client_idle_timeout;
  both.body_timeout = config.client_body_timeout;
  both.write_timeout = config.client_write_timeout;
  if (is_short && (both.write_timeout == Duration{} || both.write_timeout > kShortWriteTimeout))
    both.write_timeout = kShortWriteTimeout;
  both.upgrade_timeout = config.upgrade_timeout;
  both.half_closed_timeout = config.half_closed_timeout;
  both.requests = config.clients_requests;
  both.min_rate = config.clients_min_rate_bytes;
  both.end_cancels = config.clients_half_close == config::HalfClose::kCancel;
  return limits;
}

// In HTTP/1.1 the kernel holds what is not read, so an upload needs no more here than passes in a turn of the loop, or than
// a request has to have before it leaves. In HTTP/2 it is the window that the client is given.
http::ServerLimits http1_limits_of(const config::Config& config, bool is_short) {
  constexpr std::size_t kLeastUnread = 64 * 1024;
  http::ServerLimits limits = limits_of(config, is_short).http;
  limits.unread_bytes = std::max(kLeastUnread, config.request_body_buffer_bytes);
  return limits;
}

// Tags of streams: 0 means none.
std::uint64_t tag_of(ExchangeId id) { return static_cast<std::uint64_t>(id) + 1; }
ExchangeId exchange_of(std::uint64_t tag) { return ExchangeId{tag - 1}; }

}  // namespace

Client::Client(Incoming incoming, const config::Config& config, bool is_short, Instant now)
    : address_(std::move(incoming.peer)),
      is_secure_(incoming.is_secure),
      connection_(http::ServerConnection(http1_limits_of(config, is_short), incoming.is_secure, now)) {
  if (incoming.protocol == ClientProtocol::kHttp2) {
    connection_.emplace<http2::ServerConnection>(limits_of(config, is_short), is_secure_, now);
  } else if (!is_secure_ && config.http2_clear) {
    opening_ = std::make_unique<Opening>(Opening{.limits = limits_of(config, is_short), .bytes = {}});
  }
}

void Client::configure(const config::Config& config, bool is_short) {
  if (auto* many = std::get_if<http2::ServerConnection>(&connection_)) {
    many->set_limits(limits_of(config, is_short));
  } else {
    std::get<http::ServerConnection>(connection_).set_limits(http1_limits_of(config, is_short));
  }
}

void Client::receive(ByteView bytes, Instant now) {
  if (opening_ == nullptr) return std::visit([&](auto& connection) { connection.receive(bytes, now); }, connection_);
  append(opening_->bytes, bytes);
  const http2::Opening opening = http2::judge_opening(opening_->bytes);
  if (opening == http2::Opening::kPart) return;
  const auto opened = std::move(opening_);
  if (opening == http2::Opening::kHttp2) connection_.emplace<http2::ServerConnection>(opened->limits, is_secure_, now);
  receive(opened->bytes, now);
}

void Client::receive_end(Instant now) {
  std::visit([&](auto& connection) { connection.receive_end(now); }, connection_);
}

std::size_t Client::pull(Bytes& to, std::size_t most, Instant now) {
  is_writable_ = true;
  const std::size_t count = std::visit([&](auto& connection) { return connection.pull(to, most, now); }, connection_);
  reported.pulled(wants_write());
  return count;
}

void Client::close_after_answer(Instant idle_end, Instant now) {
  std::visit([&](auto& connection) { connection.close_after_answer(idle_end, now); }, connection_);
}

void Client::on_deadline(Instant now) {
  std::visit([&](auto& connection) { connection.on_deadline(now); }, connection_);
}

Instant Client::deadline() const {
  return std::visit([](const auto& connection) { return connection.deadline(); }, connection_);
}

bool Client::wants_read() const {
  return std::visit([](const auto& connection) { return connection.wants_read(); }, connection_);
}

bool Client::wants_write() const {
  return std::visit([](const auto& connection) { return connection.wants_write(); }, connection_);
}

bool Client::wants_close() const {
  return std::visit([](const auto& connection) { return connection.wants_close(); }, connection_);
}

bool Client::wants_reset() const {
  return std::visit([](const auto& connection) { return connection.wants_reset(); }, connection_);
}

bool Client::is_idle() const {
  return std::visit([](const auto& connection) { return connection.is_idle(); }, connection_);
}

// Of HTTP/2 a stream ends, not the connection's output.
bool Client::wants_end() const {
  const auto* one = std::get_if<http::ServerConnection>(&connection_);
  return one != nullptr && one->wants_end();
}

std::optional<http2::Misuse> Client::misuse() const {
  const auto* many = std::get_if<http2::ServerConnection>(&connection_);
  return many == nullptr ? std::nullopt : many->misuse();
}

std::optional<Client::Event> Client::poll() {
  if (auto* many = std::get_if<http2::ServerConnection>(&connection_)) {
    auto event = many->poll();
    if (!event) return std::nullopt;
    return Event{.stream = event->stream,
                 .exchange = event->tag == 0 ? std::nullopt : std::optional(exchange_of(event->tag)),
                 .event = std::move(event->event)};
  }
  auto event = std::get<http::ServerConnection>(connection_).poll();
  if (!event) return std::nullopt;
  return Event{.stream = {}, .exchange = exchange_, .event = std::move(*event)};
}

std::optional<ExchangeId> Client::poll_writable() {
  if (auto* many = std::get_if<http2::ServerConnection>(&connection_)) {
    const auto tag = many->poll_writable_tag();
    return tag ? std::optional(exchange_of(*tag)) : std::nullopt;
  }
  return std::exchange(is_writable_, false) ? exchange_ : std::nullopt;
}

ClientStream Client::stream(http2::StreamId stream) {
  if (auto* many = std::get_if<http2::ServerConnection>(&connection_)) return ClientStream(*many, stream);
  return ClientStream(std::get<http::ServerConnection>(connection_));
}

void Client::set_exchange(http2::StreamId stream, std::optional<ExchangeId> exchange) {
  if (auto* many = std::get_if<http2::ServerConnection>(&connection_)) {
    many->set_tag(stream, exchange ? tag_of(*exchange) : 0);
  } else {
    exchange_ = exchange;
  }
}

std::vector<ExchangeId> Client::exchanges() const {
  std::vector<ExchangeId> ids;
  if (const auto* many = std::get_if<http2::ServerConnection>(&connection_)) {
    for (const std::uint64_t tag : many->tags()) ids.push_back(exchange_of(tag));
  } else if (exchange_) {
    ids.push_back(*exchange_);
  }
  return ids;
}

}  // namespace railgun::proxy
