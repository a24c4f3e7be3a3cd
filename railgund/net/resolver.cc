#include "railgund/net/resolver.h"

#include <fstream>
#include <iterator>

#include <event2/dns.h>
#include <event2/util.h>
#include <sys/stat.h>

#include "railgund/base/check.h"
#include "railgund/base/field.h"
#include "railgund/base/text.h"
#include "railgund/net/dns_over_tcp.h"
#include "railgund/net/name_cache.h"

namespace railgun::net {
namespace {

constexpr Duration kRefreshTimeout = std::chrono::seconds(30);

struct FreeDns {
  void operator()(evdns_base* base) const noexcept { evdns_base_free(base, 1); }
};
struct FreeAddresses {
  void operator()(evutil_addrinfo* addresses) const noexcept { evutil_freeaddrinfo(addresses); }
};
using DnsPtr = std::shared_ptr<evdns_base>;

DnsPtr make_dns(EventLoop& loop, const ResolverFiles& files) {
  // Inactive: name servers are probed while there are questions, not for ever.
  evdns_base* const base = evdns_base_new(loop.base(), EVDNS_BASE_DISABLE_WHEN_INACTIVE);
  RAILGUN_CHECK(base != nullptr);
  DnsPtr dns(base, FreeDns());
  // A silent name server is passed over after a second, and asked last once it was silent twice.
  evdns_base_set_option(base, "timeout:", "1");
  evdns_base_set_option(base, "attempts:", "4");
  evdns_base_set_option(base, "max-timeouts:", "2");
  // Mixed case in questions is an extra check that some servers in the field do not survive.
  evdns_base_set_option(base, "randomize-case:", "0");
  // Without the file: the name server on this machine, as resolv.conf(5) has it.
  if (evdns_base_resolv_conf_parse(base, DNS_OPTION_SEARCH | DNS_OPTION_NAMESERVERS | DNS_OPTION_MISC,
                                   files.servers.c_str()) != 0 &&
      evdns_base_count_nameservers(base) == 0) {
    evdns_base_nameserver_ip_add(base, "127.0.0.1");
  }
  evdns_base_load_hosts(base, files.hosts.c_str());
  return dns;
}

// Changes whenever one of the files is written or replaced.
std::string state_of(const ResolverFiles& files) {
  std::string state;
  for (const std::string& path : {files.servers, files.hosts}) {
    struct stat status{};
    if (::stat(path.c_str(), &status) == 0) {
      state += std::to_string(status.st_ino) + "." + std::to_string(status.st_size) + "." +
               std::to_string(status.st_mtim.tv_sec) + "." + std::to_string(status.st_mtim.tv_nsec);
    }
    state += ";";
  }
  return state;
}

Error failure(const std::string& host, int reason) {
  switch (reason) {
    case EVUTIL_EAI_NONAME:
    case EVUTIL_EAI_NODATA:
    case EVUTIL_EAI_ADDRFAMILY:
      return {Errc::kNotFound, "no such host: " + host};
    default:
      return {Errc::kUnavailable, "cannot look up " + host + ": " + evutil_gai_strerror(reason)};
  }
}

}  // namespace

// What look-ups need of the resolver, and may need after it is gone.
struct Resolver::Shared {
  DnsPtr dns;
  std::vector<SocketAddress> servers;
  NameCache cache{kCacheEntries};
};

class Resolver::Query final : public Resolver::Lookup {
 public:
  Query(EventLoop& loop, std::shared_ptr<Shared> shared, std::string host, std::uint16_t port, Answer answer)
      : loop_(loop),
        shared_(std::move(shared)),
        host_(std::move(host)),
        port_(port),
        answer_(std::move(answer)),
        soon_(loop, [this] { finish(std::move(result_)); }),
        give_up_(loop, [this] {
          cancel();
          finish(or_last_resort({Errc::kTimeout, "cannot look up " + host_ + ": no answer in time"}));
        }) {}
  ~Query() override { cancel(); }
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  void answer_soon(std::vector<SocketAddress> addresses) {
    for (SocketAddress& address : addresses) address.set_port(port_);
    result_ = std::move(addresses);
    soon_.schedule();
  }

  void ask(Instant give_up) {
    evutil_addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_protocol = IPPROTO_TCP;
    give_up_.set(give_up);
    ticket_ = std::make_unique<Ticket>(Ticket{this, &loop_, shared_, shared_->dns}).release();
    // What needs no question (/etc/hosts) is answered from inside the call, which then gives null.
    evdns_getaddrinfo_request* const request =
        evdns_getaddrinfo(ticket_->dns.get(), host_.c_str(), nullptr, &hints, on_answer, ticket_);
    request_ = ticket_ == nullptr ? nullptr : request;
  }

 private:
  // What evdns calls back to, exactly once and also after a cancellation: this outlives the query then.
  struct Ticket {
    Query* query;  // null: cancelled
    EventLoop* loop;
    std::shared_ptr<Shared> shared;
    DnsPtr dns;
  };

