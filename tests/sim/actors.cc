#include "actors.h"

#include <algorithm>
#include <charconv>

#include "railgund/base/text.h"

namespace railgun::sim {
namespace {

// Makes the first request in `bytes` one of HTTP/1.0. False: it has not come that far yet.
bool make_old(Bytes& bytes) {
  constexpr std::string_view kVersion = "HTTP/1.1";
  const std::size_t version = as_text(bytes).find(kVersion);
  if (version == std::string_view::npos) return false;
  bytes[version + kVersion.size() - 1] = '0';
  return true;
}

}  // namespace

struct Origin::Visit {
  Visit(PipePtr p, bool old_server, Instant now) : pipe(std::move(p)), old(old_server), http({}, false, now) {}
  PipePtr pipe;
  // Takes each request for one of HTTP/1.0: the end of the connection ends a body of unknown length.
  bool old;
  Bytes start;  // of a request, until its version is known
  http::ServerConnection http;
  std::string upload;
  http::Request request;
};

void Origin::accept(PipePtr pipe) {
  auto visit = std::make_shared<Visit>(pipe, world_.dice.one_in(6), world_.now);
  pipe->on_bytes = [this, visit](ByteView bytes) {
    if (visit->old) {
      append(visit->start, bytes);
      if (!make_old(visit->start)) return;
      visit->old = false;
      bytes = visit->start;
    }
    visit->http.receive(bytes, world_.now);
    while (auto event = visit->http.poll()) {
      if (auto* received = std::get_if<http::RequestReceived>(&*event)) {
        visit->request = received->request;
        visit->upload.clear();
        if (received->request.body.kind == http::BodyLength::Kind::kNone) answer(visit, visit->request);
      } else if (auto* body = std::get_if<http::RequestBody>(&*event)) {
        visit->upload += as_text(body->bytes);
        visit->http.body_consumed(body->bytes.size(), world_.now);
      } else if (std::holds_alternative<http::RequestEnd>(*event)) {
        if (visit->request.body.kind != http::BodyLength::Kind::kNone) answer(visit, visit->request);
      }
    }
    flush(visit);
  };
  pipe->on_end = [visit] { visit->pipe->reset(); };
  pipe->on_reset = [] {};
  pipe->on_room = [this, visit] { flush(visit); };
}

// A page of some kilobytes that depends on its target and on the time: a clock, a few lines that come and go.
std::string Origin::page(const std::string& target) {
  const std::size_t same = target.find("/same/");
  const std::uint64_t seed = hash64(as_bytes(target.substr(same == std::string::npos ? 0 : same)));
  const std::uint64_t lines = target.find("big") != std::string::npos ? 6000 : 20 + seed % 600;
  const auto now = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::seconds>(world_.now.time_since_epoch()).count());
  const std::uint64_t second = same == std::string::npos ? now : 0;
  std::string text = "<html><p>" + std::to_string(second) + "</p>\n";
  for (std::uint64_t i = 0; i < lines; ++i) {
    const std::uint64_t line = i + second / 20;
    Bytes salt;
    ByteWriter(salt).u64(seed ^ line);
    text += "<li>story " + std::to_string(line) + " " + to_hex(ByteView(hash128(salt).bytes)) + "</li>\n";
  }
  return text;
}

void Origin::answer(const std::shared_ptr<Visit>& visit, const http::Request& request) {
  const bool is_post = request.method == "POST";
  const std::string body = is_post ? page("post") + "got " + visit->upload : page(request.target);
  const std::uint64_t number = ledger_.next++;
  ledger_.answers[number] = body;
  http::Response response;
  response.status = 200;
  response.fields = {{"Content-Type", request.target.starts_with("/raw") ? "image/png" : "text/html"},
                     {"X-Answer", std::to_string(number)}};
  const std::uint64_t form = world_.dice.below(3);
  response.body.kind = form == 0 ? http::BodyLength::Kind::kChunked : http::BodyLength::Kind::kKnown;
  response.body.bytes = body.size();
  const bool breaks = breaks_off && world_.dice.one_in(6);
  // Thinking takes time.
  world_.after(std::chrono::milliseconds(1 + world_.dice.below(30)),
               [this, visit, response, body, breaks, head = request.method == "HEAD"] {
                 visit->http.send_response(response, world_.now);
                 if (head) {
                   visit->http.send_end(world_.now);
                   flush(visit);
                 } else {
                   send_pieces(visit, body, breaks);
                 }
               });
}

void Origin::send_pieces(const std::shared_ptr<Visit>& visit, std::string body, bool breaks) {
  if (breaks && world_.dice.one_in(2)) {
    visit->pipe->reset();
    return;
  }
  const std::size_t room = visit->http.writable_bytes();
  const std::size_t count = std::min({body.size(), room, static_cast<std::size_t>(1 + world_.dice.below(20000))});
  visit->http.send_body(as_bytes(std::string_view(body).substr(0, count)), world_.now);
  body.erase(0, count);
  if (body.empty()) visit->http.send_end(world_.now);
  flush(visit);
  if (body.empty()) return;
  world_.after(
      std::chrono::milliseconds(pauses ? world_.dice.below(40) : 0),
      [this, visit, body = std::move(body), breaks]() mutable { send_pieces(visit, std::move(body), breaks); });
}

