#include "railgunctl/probe/fetch.h"

#include <cerrno>
#include <utility>

#include "railgund/base/text.h"
#include "railgund/http/content_coding.h"
#include "railgund/net/clock.h"
#include "railgund/proxy/origin_wire.h"

namespace railgun::ctl {
namespace {

// The deadline is the caller's.
constexpr proxy::CallId kCall{1};
constexpr http::ClientLimits kLimits{.head_timeout = {}, .body_timeout = {}, .write_timeout = {}};

class Exchange {
 public:
  Exchange(Fetched& fetched, Wire& wire, const FetchOptions& options, Instant deadline)
      : fetched_(fetched), wire_(wire), options_(options), deadline_(deadline), http_(kLimits, net::steady_now()) {
    if (fetched.is_http2) http_.use_http2(net::steady_now());
  }

  Result<void> run() {
    const Instant begun = net::steady_now();
    http_.start(kCall, options_.request, false, begun);
    while (!ended_) {
      if (auto written = write(); !written) return written;
      const auto bytes = wire_.read(deadline_);
      if (!bytes) return std::unexpected(bytes.error());
      if (!first_byte_) {
        first_byte_ = net::steady_now();
        fetched_.phases.first_byte = *first_byte_ - begun;
      }
      if (bytes->empty()) {
        http_.receive_end(net::steady_now());
        ended_ = true;
      } else {
        http_.receive(*bytes, net::steady_now());
      }
      if (auto taken = take_events(); !taken) return taken;
      fetched_.phases.body = net::steady_now() - *first_byte_;
    }
    return undo_coding();
  }

 private:
  // The request, and what HTTP/2 says in between.
  Result<void> write() {
    Bytes bytes;
    http_.pull(bytes, SIZE_MAX, net::steady_now());
    return bytes.empty() ? Result<void>{} : wire_.write(bytes, deadline_);
  }

  Result<void> take_events() {
    while (auto polled = http_.poll()) {
      http::ClientEvent* const event = &polled->event;
      if (auto* got = std::get_if<http::ResponseReceived>(event)) {
        fetched_.status = got->response.status;
        fetched_.reason = std::move(got->response.reason);
        fetched_.minor_version = got->response.minor_version;
        fetched_.keeps_alive = got->response.keep_alive;
        fetched_.ends_by_close = got->response.body.kind == http::BodyLength::Kind::kToClose;
        fetched_.fields = std::move(got->response.fields);
      } else if (const auto* body = std::get_if<http::ResponseBody>(event)) {
        fetched_.body += as_text(body->bytes);
        http_.body_consumed(kCall, body->bytes.size(), net::steady_now());
        if (fetched_.body.size() > options_.body_bytes) return fail(Errc::kTooLarge, "the page is too large");
      } else if (std::holds_alternative<http::ResponseEnd>(*event)) {
        ended_ = true;
      } else if (const auto* failed = std::get_if<http::ExchangeFailed>(event)) {
        return std::unexpected(failed->error);
      }
    }
    return {};
  }

  Result<void> undo_coding() {
    fetched_.wire_body_bytes = fetched_.body.size();
    const std::string coding = lower_ascii(field_value(fetched_.fields, "Content-Encoding"));
    if ((coding != "gzip" && coding != "deflate") || fetched_.body.empty()) return {};
    http::GzipDecoder decoder({.most_bytes = options_.body_bytes});
    if (auto decoded = decoder.receive(as_bytes(fetched_.body)); !decoded) return decoded;
    if (!decoder.finished()) return fail(Errc::kMalformed, "the " + coding + " body is truncated");
    fetched_.body = std::string(as_text(decoder.take()));
    return {};
  }

  Fetched& fetched_;
  Wire& wire_;
  const FetchOptions& options_;
  Instant deadline_;
  proxy::OriginWire http_;
  std::optional<Instant> first_byte_;
  bool ended_ = false;
};

Result<Wire> open_unix(Fetched& fetched, const std::string& path, Instant deadline) {
  Wire::Attempt attempt = Wire::connect_unix(path, deadline);
  fetched.address = path;
  fetched.reach = attempt.reach;
  fetched.phases.connect = attempt.time;
  if (attempt.wire) return *std::move(attempt.wire);
  const Errc code = attempt.error_number == ENOENT   ? Errc::kNotFound
                    : attempt.error_number == EACCES ? Errc::kDenied
                                                     : Errc::kUnavailable;
  return fail(code, attempt.reason);
}

Result<Wire> open(Fetched& fetched, const FetchOptions& options, Instant deadline) {
  if (is_unix_socket(options.endpoint)) return open_unix(fetched, options.endpoint.host, deadline);
  const auto resolved = resolve(options.endpoint, deadline);
  if (!resolved) return std::unexpected(resolved.error());
  fetched.phases.name = resolved->time;
  Connected connected = connect_any(resolved->addresses, deadline);
  const ConnectResult& last = connected.attempts.back();  // addresses are never empty
  fetched.address = last.address;
  fetched.reach = last.reach;
  if (!connected.wire) return fail(last.reach == Reach::kTimeout ? Errc::kTimeout : Errc::kUnavailable, last.reason);
  fetched.phases.connect = last.time;
  return *std::move(connected.wire);
}

Result<void> run(Fetched& fetched, const FetchOptions& options, Instant deadline) {
  auto wire = open(fetched, options, deadline);
  if (!wire) return std::unexpected(wire.error());
  fetched.is_http2 = options.http2;
  if (options.context != nullptr) {
    const Instant begun = net::steady_now();
    if (auto done = wire->secure(options.context, options.server_name, deadline, options.http2); !done) return done;
    fetched.phases.tls = net::steady_now() - begun;
    fetched.tls_version = wire->engine()->version();
    fetched.is_http2 = wire->engine()->protocol() == "h2";
  }
  return Exchange(fetched, *wire, options, deadline).run();
}

}  // namespace

Fetched fetch(const FetchOptions& options, Instant deadline) {
  Fetched fetched;
  if (auto done = run(fetched, options, deadline); !done) fetched.error = done.error();
  return fetched;
}

}  // namespace railgun::ctl