  static void on_answer(int reason, evutil_addrinfo* found, void* context) noexcept {
    const std::unique_ptr<evutil_addrinfo, FreeAddresses> owned(found);
    std::unique_ptr<Ticket> ticket(static_cast<Ticket*>(context));
    if (ticket->query != nullptr) ticket->query->answered(reason, owned.get());
    // evdns goes on with its own after this call, and must not be freed in it.
    ticket->loop->post([shared = std::move(ticket->shared), dns = std::move(ticket->dns)] {});
  }

  void answered(int reason, const evutil_addrinfo* found) {
    request_ = nullptr;
    ticket_ = nullptr;
    std::vector<SocketAddress> addresses;
    for (const evutil_addrinfo* each = found; each != nullptr; each = each->ai_next) {
      const auto address = SocketAddress::from(each->ai_addr, static_cast<socklen_t>(each->ai_addrlen));
      if (address) addresses.push_back(*address);
    }
    if (!addresses.empty()) return found_addresses(std::move(addresses));
    Error error = failure(host_, reason == 0 ? EVUTIL_EAI_NONAME : reason);
    if (error.code == Errc::kNotFound) return failed(std::move(error));
    over_tcp_ = std::make_unique<DnsOverTcp>(
        loop_, shared_->servers, host_, [this, error = std::move(error)](Result<std::vector<SocketAddress>> answer) {
          if (answer) return found_addresses(std::move(*answer));
          // What the first way says of itself explains more, but for a name that is not there.
          failed(answer.error().code == Errc::kNotFound ? Error{Errc::kNotFound, "no such host: " + host_} : error);
        });
  }

  // Both end the look-up at the end of the turn: not from inside evdns, which the answer's receiver may make us free.
  void found_addresses(std::vector<SocketAddress> addresses) {
    give_up_.cancel();
    shared_->cache.keep(host_, addresses, loop_.now());
    answer_soon(std::move(addresses));
  }
  void failed(Error error) {
    give_up_.cancel();
    if (error.code == Errc::kNotFound) shared_->cache.forget(host_);
    result_ = or_last_resort(std::move(error));
    soon_.schedule();
  }

  Result<std::vector<SocketAddress>> or_last_resort(Error error) const {
    const NameCache::Entry* const kept = shared_->cache.find(host_, kLastResortTime, loop_.now());
    if (kept == nullptr) return std::unexpected(std::move(error));
    std::vector<SocketAddress> addresses = kept->addresses;
    for (SocketAddress& address : addresses) address.set_port(port_);
    return addresses;
  }

  void cancel() {
    if (ticket_ != nullptr) ticket_->query = nullptr;
    if (request_ != nullptr) evdns_getaddrinfo_cancel(request_);
    ticket_ = nullptr;
    request_ = nullptr;
    over_tcp_.reset();
  }

  void finish(Result<std::vector<SocketAddress>> result) {
    give_up_.cancel();
    const Answer answer = std::move(answer_);
    answer(std::move(result));  // may destroy this
  }

  EventLoop& loop_;
  std::shared_ptr<Shared> shared_;
  std::string host_;
  std::uint16_t port_;
  Answer answer_;
  Result<std::vector<SocketAddress>> result_;
  evdns_getaddrinfo_request* request_ = nullptr;
  Ticket* ticket_ = nullptr;
  std::unique_ptr<DnsOverTcp> over_tcp_;
  Deferred soon_;
  Timer give_up_;
};

Resolver::Resolver(EventLoop& loop, ResolverFiles files)
    : loop_(loop), files_(std::move(files)), shared_(std::make_shared<Shared>()) {
  reload();
}

Resolver::~Resolver() = default;

void Resolver::reload() {
  files_state_ = state_of(files_);
  next_check_ = loop_.now() + kCheckEvery;
  shared_->cache.clear();
  shared_->dns = make_dns(loop_, files_);
  std::ifstream servers(files_.servers);
  shared_->servers = name_servers({std::istreambuf_iterator<char>(servers), {}});
}

void Resolver::reload_if_changed(Instant now) {
  if (now < next_check_) return;
  next_check_ = now + kCheckEvery;
  if (state_of(files_) != files_state_) reload();
}

std::unique_ptr<Resolver::Lookup> Resolver::resolve(const std::string& host, std::uint16_t port, Instant give_up,
                                                    Answer answer) {
  const Instant now = loop_.now();
  const std::string name = lower_ascii(host);
  auto query = std::make_unique<Query>(loop_, shared_, name, port, std::move(answer));
  if (const auto address = SocketAddress::parse(name, port)) {
    query->answer_soon({*address});
    return query;
  }
  reload_if_changed(now);
  if (const NameCache::Entry* const kept = shared_->cache.find(name, kCacheTime + kStaleTime, now)) {
    query->answer_soon(kept->addresses);
    if (now - kept->looked_up >= kCacheTime) refresh(name);
  } else {
    query->ask(give_up);
  }
  return query;
}

void Resolver::refresh(const std::string& name) {
  if (refreshes_.contains(name)) return;
  // The answer's own part is to be kept, which has happened by then.
  auto query = std::make_unique<Query>(loop_, shared_, name, 0, [this, name](const auto&) { refreshes_.erase(name); });
  query->ask(loop_.now() + kRefreshTimeout);
  refreshes_[name] = std::move(query);
}

}  // namespace railgun::net