void Origin::flush(const std::shared_ptr<Visit>& visit) {
  while (visit->pipe->in_flight() < Pipe::kWindow) {
    Bytes bytes;
    if (visit->http.pull(bytes, 8000, world_.now) == 0) break;
    visit->pipe->write(bytes);
  }
  if (visit->http.wants_close() && !visit->http.wants_write()) visit->pipe->end();
}

void Visitor::start(PipePtr pipe) {
  pipe_ = std::move(pipe);
  if (pipe_ == nullptr) return finish(Outcome::Kind::kCut, "connection refused");
  http::Request request;
  request.method = method_;
  request.target = target_;
  request.host = "site.test";
  if (!manners_.cookie.empty()) request.fields.push_back({"Cookie", manners_.cookie});
  if (method_ == "POST") {
    upload_.assign(1 + world_.dice.below(100000), 'u');
    request.body = {.kind = http::BodyLength::Kind::kKnown, .bytes = upload_.size()};
  }
  http_.send_request(request, world_.now);
  const auto self = shared_from_this();
  pipe_->on_bytes = [self](ByteView bytes) {
    self->http_.receive(bytes, self->world_.now);
    self->step();
  };
  pipe_->on_end = [self] {
    self->http_.receive_end(self->world_.now);
    self->step();
    if (!self->done_) self->finish(Outcome::Kind::kCut, "the connection ended");
  };
  pipe_->on_reset = [self] {
    if (!self->done_) self->finish(Outcome::Kind::kCut, "the connection was reset");
  };
  pipe_->on_room = [self] { self->step(); };
  step();
}

void Visitor::step() {
  if (done_) return;
  if (method_ == "POST" && !ended_) {
    const std::size_t count = std::min(upload_.size(), http_.writable_bytes());
    http_.send_body(as_bytes(std::string_view(upload_).substr(0, count)), world_.now);
    upload_.erase(0, count);
    if (upload_.empty()) {
      http_.send_end(world_.now);
      ended_ = true;
    }
  }
  while (pipe_->in_flight() < Pipe::kWindow) {
    Bytes bytes;
    if (http_.pull(bytes, 8000, world_.now) == 0) break;
    if (manners_.is_old && !std::exchange(asked_, true)) make_old(bytes);
    pipe_->write(bytes);
  }
  const bool has_asked = !http_.wants_write() && (method_ != "POST" || ended_);
  if (manners_.half_closes && has_asked && !std::exchange(half_closed_, true)) pipe_->end();
  while (auto event = http_.poll()) {
    if (auto* received = std::get_if<http::ResponseReceived>(&*event)) {
      response_ = received->response;
    } else if (auto* body = std::get_if<http::ResponseBody>(&*event)) {
      body_ += as_text(body->bytes);
      if (manners_.leaves_after > 0 && body_.size() >= manners_.leaves_after)
        return finish(Outcome::Kind::kCut, "left, with enough");
      http_.body_consumed(body->bytes.size(), world_.now);
      if (manners_.silence > Duration{}) {
        read_on_after(std::exchange(manners_.silence, Duration{}));
      } else if (manners_.is_slow) {
        // The longer the more it got.
        read_on_after(std::chrono::milliseconds(5 + body->bytes.size() / 20));
      }
    } else if (std::holds_alternative<http::ResponseEnd>(*event)) {
      return judge();
    } else if (const auto* failure = std::get_if<http::ExchangeFailed>(&*event)) {
      return finish(Outcome::Kind::kCut, failure->error.text);
    }
  }
}

void Visitor::read_on_after(Duration pause) {
  constexpr Duration kTimeout = std::chrono::seconds(70);
  pipe_->set_reading(false);
  world_.after(std::min(pause, kTimeout), [self = shared_from_this(), leaves = pause > kTimeout] {
    if (self->done_) return;
    if (leaves) return self->finish(Outcome::Kind::kCut, "left, having read nothing");
    self->pipe_->set_reading(true);
  });
}

void Visitor::judge() {
  const std::string_view number_text = field_value(response_.fields, "X-Answer");
  if (number_text.empty()) {
    if (response_.status >= 400) return finish(Outcome::Kind::kError, std::to_string(response_.status) + " " + body_);
    return finish(Outcome::Kind::kWrong, "an answer that no origin gave");
  }
  std::uint64_t number = 0;
  std::from_chars(number_text.data(), number_text.data() + number_text.size(), number);
  const auto sent = ledger_.answers.find(number);
  const bool right = sent != ledger_.answers.end() && body_ == (method_ == "HEAD" ? std::string{} : sent->second);
  const std::string_view header = field_value(response_.fields, "Cf-Railgun");
  outcome_.was_delta = header.find(" 003") != std::string_view::npos || header.find(" 007") != std::string_view::npos;
  finish(right ? Outcome::Kind::kRight : Outcome::Kind::kWrong,
         right ? std::string{} : "other bytes than the origin sent");
}

void Visitor::finish(Outcome::Kind kind, std::string text) {
  done_ = true;
  outcome_.kind = kind;
  outcome_.text = std::move(text);
  if (pipe_) {
    const PipePtr pipe = pipe_;
    pipe->reset();
    world_.after(Duration(0), [pipe] { pipe->silence(); });
  }
}

}  // namespace railgun::sim
