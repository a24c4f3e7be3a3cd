// Sends wrong tokens to an activation port, so many a second, and says what became of them:
//   token_flood PORT RATE SECONDS ADDRESSES
// They come from ADDRESSES addresses of the loopback network in turn (127.1.0.1 and on). SIGTERM ends it before its
// time. Prints one line of JSON.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMostAtOnce = 500;
constexpr auto kTimeout = std::chrono::seconds(60);
constexpr double kLastAnswers = 60;  // seconds

volatile std::sig_atomic_t told_to_end = 0;

struct FreeSsl {
  void operator()(SSL* ssl) const noexcept { SSL_free(ssl); }
  void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
};

struct Attempt {
  int socket = -1;
  std::unique_ptr<SSL, FreeSsl> ssl;
  bool connected = false, sent = false;
  std::string answer;
  Clock::time_point deadline;
};

struct Counts {
  unsigned long attempts = 0, answered = 0, let_in = 0, turned_away = 0, failed = 0;
};

const std::string kLine = R"({"version":1,"secret":")" + std::string(64, '0') + R"(","request":"r"})" + "\n";

// -1 if none can be had.
int connect_from(unsigned number, std::uint16_t port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (socket < 0) return -1;
  const int on = 1;
  setsockopt(socket, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  sockaddr_in from{};
  from.sin_family = AF_INET;
  from.sin_addr.s_addr = htonl(0x7f010001u + number);
  sockaddr_in to = from;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool bound = ::bind(socket, reinterpret_cast<const sockaddr*>(&from), sizeof from) == 0;
  if (!bound || (::connect(socket, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0 && errno != EINPROGRESS)) {
    ::close(socket);
    return -1;
  }
  return socket;
}

// True once the attempt is over.
bool step(Attempt& attempt, Counts& counts) {
  if (!attempt.sent) {
    const int done = SSL_write(attempt.ssl.get(), kLine.data(), static_cast<int>(kLine.size()));
    attempt.sent = done > 0;
    if (done <= 0) {
      const int why = SSL_get_error(attempt.ssl.get(), done);
      if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) return false;
      ++counts.turned_away;
      return true;
    }
  }
  char piece[2048];
  const int count = SSL_read(attempt.ssl.get(), piece, sizeof piece);
  if (count > 0) {
    attempt.answer.append(piece, static_cast<std::size_t>(count));
    if (attempt.answer.find('\n') == std::string::npos) return false;
    ++counts.answered;
    if (attempt.answer.find("no such token") == std::string::npos) ++counts.let_in;
    return true;
  }
  const int why = SSL_get_error(attempt.ssl.get(), count);
  if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) return false;
  ++counts.turned_away;
  return true;
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: token_flood PORT RATE SECONDS ADDRESSES\n");
    return 2;
  }
  const auto port = static_cast<std::uint16_t>(std::atoi(argv[1]));
  const double rate = std::atof(argv[2]);
  double seconds = std::atof(argv[3]);
  const auto addresses = static_cast<unsigned>(std::max(1, std::atoi(argv[4])));
  signal(SIGPIPE, SIG_IGN);
  signal(SIGTERM, [](int) { told_to_end = 1; });
  const std::unique_ptr<SSL_CTX, FreeSsl> context(SSL_CTX_new(TLS_client_method()));

  Counts counts;
  std::vector<Attempt> open;
  std::vector<pollfd> polled;
  const auto begun = Clock::now();
  for (;;) {
    const auto now = Clock::now();
    const double passed = std::chrono::duration<double>(now - begun).count();
    if (told_to_end != 0) seconds = std::min(seconds, passed);
    // What is under way at the end may still be answered.
    const bool is_over = passed >= seconds;
    if (passed >= seconds + kLastAnswers || (is_over && open.empty())) break;
    while (!is_over && static_cast<double>(counts.attempts) < rate * passed && open.size() < kMostAtOnce) {
      const auto number = static_cast<unsigned>(counts.attempts++ % addresses);
      Attempt attempt;
      attempt.socket = connect_from(number, port);
      if (attempt.socket < 0) {
        ++counts.failed;
        continue;
      }
      attempt.ssl.reset(SSL_new(context.get()));
      SSL_set_fd(attempt.ssl.get(), attempt.socket);
      SSL_set_connect_state(attempt.ssl.get());
      attempt.deadline = now + kTimeout;
      open.push_back(std::move(attempt));
    }
    polled.clear();
    for (const Attempt& attempt : open) {
      const bool waits_to_write = !attempt.connected || (!attempt.sent && SSL_want_write(attempt.ssl.get()));
      polled.push_back({attempt.socket, static_cast<short>(waits_to_write ? POLLOUT : POLLIN), 0});
    }
    ::poll(polled.data(), polled.size(), 1);
    for (std::size_t i = polled.size(); i-- > 0;) {
      Attempt& attempt = open[i];
      const bool is_late = now > attempt.deadline;
      if (polled[i].revents == 0 && !is_late) continue;
      attempt.connected = true;
      if (is_late) ++counts.failed;
      if (!is_late && !step(attempt, counts)) continue;
      ::close(attempt.socket);
      std::swap(attempt, open.back());
      open.pop_back();
    }
  }
  for (const Attempt& attempt : open) ::close(attempt.socket);
  std::printf(R"({"attempts":%lu,"answered":%lu,"let_in":%lu,"turned_away":%lu,"failed":%lu,"cpu_seconds":%.3f})"
              "\n",
              counts.attempts, counts.answered, counts.let_in, counts.turned_away, counts.failed, cpu_seconds());
  return counts.let_in == 0 ? 0 : 1;
}
