#include "railgunctl/check/check_network.h"

#include <algorithm>

#include "railgunctl/render.h"

namespace railgun::ctl {
namespace {

constexpr std::uint64_t kAdvisedMemory = 1ULL << 30, kLeastMemory = 512ULL << 20;
// Nearer than this says nothing: another machine of the same room.
constexpr Duration kSameRoom = std::chrono::milliseconds(2);

std::string span(Duration time) { return span_text(std::chrono::duration<double>(time).count()); }

bool answers_as_railgun(const ProbeVerdict& verdict) {
  return std::string_view(verdict.word) == "railgun" || std::string_view(verdict.word) == "refused by railgun" ||
         std::string_view(verdict.word) == "bad certificate";
}

Finding judge_address(const ProbeFacts& address, const OwnPortFacts& facts, WallTime now) {
  const ProbeVerdict verdict = judge(address, now);
  const std::string where = to_string(address.target);
  if (answers_as_railgun(verdict)) return fine("port", where + " answers");
  if (std::string_view(verdict.word) == "link without tls")
    return warning("port", where + ": " + verdict.text, verdict.advice);
  if (!facts.daemon_runs) return unknown("port", where + ": the daemon is not running");
  if (verdict.exit_code == ExitCode::kUnreachable) {
    return error("port", where + " does not answer although the daemon is running: " + verdict.text,
                 "set wan.ip to an address of this machine (or remove the setting), and check this machine's firewall");
  }
  return error("port", where + ": " + verdict.text,
               "another program may use the port: ss -ltnp | grep " + std::to_string(facts.port));
}

Finding judge_outside(const ProbeFacts& outside, WallTime now) {
  const ProbeVerdict verdict = judge(outside, now);
  const std::string where = to_string(outside.target);
  if (answers_as_railgun(verdict)) return fine("port outside", where + " reaches this machine");
  if (std::string_view(verdict.word) == "no such name") {
    return error("port outside", where + ": " + verdict.text,
                 "set activation.railgun_host to a name that the sender can resolve");
  }
  // A router that does not lead back inside looks the same as a closed port.
  return unknown("port outside",
                 where + " does not answer from inside the network; many routers do not support that (NAT hairpinning)",
                 "test it from the sender: railgunctl probe " + where);
}

constexpr const char* kGrantAdvice =
    "give the user of railgund write access to the socket, and access to the directories above it: for example, add "
    "the "
    "user to the group of the socket (usermod -aG GROUP railgund), and restart railgund";

std::string socket_advice(const OriginFacts& origin) {
  if (origin.answer.error->code == Errc::kNotFound) return "start the application there, or correct the path";
  if (origin.answer.error->code == Errc::kDenied) return kGrantAdvice;
  if (origin.answer.reach == Reach::kRefused)
    return "start the application: the file is there, but nothing listens on the socket";
  return "correct the path";
}

std::string protocol_advice(const config::OriginTarget& target) {
  const std::string where = is_unix_socket(target.endpoint) ? "socket" : "port";
  if (target.secure) return "check that the origin speaks HTTPS on that " + where;
  if (target.http2) {
    return "check that the origin speaks HTTP/2 without TLS (with prior knowledge) on that " + where +
           "; for HTTP/1.1 write " + (is_unix_socket(target.endpoint) ? "unix:" : "http://") + " instead of h2c://";
  }
  return "check that the origin speaks HTTP/1.1 on that " + where + "; write h2c:// if it speaks HTTP/2 alone";
}

Finding judge_daemon_access(const Error& problem, const std::string& name, const std::string& seen) {
  if (problem.code == Errc::kDenied) return error(name, seen + ", but " + problem.text, kGrantAdvice);
  return error(name, seen + ", but " + problem.text,
               "move the socket to a directory below /run: the service unit hides /tmp, /var/tmp, /home and /root from "
               "railgund (PrivateTmp, ProtectHome)");
}

std::string reach_advice(const OriginFacts& origin) {
  if (is_unix_socket(origin.target.endpoint)) return socket_advice(origin);
  const bool is_nat = !origin.from_map && !origin.is_fallback &&
                      (origin.answer.reach == Reach::kTimeout || origin.answer.reach == Reach::kRefused);
  if (is_nat) {
    return "if that is this network's own public address: many routers do not route it back inside (NAT hairpinning). "
           "Set the inner address in map.file: " +
           origin.host + " = 127.0.0.1";
  }
  if (origin.answer.reach == Reach::kRefused) return "start the web server there, or correct the address or port";
  if (origin.answer.reach == Reach::kTimeout) return "check the address, and the firewall between the two machines";
  return "correct the name or address";
}

Finding judge_origin(const OriginFacts& origin) {
  const Fetched& answer = origin.answer;
  const std::string name = origin.is_fallback ? "direct origin" : "origin";
  std::string seen = origin.host + " at " + to_string(origin.target);
  if (answer.error && answer.status == 0) {
    const bool is_reached = answer.reach == Reach::kOpen;
    seen += ": " + answer.error->text;
    std::string advice = reach_advice(origin);
    if (is_reached && answer.error->code == Errc::kDenied) {
      advice =
          "add its authority to ca.bundle, or use a host name that its certificate covers; validate.cert = 0 accepts "
          "any "
          "certificate";
    } else if (is_reached && answer.error->code == Errc::kTimeout) {
      advice = "the web server accepts the connection but does not answer: see its log";
    } else if (is_reached) {
      advice = protocol_advice(origin.target);
    }
    return origin.is_fallback ? warning(name, std::move(seen), std::move(advice))
                              : error(name, std::move(seen), std::move(advice));
  }
  seen += ": status " + std::to_string(answer.status);
  if (answer.is_http2) seen += " over HTTP/2";
  if (origin.target.http2 && !answer.is_http2) seen += " over HTTP/1.1 (it does not offer HTTP/2)";
  if (origin.daemon_error) return judge_daemon_access(*origin.daemon_error, name, seen);
  seen += ", connected in " + span(answer.phases.connect) + ", answered after " + span(answer.phases.first_byte);
  if (answer.status >= 500) return warning(name, std::move(seen), "see the web server's log: the status is its own");
  return fine(name, std::move(seen));
}

Finding judge_server(const MemcachedFacts& server) {
  if (server.error) {
    return error(
        "memcached",
        server.server + ": " + server.error->text + "; page versions are kept in this process's memory only",
        "start memcached there (systemctl status memcached), correct memcached.servers, or remove the setting: "
        "memcached is optional");
  }
  std::string seen = server.server + ": version " + server.version;
  if (server.memory_bytes)
    seen += ", " + binary_text(server.used_bytes) + " of " + binary_text(*server.memory_bytes) + " used";
  seen += ", " + count_text(server.evictions) + " evicted";
  if (server.hits + server.misses > 0) seen += ", " + share_text(server.hits, server.hits + server.misses) + " hits";
  if (server.memory_bytes && *server.memory_bytes < kLeastMemory) {
    return warning("memcached", seen + ": too small, so page versions are evicted before they are used again",
                   "give it 1 GB or more: -m 1024 in its settings (its default is 64 MB)");
  }
  if (server.evictions > 0 && server.memory_bytes && *server.memory_bytes < kAdvisedMemory) {
    return warning("memcached", seen + ": page versions are evicted for lack of memory",
                   "give it 1 GB or more: -m 1024 in its settings");
  }
  return fine("memcached", seen);
}

Finding judge_item_limit(const MemcachedFacts& server) {
  if (!server.item_bytes) return unknown("item limit", server.server + " does not report its item size limit");
  const std::string seen = server.server + " accepts items up to " + binary_text(*server.item_bytes) +
                           "; memcached.limit is " + binary_text(server.wanted_item_bytes);
  if (server.wanted_item_bytes > *server.item_bytes) {
    const auto megabytes = (server.wanted_item_bytes >> 20) + 1;
    return warning("item limit", seen + ": memcached rejects larger page versions",
                   "start memcached with -I " + std::to_string(megabytes) + "m, or lower memcached.limit");
  }
  return fine("item limit", seen);
}

}  // namespace

Findings judge_own_port(const OwnPortFacts& facts, WallTime now) {
  Findings findings;
  for (const ProbeFacts& address : facts.addresses) findings.push_back(judge_address(address, facts, now));
  if (facts.addresses.empty()) findings.push_back(unknown("port", "this machine has only loopback addresses"));
  if (facts.outside) {
    findings.push_back(facts.daemon_runs ? judge_outside(*facts.outside, now)
                                         : unknown("port outside", "the daemon is not running"));
  }
  return findings;
}

Findings judge_peers(const std::string& name, const std::vector<ProbeFacts>& peers, WallTime now) {
  Findings findings;
  for (const ProbeFacts& peer : peers) {
    const ProbeVerdict verdict = judge(peer, now);
    const std::string where = to_string(peer.target);
    if (verdict.exit_code == ExitCode::kOk && peer.link) {
      const auto time = round_trip(peer);
      findings.push_back(fine(name, where + " accepts this machine" + (time ? ", round trip " + span(*time) : "")));
    } else if (verdict.exit_code == ExitCode::kOk) {
      findings.push_back(unknown(name, where + " answers; a link was not tried" +
                                           (peer.identity_error ? ": " + peer.identity_error->text : "")));
    } else {
      findings.push_back(error(name, where + ": " + verdict.text, verdict.advice));
    }
  }
  return findings;
}

Findings judge_local_ports(const std::vector<LocalPortFacts>& ports, bool daemon_runs) {
  Findings findings;
  for (const LocalPortFacts& port : ports) {
    const std::string where = to_string(port.endpoint);
    if (port.reach == Reach::kOpen) {
      findings.push_back(fine(port.name, where + " answers"));
    } else if (!daemon_runs) {
      findings.push_back(unknown(port.name, where + ": the daemon is not running"));
    } else {
      findings.push_back(error(port.name, where + " does not answer although the daemon is running: " + port.reason,
                               "check this machine's firewall, and see the log"));
    }
  }
  return findings;
}

Findings judge_origins(const std::vector<OriginFacts>& origins) {
  Findings findings;
  for (const OriginFacts& origin : origins) findings.push_back(judge_origin(origin));
  return findings;
}

Findings judge_place(const std::vector<OriginFacts>& origins, std::optional<Duration> link) {
  std::optional<Duration> farthest;
  std::string which;
  for (const OriginFacts& origin : origins) {
    if (origin.answer.reach != Reach::kOpen || (farthest && origin.answer.phases.connect <= *farthest)) continue;
    farthest = origin.answer.phases.connect;
    which = to_string(origin.target);
  }
  if (!farthest) return {unknown("place", "no origin could be reached, so its distance is unknown")};
  if (!link) return {unknown("place", "the origin is " + span(*farthest) + " away; no link is up to compare with")};
  const std::string seen = "the origin (" + which + ") is " + span(*farthest) + " away, the sender " + span(*link);
  if (*farthest <= kSameRoom || *farthest * 2 <= *link) return {fine("place", seen)};
  return {warning("place", seen + ": the time saved on the link is lost between listener and origin",
                  "run the listener on the origin's machine, or in its network")};
}

Findings judge_memcached(const std::vector<MemcachedFacts>& servers) {
  if (servers.empty()) return {not_applicable("memcached", "not set: page versions are kept in this process's memory")};
  Findings findings;
  for (const MemcachedFacts& server : servers) {
    findings.push_back(judge_server(server));
    if (!server.error) findings.push_back(judge_item_limit(server));
  }
  return findings;
}

}  // namespace railgun::ctl
