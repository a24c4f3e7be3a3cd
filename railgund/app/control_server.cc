#include "railgund/app/control_server.h"

#include <algorithm>

#include <grp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "railgund/base/byte_queue.h"
#include "railgund/net/tcp_stream.h"

namespace railgun::app {
namespace {

// What a client's last answer may take to be read.
constexpr Duration kFlushTimeout = std::chrono::seconds(5);

// Root and the daemon's own user may change things. Whoever could connect may read: the socket's mode says who can.
control::Access most_access(int descriptor) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return control::Access::kRead;
  if (peer.uid == 0) return control::Access::kRoot;
  return peer.uid == ::geteuid() ? control::Access::kChange : control::Access::kRead;
}

void give_to_group(const std::string& path, const std::string& name) {
  if (name.empty()) return;
  // Not fatal: without the group, root and the daemon's user still have their say.
  const group* found = ::getgrnam(name.c_str());
  if (found != nullptr && ::lchown(path.c_str(), static_cast<uid_t>(-1), found->gr_gid) != 0) return;
}

}  // namespace

// One client: a line in, a line out, in turn.
class ControlServer::Session final : private net::StreamHandler {
 public:
  Session(ControlServer& server, std::uint64_t id, net::Descriptor socket)
      : server_(server),
        id_(id),
        access_(most_access(socket.get())),
        stream_(server.loop_, *this),
        timeout_(server.loop_, [this] { end(); }) {
    (void)stream_.adopt(std::move(socket), {});
    timeout_.set(server_.loop_.now() + kRequestTimeout);
  }

  // It has not sent a whole request, and has no answer to take.
  bool is_silent() const { return !waiting_ && out_.empty(); }

  void answer(const Result<std::string>& result) {
    std::string line = result ? control::format_answer(*result) : control::format_error(result.error());
    if (line.size() > control::kMaxAnswerBytes)
      line = control::format_error({Errc::kTooLarge, "the answer is too long"});
    out_.append(as_bytes(line + '\n'));
    waiting_ = false;
    timeout_.set(server_.loop_.now() + kAnswerTimeout);
    stream_.want_write();
  }

  // Handles the next whole line, if there is one; else reads on.
  void next_request() {
    if (waiting_ || closing_ || !out_.empty()) return;
    const std::string_view text = as_text(in_.view());
    const std::size_t end_of_line = text.find('\n');
    if (end_of_line != std::string_view::npos) return take_request(end_of_line);
    if (text.size() > control::kMaxRequestBytes) {
      answer(fail(Errc::kTooLarge, "request longer than 65536 bytes"));
      return end();
    }
    if (ended_) return end();
    stream_.set_reading(true);
  }

 private:
  void on_bytes(ByteView bytes) override {
    in_.append(bytes);
    next_request();
  }
  void on_end() override {
    ended_ = true;
    next_request();
  }
  std::size_t pull(Bytes& to, std::size_t most) override {
    const std::size_t count = out_.take(to, most);
    // The next request waits until this answer has been read, so that at most one is held.
    if (count > 0 && out_.empty()) {
      timeout_.set(server_.loop_.now() + kRequestTimeout);
      post_to_self([](Session& session) { session.next_request(); });
    }
    return count;
  }
  void on_closed(std::optional<Error>) override {
    net::Acceptor& acceptor = *server_.acceptor_;
    server_.sessions_.erase(id_);  // destroys this
    acceptor.keep_reserve();
  }

  void take_request(std::size_t end_of_line) {
    waiting_ = true;
    stream_.set_reading(false);
    timeout_.cancel();
    const auto request = control::parse_request(as_text(in_.view().first(end_of_line)));
    in_.consume(end_of_line + 1);
    const auto reply = [watch = server_.alive_.watch(), id = id_](Result<std::string> result) {
      if (watch.get() == nullptr) return;
      post(watch, id, [result = std::move(result)](Session& session) { session.answer(result); });
    };
    if (!request) return reply(std::unexpected(request.error()));
    if (const control::Access needed = control::access_of(request->command); needed > access_) {
      return reply(fail(Errc::kDenied, std::string(control::name_of(request->command)) +
                                           (needed == control::Access::kRoot
                                                ? ": only root may"
                                                : ": only root and the daemon's user may change things")));
    }
    server_.handler_(*request, reply);
  }

  // From the loop, so that neither a long pipeline nor a quick handler nests calls; nothing if the session has ended.
  template <typename Work>
  static void post(const net::Alive<ControlServer>::Watch& watch, std::uint64_t id, Work work) {
    watch.get()->loop_.post([watch, id, work = std::move(work)] {
      ControlServer* const server = watch.get();
      if (server == nullptr) return;
      const auto found = server->sessions_.find(id);
      if (found != server->sessions_.end()) work(*found->second);
    });
  }
  template <typename Work>
  void post_to_self(Work work) {
    post(server_.alive_.watch(), id_, std::move(work));
  }

  void end() {
    closing_ = true;
    stream_.close_after_flush(server_.loop_.now() + kFlushTimeout);
  }

  ControlServer& server_;
  std::uint64_t id_;
  control::Access access_;
  bool waiting_ = false;  // for the handler
  bool ended_ = false;
  bool closing_ = false;
  ByteQueue in_;   // at most a request and what one read brings
  ByteQueue out_;  // at most an answer
  net::TcpStream stream_;
  net::Timer timeout_;
};

ControlServer::ControlServer(net::EventLoop& loop, std::string path, net::Descriptor listening, Handler handler)
    : loop_(loop), path_(std::move(path)), handler_(std::move(handler)) {
  acceptor_ = std::make_unique<net::Acceptor>(
      loop_, std::move(listening),
      [this](net::Descriptor socket, const net::SocketAddress&) { accept(std::move(socket)); });
  acceptor_->keep_reserve();
}

ControlServer::~ControlServer() = default;

Result<std::unique_ptr<ControlServer>> ControlServer::open(net::EventLoop& loop, const std::string& path,
                                                           const std::string& group, Handler handler) {
  auto listening = net::listen_unix(path, 0660);
  if (!listening) return std::unexpected(listening.error());
  give_to_group(path, group);
  return std::unique_ptr<ControlServer>(new ControlServer(loop, path, std::move(*listening), std::move(handler)));
}

void ControlServer::accept(net::Descriptor socket) {
  if (sessions_.size() >= kConnections && !make_room()) return;
  const std::uint64_t id = next_session_++;
  sessions_.emplace(id, std::make_unique<Session>(*this, id, std::move(socket)));
}

bool ControlServer::make_room() {
  const auto silent =
      std::find_if(sessions_.begin(), sessions_.end(), [](const auto& entry) { return entry.second->is_silent(); });
  if (silent == sessions_.end()) return false;
  sessions_.erase(silent);
  return true;
}

}  // namespace railgun::app
