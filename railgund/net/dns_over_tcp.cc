#include "railgund/net/dns_over_tcp.h"

#include <algorithm>
#include <sstream>

#include "railgund/base/endpoint.h"
#include "railgund/net/dns_message.h"

namespace railgun::net {
namespace {

constexpr std::uint16_t kPort = 53;
constexpr DnsType kTypes[] = {DnsType::kIpv4, DnsType::kIpv6};

bool is_asked(std::uint16_t id) {
  return std::ranges::any_of(kTypes, [id](DnsType type) { return static_cast<std::uint16_t>(type) == id; });
}

std::vector<SocketAddress> first_few(std::vector<SocketAddress> servers) {
  if (servers.size() > DnsOverTcp::kMaxServers) servers.resize(DnsOverTcp::kMaxServers);
  return servers;
}

}  // namespace

std::vector<SocketAddress> name_servers(const std::string& resolv_conf) {
  std::vector<SocketAddress> servers;
  std::istringstream lines(resolv_conf);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string keyword, text;
    if (!(words >> keyword >> text) || keyword != "nameserver") continue;
    auto address = SocketAddress::parse(text, kPort);
    if (!address) {
      const auto endpoint = parse_endpoint(text, kPort);
      if (endpoint) address = SocketAddress::parse(endpoint->host, endpoint->port);
    }
    if (address) servers.push_back(*address);
  }
  if (servers.empty()) servers.push_back(*SocketAddress::parse("127.0.0.1", kPort));
  return servers;
}

DnsOverTcp::DnsOverTcp(EventLoop& loop, std::vector<SocketAddress> servers, std::string host, Answer answer)
    : loop_(loop),
      servers_(first_few(std::move(servers))),
      host_(std::move(host)),
      answer_(std::move(answer)),
      stream_(loop, *this),
      timeout_(loop, [this] { fail_server({Errc::kTimeout, "the name server does not answer over TCP"}); }),
      finish_(loop, [this] { finish(); }) {
  ask_next();
}

void DnsOverTcp::ask_next() {
  asked_ = answered_ = 0;
  received_.clear();
  questions_.clear();
  addresses_.clear();
  if (next_ == servers_.size()) return finish_.schedule();
  for (const DnsType type : kTypes) {
    Bytes question;
    // The kernel's random port and sequence number protect the answer; the id tells the two apart.
    if (auto encoded = encode_dns_question(static_cast<std::uint16_t>(type), host_, type, question); !encoded) {
      error_ = std::move(encoded.error());
      next_ = servers_.size();
      return finish_.schedule();
    }
    ByteWriter out(questions_);
    out.u16(static_cast<std::uint16_t>(question.size()));
    out.bytes(question);
    ++asked_;
  }
  const Instant give_up = loop_.now() + kServerTimeout;
  timeout_.set(give_up);
  stream_.connect({servers_[next_++]}, give_up + kServerTimeout);
  stream_.want_write();
}

std::size_t DnsOverTcp::pull(Bytes& to, std::size_t most) {
  const std::size_t count = std::min(most, questions_.size());
  append(to, ByteView(questions_).first(count));
  questions_.erase(questions_.begin(), questions_.begin() + static_cast<std::ptrdiff_t>(count));
  return count;
}

void DnsOverTcp::on_bytes(ByteView bytes) {
  append(received_, bytes);
  take_answers();
}

void DnsOverTcp::take_answers() {
  for (;;) {
    ByteReader in(received_);
    const std::size_t size = in.u16();
    const ByteView message = in.bytes(size);
    if (!in.ok()) return;
    auto answer = decode_dns_answer(message);
    if (!answer) return fail_server(std::move(answer.error()));
    if (!is_asked(answer->id)) return fail_server({Errc::kMalformed, "the name server answers another question"});
    addresses_.insert(addresses_.end(), answer->addresses.begin(), answer->addresses.end());
    received_.erase(received_.begin(), received_.begin() + static_cast<std::ptrdiff_t>(2 + size));
    if (++answered_ == asked_) {
      stream_.close();
      timeout_.cancel();
      if (addresses_.empty()) error_ = {Errc::kNotFound, "no such host: " + host_};
      return finish_.schedule();
    }
  }
}

void DnsOverTcp::on_closed(std::optional<Error> error) {
  fail_server(error.value_or(Error{Errc::kUnavailable, "the name server closed the connection"}));
}

// A name that one server says does not exist does not exist.
void DnsOverTcp::fail_server(Error error) {
  stream_.close();
  timeout_.cancel();
  if (error.code == Errc::kNotFound) next_ = servers_.size();
  error_ = std::move(error);
  ask_next();
}

void DnsOverTcp::finish() {
  const Answer answer = std::move(answer_);
  if (addresses_.empty()) {
    answer(std::unexpected(error_));  // may destroy this
  } else {
    answer(std::move(addresses_));
  }
}

}  // namespace railgun::net
