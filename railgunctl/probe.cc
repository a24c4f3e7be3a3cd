#include "railgunctl/probe.h"

#include <algorithm>

#include "railgunctl/render.h"
#include "railgund/link/frame_codec.h"
#include "railgund/tls/context.h"

namespace railgun::ctl {
namespace {

std::string port_of(const ProbeFacts& facts) { return std::to_string(facts.target.port); }

ProbeVerdict judge_name(const ProbeFacts& facts) {
  if (facts.name_error->code == Errc::kNotFound) {
    return {"no such name", "There is no host called " + facts.target.host + ".",
            "see whether the name is right, and whether this machine's DNS knows it", ExitCode::kUnreachable};
  }
  return {"no such name", "The name " + facts.target.host + " could not be looked up: " + facts.name_error->text + ".",
          "see whether the name servers in /etc/resolv.conf answer; or probe the address itself",
          ExitCode::kUnreachable};
}

// No address was open: the most telling of them.
ProbeVerdict judge_closed(const ProbeFacts& facts) {
  const auto any = [&](Reach reach) {
    return std::any_of(facts.attempts.begin(), facts.attempts.end(), [&](const auto& a) { return a.reach == reach; });
  };
  if (any(Reach::kRefused)) {
    return {"refused", "The machine is there, but nothing listens on its port " + port_of(facts) + ".",
            "start railgund there (systemctl status railgund), and compare wan.ip and wan.port in its railgun.conf; a "
            "firewall that rejects looks the same",
            ExitCode::kUnreachable};
  }
  if (any(Reach::kTimeout)) {
    return {"timeout", "No answer at all: what goes to port " + port_of(facts) + " is lost on the way.",
            "open TCP port " + port_of(facts) +
                " for this machine's address in the firewall or security group there, and see that the address is "
                "right and the machine is on",
            ExitCode::kUnreachable};
  }
  const std::string reason = facts.attempts.empty() ? "no address" : facts.attempts.back().reason;
  return {"unreachable", "This machine has no way there: " + reason + ".",
          "see this machine's routes (ip route), and IPv6 if the address is one", ExitCode::kUnreachable};
}

ProbeVerdict judge_without_tls(const ProbeFacts& facts) {
  const Error& error = *facts.tls_error;
  if (facts.first_bytes.starts_with("RAILGUN\n")) {
    return {"link without tls", "Railgun listens there, but without TLS: anyone may connect and read.",
            "set wan.tls = 1 at both ends; 0 is for tests alone", ExitCode::kFailed};
  }
  if (!facts.first_bytes.empty() && error.code == Errc::kMalformed) {
    return {"not tls", "Something else than Railgun listens there: it speaks no TLS.",
            "Railgun's port is 2408 unless wan.port says otherwise", ExitCode::kFailed};
  }
  if (error.code == Errc::kTimeout) {
    return {"silent", "The port is open, but who listens there does not answer TLS.",
            "another program may have the port, a balancer may have nothing behind it, or large packets may be lost "
            "on the way (MTU)",
            ExitCode::kFailed};
  }
  if (error.code == Errc::kUnavailable) {
    return {"closed", "The port is open, but the connection was closed at once (" + error.text + ").",
            "a listener that was never activated does that (railgunctl activate TOKEN), and so does a balancer with "
            "nothing behind it",
            ExitCode::kFailed};
  }
  return {"not railgun", "Something else than Railgun listens there: it speaks another TLS (" + error.text + ").",
          "Railgun's port is 2408 unless wan.port says otherwise", ExitCode::kFailed};
}

ProbeVerdict judge_stranger(const ProbeFacts::Tls& tls) {
  if (tls.protocol == "http/1.1") {
    return {"not railgun", "A web server listens there, not Railgun.",
            "Railgun's port is 2408 unless wan.port says otherwise", ExitCode::kFailed};
  }
  return {"not railgun",
          std::string("Something with TLS listens there") +
              (tls.asks_for_certificate ? " and asks for a certificate, but it does not say that it is Railgun."
                                        : ", not Railgun."),
          "Railgun's port is 2408 unless wan.port says otherwise", ExitCode::kFailed};
}

// Null if the certificate is good now.
const char* fault_of(const tls::CertificateFacts& certificate, WallTime now) {
  if (certificate.not_after <= now) return "has expired";
  if (certificate.not_before > now) return "is not valid yet";
  return nullptr;
}

ProbeVerdict judge_certificate(const char* fault) {
  return {"bad certificate", std::string("Railgun answers, but its certificate ") + fault + ": no link can come up.",
          "compare the clocks of both machines; if they are right, activate the listener again with a new token",
          ExitCode::kFailed};
}

ProbeVerdict judge_link(const ProbeFacts& facts) {
  if (facts.link) {
    return {"railgun",
            std::string("Railgun answers, and a ") + (facts.link->is_sender ? "listener" : "sender") +
                " with this machine's certificate is let in.",
            "", ExitCode::kOk};
  }
  if (facts.link_error && facts.link_error->code == Errc::kDenied) {
    return {"refused by railgun",
            "Railgun answers, but it and this machine do not trust each other: " + facts.link_error->text + ".",
            "the two belong to different senders, or one of them has been activated again since: activate the "
            "listener with a token of this sender",
            ExitCode::kDenied};
  }
  if (facts.link_error) {
    return {"no link", "Railgun answers, but no link came up: " + facts.link_error->text + ".",
            "see the logs of both ends (journalctl -u railgund)", ExitCode::kFailed};
  }
  return {"railgun", "Railgun answers. Whether it lets a sender in cannot be seen without that sender's certificate.",
          facts.identity_error ? "" : "run this on the sender to see that, too", ExitCode::kOk};
}

std::string milliseconds(Duration time) { return span_text(std::chrono::duration<double>(time).count()); }

std::string joined(const std::vector<std::string>& items, std::size_t most) {
  std::string text;
  for (std::size_t i = 0; i < std::min(items.size(), most); ++i) text += (i > 0 ? ", " : "") + items[i];
  if (items.size() > most) text += " and " + count_text(items.size() - most) + " more";
  return text;
}

std::string attempt_text(const ProbeFacts::Attempt& attempt) {
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
    text += labelled("authority", key + "not sent and not known to this machine");
  } else if (facts.authority->key_id == certificate.issuer_key_id || facts.link) {
    text +=
        labelled("authority", "the one that this machine trusts") + labelled("SHA-256", facts.authority->fingerprint);
  } else {
    text += labelled("authority", key + "another than this machine trusts (key " + facts.authority->key_id + ")");
  }
  return text;
}

std::string first_line(const std::string& bytes) {
  return '"' + link::printable(std::string_view(bytes).substr(0, bytes.find_first_of("\r\n"))) + '"';
}

std::string protocol_text(const ProbeFacts& facts) {
  std::string text = facts.tls->protocol.empty() ? "not said" : link::printable(facts.tls->protocol);
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
           (facts.link->build.empty() ? "" : ", build " + facts.link->build) + "; we are " + facts.identity;
  }
  if (facts.link_error) return "none: " + facts.link_error->text;
  if (facts.identity_error) return "not tried: " + facts.identity_error->text;
  return "not tried: this machine has no certificate of Railgun's";
}

std::string round_trip_text(const ProbeFacts& facts) {
  std::string text = milliseconds(*round_trip(facts));
  if (facts.link && !facts.link->round_trips.empty()) {
    text += " (best of " + std::to_string(facts.link->round_trips.size()) + " echoes over the link)";
  } else {
    text += " (by the time to connect)";
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
    text += labelled("TLS", facts.tls->version + ", " + facts.tls->cipher + ", in " + milliseconds(facts.tls->time));
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
