#include "railgund/statistics/post.h"

#include "railgund/base/text.h"
#include "railgund/tls/base64.h"

namespace railgun::statistics {
namespace {

// How long the rest of an answer that nobody wants is taken off the receiver's hands: a connection that is cut looks
// like an error to it.
constexpr Duration kLinger = std::chrono::seconds(1);

// "%41" and the like; what is not that stays.
std::string percent_decoded(std::string_view text) {
  const auto digit = [](char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
  };
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && digit(text[i + 1]) >= 0 && digit(text[i + 2]) >= 0) {
      decoded += static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2]));
      i += 2;
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

http::Request request_of(const PostTarget& target, std::size_t body_bytes) {
  http::Request request{.method = "POST", .target = target.path, .host = target.host, .secure = target.secure};
  request.fields = {{"User-Agent", "railgund/" RAILGUN_VERSION},
                    {"Content-Type", "application/json"},
                    {"Accept", "*/*"},
                    {"Cache-Control", "no-cache"}};
  if (!target.authorization.empty()) request.fields.push_back({"Authorization", target.authorization});
  request.body = {.kind = http::BodyLength::Kind::kKnown, .bytes = body_bytes};
  request.keep_alive = false;
  return request;
}

}  // namespace

Result<PostTarget> parse_post_url(std::string_view url) {
  PostTarget target;
  const std::string scheme = lower_ascii(url.substr(0, url.find("://")));
  target.secure = scheme == "https";
  if (!target.secure && scheme != "http") return fail(Errc::kInvalid, "expected http:// or https://");
  url.remove_prefix(scheme.size() + 3);
  url = url.substr(0, url.find('#'));
  const std::size_t path = std::min(url.find_first_of("/?"), url.size());
  std::string_view authority = url.substr(0, path);
  target.path = url.substr(path);
  if (!target.path.starts_with('/')) target.path.insert(0, 1, '/');
  if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
    target.authorization = "Basic " + tls::to_base64(as_bytes(percent_decoded(authority.substr(0, at))));
    authority.remove_prefix(at + 1);
  }
  auto endpoint = parse_endpoint(authority, target.secure ? 443 : 80);
  if (!endpoint) return fail(Errc::kInvalid, "expected http[s]://HOST[:PORT]/PATH");
  target.host = lower_ascii(authority);
  target.endpoint = std::move(*endpoint);
  return target;
}

std::string shown(const PostTarget& target) {
  return (target.secure ? "https://" : "http://") + to_string(target.endpoint);
}

Post::Post(net::EventLoop& loop, net::Resolver& resolver, PostTarget target, tls::ContextPtr context, std::string body,
           Done done)
    : loop_(loop),
      target_(std::move(target)),
      context_(std::move(context)),
      body_(std::move(body)),
      outcome_(loop, std::move(done)),
      deadline_(loop.now() + kTimeout),
      http_({}, loop.now()),
      stream_(loop, *this),
      timeout_(loop, [this] { finish(fail(Errc::kTimeout, "no answer within 10 seconds")); }) {
  timeout_.set(deadline_);
  lookup_ = resolver.resolve(target_.endpoint.host, target_.endpoint.port, deadline_,
                             [this](Result<std::vector<net::SocketAddress>> found) {
                               if (!found) return finish(std::unexpected(found.error()));
                               connect(*std::move(found));
                             });
}

Post::~Post() = default;

void Post::connect(std::vector<net::SocketAddress> addresses) {
  std::unique_ptr<tls::Engine> engine;
  if (target_.secure) engine = std::make_unique<tls::Engine>(tls::Engine::client(context_, target_.endpoint.host));
  stream_.connect(std::move(addresses), deadline_, std::move(engine), {});
}

void Post::on_connected() {
  http_.send_request(request_of(target_, body_.size()), now());
  send_body();
  stream_.want_write();
}

void Post::send_body() {
  const std::size_t count = std::min(http_.writable_bytes(), body_.size() - body_sent_);
  if (count > 0) http_.send_body(as_bytes(body_).subspan(body_sent_, count), now());
  body_sent_ += count;
  if (body_sent_ < body_.size() || ended_) return;
  ended_ = true;
  http_.send_end(now());
}

std::size_t Post::pull(Bytes& to, std::size_t most) {
  const std::size_t count = http_.pull(to, most, now());
  if (count > 0) send_body();
  return count;
}

void Post::on_bytes(ByteView bytes) {
  http_.receive(bytes, now());
  take_events();
}

void Post::on_end() {
  http_.receive_end(now());
  take_events();
  finish(fail(Errc::kUnavailable, "the connection was closed without an answer"));
}

// The head of the answer says all; its body is not read, however long it is.
void Post::take_events() {
  while (auto event = http_.poll()) {
    if (const auto* received = std::get_if<http::ResponseReceived>(&*event)) {
      const unsigned status = received->response.status;
      if (status >= 200 && status < 300) return finish({});
      if (status >= 300 && status < 400)
        return finish(fail(Errc::kInvalid, "it answers " + std::to_string(status) +
                                               ", a redirection: set stats.url to where that leads"));
      return finish(fail(Errc::kUnavailable, "it answers " + std::to_string(status)));
    }
    if (const auto* failure = std::get_if<http::ExchangeFailed>(&*event))
      return finish(std::unexpected(failure->error));
  }
}

void Post::on_closed(std::optional<Error> error) {
  finish(std::unexpected(error.value_or(Error{Errc::kUnavailable, "closed"})));
  outcome_.report_now();
}

void Post::finish(Result<void> result) {
  if (outcome_.is_set()) return;
  timeout_.cancel();
  if (!stream_.is_open()) return outcome_.set(std::move(result));
  // on_closed() reports it; at the latest this does.
  stream_.close({}, now() + kLinger);
  outcome_.set(std::move(result), now() + 2 * kLinger);
}

}  // namespace railgun::statistics
