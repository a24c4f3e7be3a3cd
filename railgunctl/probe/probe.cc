#include "railgunctl/probe/probe.h"

#include <algorithm>

#include "railgunctl/render.h"
#include "railgund/base/text.h"
#include "railgund/link/frame_codec.h"
#include "railgund/tls/context.h"

namespace railgun::ctl {
namespace {

std::string port_of(const ProbeFacts& facts) { return std::to_string(facts.target.port); }

ProbeVerdict judge_name(const ProbeFacts& facts) {
  if (facts.name_error->code == Errc::kNotFound) {
    return {"no such name", "The host name " + facts.target.host + " does not exist.",
            "check the spelling, and whether this machine's DNS server knows the name", ExitCode::kUnreachable};
  }
  return {"no such name", "The name " + facts.target.host + " could not be resolved: " + facts.name_error->text + ".",
          "check that the name servers in /etc/resolv.conf answer, or probe the address itself",
          ExitCode::kUnreachable};
}

// No address was open: the most telling of them.
ProbeVerdict judge_closed(const ProbeFacts& facts) {
  const auto any = [&](Reach reach) {
    return std::any_of(facts.attempts.begin(), facts.attempts.end(), [&](const auto& a) { return a.reach == reach; });
  };
  if (any(Reach::kRefused)) {
    return {"refused", "The machine answers, but nothing listens on its port " + port_of(facts) + ".",
            "start railgund there (systemctl status railgund), and check wan.ip and wan.port in its railgun.conf; a "
            "firewall that rejects connections looks the same",
            ExitCode::kUnreachable};
  }
  if (any(Reach::kTimeout)) {
    return {"timeout", "No answer: packets to port " + port_of(facts) + " are lost on the way.",
            "open TCP port " + port_of(facts) +
                " for this machine's address in the firewall or security group there; check that the address is "
                "right and that the machine is up",
            ExitCode::kUnreachable};
  }
  const std::string reason = facts.attempts.empty() ? "no address" : facts.attempts.back().reason;
  return {"unreachable", "This machine cannot reach the address: " + reason + ".",
          "check this machine's routes (ip route), and its IPv6 connectivity if the address is an IPv6 address",
          ExitCode::kUnreachable};
}

ProbeVerdict judge_without_tls(const ProbeFacts& facts) {
  const Error& error = *facts.tls_error;
  if (facts.first_bytes.starts_with("RAILGUN\n")) {
    return {"link without tls", "Railgun answers there, but without TLS: anyone can connect and read the traffic.",
            "set wan.tls = 1 at both ends; 0 is for tests only", ExitCode::kFailed};
  }
  if (!facts.first_bytes.empty() && error.code == Errc::kMalformed) {
    return {"not tls", "Another program listens there, not Railgun: it does not speak TLS.",
            "Railgun uses port 2408 unless wan.port names another", ExitCode::kFailed};
  }
  if (error.code == Errc::kTimeout) {
    return {"silent", "The port is open, but the program there does not answer the TLS handshake.",
            "another program may use the port, a load balancer may have no backend, or large packets may be lost on "
            "the way (MTU)",
            ExitCode::kFailed};
  }
  if (error.code == Errc::kUnavailable) {
    return {"closed", "The port is open, but the connection was closed immediately (" + error.text + ").",
            "a listener that was never activated does this (railgunctl activate TOKEN), and so does a load balancer "
            "without a backend",
            ExitCode::kFailed};
  }
  return {"not railgun", "Another program listens there, not Railgun: the TLS handshake failed (" + error.text + ").",
          "Railgun uses port 2408 unless wan.port names another", ExitCode::kFailed};
}

ProbeVerdict judge_stranger(const ProbeFacts::Tls& tls) {
  if (tls.protocol == "http/1.1") {
    return {"not railgun", "A web server listens there, not Railgun.",
            "Railgun uses port 2408 unless wan.port names another", ExitCode::kFailed};
  }
  return {"not railgun",
          std::string("A TLS server listens there") +
              (tls.asks_for_certificate ? " and asks for a certificate, but it does not identify itself as Railgun."
                                        : ", not Railgun."),
          "Railgun uses port 2408 unless wan.port names another", ExitCode::kFailed};
}

// Null if the certificate is good now.
const char* fault_of(const tls::CertificateFacts& certificate, WallTime now) {
  if (certificate.not_after <= now) return "has expired";
  if (certificate.not_before > now) return "is not valid yet";
  return nullptr;
}

ProbeVerdict judge_certificate(const char* fault) {
  return {"bad certificate",
          std::string("Railgun answers, but its certificate ") + fault + ": no link can be established.",
          "compare the clocks of both machines; if both are right, activate the listener again with a new token",
          ExitCode::kFailed};
}

ProbeVerdict judge_link(const ProbeFacts& facts) {
  if (facts.link) {
    return {"railgun",
            std::string("Railgun answers, and accepts this machine's certificate as a ") +
                (facts.link->is_sender ? "listener's." : "sender's."),
            "", ExitCode::kOk};
  }
  if (facts.link_error && facts.link_error->code == Errc::kDenied) {
    return {"refused by railgun",
            "Railgun answers, but it and this machine do not trust each other: " + facts.link_error->text + ".",
            "they belong to different senders, or one of them was activated again later: activate the listener with a "
            "token of this sender",
            ExitCode::kDenied};
  }
  if (facts.link_error) {
    return {"no link", "Railgun answers, but no link could be established: " + facts.link_error->text + ".",
            "see the logs of both ends (journalctl -u railgund)", ExitCode::kFailed};
  }
  return {"railgun", "Railgun answers. Whether it accepts a sender can only be tested with that sender's certificate.",
          facts.identity_error ? "" : "run this on the sender to test that as well", ExitCode::kOk};
}

std::string milliseconds(Duration time) { return span_text(std::chrono::duration<double>(time).count()); }

std::string joined(const std::vector<std::string>& items, std::size_t most) {
  std::string text = join(std::span(items).first(std::min(items.size(), most)));
  if (items.size() > most) text += " and " + count_text(items.size() - most) + " more";
  return text;
}

std::string attempt_text(const ConnectResult& attempt) {
  const std::string name = attempt.address + ": ";
  if (attempt.reach == Reach::kOpen) return name + "connected in " + milliseconds(attempt.time);
  return name + attempt.reason + " after " + milliseconds(attempt.time);
}

std::string validity_text(const tls::CertificateFacts& certificate, WallTime now) {
  const auto left = (certificate.not_after - now).count();
  return "until " + date_text(certificate.not_after.time_since_epoch().count()) +
         (left > 0 ? " (" + span_text(static_cast<double>(left)) + " left)" : " (EXPIRED)");
}

std::string certificate_lines(const ProbeFacts& facts, const tls::CertificateFacts& certificate, WallTime now) {
  const auto& names = certificate.dns_names;
  const std::string who = names.empty() ? certificate.common_name : joined(names, 3);
  std::string text =
      labelled("certificate", (who.empty() ? "no name" : who) + ", signed by '" + certificate.issuer + "'") +
      labelled("", validity_text(certificate, now)) + labelled("SHA-256", certificate.fingerprint);
  const std::string key = certificate.issuer_key_id.empty() ? "" : "key " + certificate.issuer_key_id + ", ";
  if (!facts.authority) {
    text += labelled("authority", key + "not sent, and unknown to this machine");
  } else if (facts.authority->key_id == certificate.issuer_key_id || facts.link) {
    text += labelled("authority", "the one this machine trusts") + labelled("SHA-256", facts.authority->fingerprint);
  } else {
    text += labelled("authority", key + "not the one this machine trusts (key " + facts.authority->key_id + ")");
  }
  return text;
}

std::string first_line(const std::string& bytes) {
  return '"' + printable_ascii(std::string_view(bytes).substr(0, bytes.find_first_of("\r\n"))) + '"';
}

std::string protocol_text(const ProbeFacts& facts) {
  std::string text = facts.tls->protocol.empty() ? "not said" : printable_ascii(facts.tls->protocol);
  if (facts.tls->asks_for_certificate) text += "; demands a certificate";
  return text;
}

std::string versions_text(const ProbeFacts::Link& link) {
  const std::string lowest = std::to_string(link.lowest_version), highest = std::to_string(link.highest_version);
  return "version " + (lowest == highest ? lowest : lowest + " to " + highest);
}

std::string link_text(const ProbeFacts& facts) {
  if (facts.link) {
    return std::string(facts.link->is_sender ? "a sender" : "a listener") + ", link " + versions_text(*facts.link) +
           (facts.link->build.empty() ? "" : ", build " + facts.link->build) + "; this machine is " + facts.identity;
  }
  if (facts.link_error) return "none: " + facts.link_error->text;
  if (facts.identity_error) return "not tried: " + facts.identity_error->text;
  return "not tried: this machine has no Railgun certificate";
}

std::string round_trip_text(const ProbeFacts& facts) {
  std::string text = milliseconds(*round_trip(facts));
  if (facts.link && !facts.link->round_trips.empty()) {
    text += " (best of " + std::to_string(facts.link->round_trips.size()) + " echoes over the link)";
  } else {
    text += " (time to connect)";
  }
  return text;
}

}  // namespace

ProbeVerdict judge(const ProbeFacts& facts, WallTime now) {
  if (facts.name_error) return judge_name(facts);
  if (facts.attempts.empty() || facts.attempts.back().reach != Reach::kOpen) return judge_closed(facts);
  if (!facts.tls) return judge_without_tls(facts);
  if (facts.tls->protocol != tls::kLinkProtocol && !facts.link) return judge_stranger(*facts.tls);
  if (facts.tls->certificate) {
    if (const char* fault = fault_of(*facts.tls->certificate, now)) return judge_certificate(fault);
  }
  return judge_link(facts);
}

std::optional<Duration> round_trip(const ProbeFacts& facts) {
  if (facts.link && !facts.link->round_trips.empty()) {
    return *std::min_element(facts.link->round_trips.begin(), facts.link->round_trips.end());
  }
  if (facts.attempts.empty() || facts.attempts.back().reach != Reach::kOpen) return std::nullopt;
  return facts.attempts.back().time;
}

std::string probe_text(const ProbeFacts& facts, const ProbeVerdict& verdict, WallTime now) {
  std::string text = labelled("target", to_string(facts.target));
  if (facts.name_time && !facts.name_error) {
    text += labelled("name", joined(facts.addresses, 4) + " in " + milliseconds(*facts.name_time));
  }
  for (const auto& attempt : facts.attempts) text += labelled("TCP", attempt_text(attempt));
  if (!facts.first_bytes.empty()) text += labelled("it says", first_line(facts.first_bytes));
  if (facts.tls_error) text += labelled("TLS", facts.tls_error->text);
  if (facts.tls) {
    text += labelled("TLS", facts.tls->version + ", " + facts.tls->cipher +
                                (facts.tls->group.empty() ? "" : ", " + facts.tls->group) + ", in " +
                                milliseconds(facts.tls->time));
    if (facts.tls->certificate) text += certificate_lines(facts, *facts.tls->certificate, now);
    text += labelled("protocol", protocol_text(facts));
    if (facts.tls->protocol == tls::kLinkProtocol || facts.link) text += labelled("link", link_text(facts));
  }
  if (round_trip(facts)) text += labelled("round trip", round_trip_text(facts));
  text += '\n' + wrapped("", "", verdict.text);
  if (!verdict.advice.empty()) text += wrapped("-> ", "   ", verdict.advice);
  return text;
}

}  // namespace railgun::ctl
