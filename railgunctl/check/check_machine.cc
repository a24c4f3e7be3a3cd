#include "railgunctl/check/check_machine.h"

#include <algorithm>
#include <sstream>

#include "railgunctl/render.h"
#include "railgund/base/text.h"
#include "railgund/tls/lifetime.h"

namespace railgun::ctl {
namespace {

using std::chrono::duration;
using std::chrono::hours;
using std::chrono::minutes;

constexpr auto kExpirySoon = hours(24 * 7);
// Certificates are made valid from a few minutes ago; more than this and new ones are "not valid yet".
constexpr auto kClockWarning = minutes(1), kClockError = minutes(5);
constexpr std::uint64_t kLittleDisk = 100'000'000, kNoDisk = 5'000'000;

std::string date(WallTime time) { return date_text(time.time_since_epoch().count()); }
std::string span(Duration time) { return span_text(duration<double>(time).count()); }

bool has_word(const std::string& text, const std::string& word) {
  std::istringstream words(text);
  for (std::string next; words >> next;) {
    if (next == word) return true;
  }
  return false;
}

// What to do about a certificate whose time is over, or nearly.
std::string renewal_advice(const CertificateCheck& facts, bool is_over) {
  if (facts.is_set) return "replace the file that cert.file names, then run railgunctl reload";
  const bool is_listener = facts.role == config::Role::kListener;
  if (is_over)
    return is_listener ? "run railgunctl activate TOKEN with a new token from the sender"
                       : "restart railgund: it issues itself a new certificate";
  return is_listener ? "renewal is overdue: see the log, and check that the sender's activation port (2409 unless "
                       "activation.listen names another) can be reached from here"
                     : "renewal is overdue: see the log";
}

Finding judge_certificate(const CertificateCheck& facts) {
  const tls::CertificateFacts& certificate = *facts.certificate;
  const auto left = certificate.not_after - facts.now;
  const std::string seen = (certificate.dns_names.empty() ? certificate.common_name : certificate.dns_names.front()) +
                           ", signed by '" + certificate.issuer + "', until " + date(certificate.not_after);
  if (left.count() <= 0) return error("certificate", seen + ": EXPIRED", renewal_advice(facts, true));
  if (certificate.not_before > facts.now) {
    return error("certificate", seen + ": not valid before " + date(certificate.not_before), "correct the clock");
  }
  if (left < kExpirySoon)
    return warning("certificate", seen + ": " + span(left) + " left", renewal_advice(facts, false));
  return fine("certificate", seen + " (" + span(left) + " left)");
}

// In two words, which a terminal's line can hold.
std::string halved(const std::string& hex) { return hex.substr(0, hex.size() / 2) + ' ' + hex.substr(hex.size() / 2); }

Finding judge_authority(const CertificateCheck& facts) {
  const tls::CertificateFacts& authority = *facts.authority;
  const std::string seen = "'" + authority.common_name + "', until " + date(authority.not_after) + ", key " +
                           authority.key_id + ", SHA-256 " + halved(authority.fingerprint);
  if (authority.not_after <= facts.now) {
    return error("authority", seen + ": EXPIRED",
                 "no link can be established: create a new authority, and activate every listener again");
  }
  return fine("authority", seen);
}

Finding judge_slow_start(const KernelFacts& facts) {
  const std::string_view value = trim(facts.slow_start_after_idle);
  if (value.empty()) return unknown("slow start", "net.ipv4.tcp_slow_start_after_idle cannot be read");
  if (value == "0") return fine("slow start", "off: a link is at full speed after a pause");
  return warning("slow start", "on: after each pause on a link the next page takes several round trips more",
                 "sysctl -w net.ipv4.tcp_slow_start_after_idle=0 (and in /etc/sysctl.d)");
}

Finding judge_congestion(const KernelFacts& facts) {
  const std::string system(trim(facts.congestion)), queue(trim(facts.queue_discipline));
  const std::string used = facts.wan_congestion.empty() ? system : facts.wan_congestion;
  if (used.empty()) return unknown("congestion", "net.ipv4.tcp_congestion_control cannot be read");
  const std::string seen = used + (facts.wan_congestion.empty() ? " (the system's)" : " (wan.congestion)") +
                           (queue.empty() ? "" : ", queue " + queue);
  if (!facts.wan_congestion.empty() && used != system && !has_word(facts.allowed_congestion, used)) {
    return warning("congestion", seen + ": the kernel does not allow railgund to use it",
                   "modprobe tcp_" + used + ", and add it to net.ipv4.tcp_allowed_congestion_control");
  }
  // Since Linux 4.13 bbr paces by itself; fq does it for less work.
  if (used == "bbr" && queue != "fq" && !queue.empty()) {
    return fine("congestion", seen + "; net.core.default_qdisc = fq would pace with less CPU time");
  }
  if (used == "cubic" || used == "bbr") return fine("congestion", seen);
  return warning("congestion", seen + ": slow to recover from packet loss on a long line",
                 "set wan.congestion = bbr (or cubic)");
}

Finding judge_file_limit(const LimitFacts& facts) {
  if (!facts.daemon_runs) return unknown("file limit", "the daemon is not running");
  if (!facts.files) return unknown("file limit", "the daemon's limits cannot be read", "run this as root");
  // A sender's client may need a connection to its origin, too; a listener's stream needs one.
  const bool is_sender = facts.role == config::Role::kSender;
  const std::uint64_t wanted = is_sender ? 2 * facts.clients : facts.streams;
  const std::string seen =
      count_text(*facts.files) + " open files for " +
      (is_sender ? count_text(facts.clients) + " clients" : count_text(facts.streams) + " requests per link");
  if (*facts.files >= wanted) return fine("file limit", seen);
  return warning("file limit", seen + ": too few",
                 "raise LimitNOFILE of the unit (or ulimit -n in /etc/default/railgun) to " + std::to_string(wanted) +
                     (is_sender ? ", or lower clients.limit" : ""));
}

Finding judge_memory(const LimitFacts& facts) {
  const std::string seen = "page versions may use up to " + binary_text(facts.memory_limit_bytes);
  if (facts.machine_memory_bytes == 0) return unknown("memory", seen + "; the machine's memory is unknown");
  const std::string of = seen + " of the machine's " + binary_text(facts.machine_memory_bytes);
  if (facts.memory_limit_bytes > facts.machine_memory_bytes / 2) {
    return warning("memory", of, "lower memory.limit, or the machine may run out of memory");
  }
  return fine("memory", of);
}

std::string mode_text(unsigned mode) {
  std::string text = "0000";
  for (int digit = 3; digit >= 0; --digit, mode /= 8)
    text[static_cast<std::size_t>(digit)] = static_cast<char>('0' + mode % 8);
  return text;
}

// Nothing if the file's mode is as it should be.
std::optional<Finding> judge_file(const FileFacts& file) {
  constexpr unsigned kGroupWrites = 0020, kOthersRead = 0004, kOthersWrite = 0002, kOthers = 0007;
  const std::string seen = file.path + " has mode " + mode_text(file.mode);
  switch (file.kind) {
    case FileFacts::Kind::kPrivateKey:
      if (file.mode & (kOthers | kGroupWrites)) {
        return error("permissions", seen + ": other users may have access to the private key",
                     "chmod 0600 " + file.path);
      }
      return std::nullopt;
    case FileFacts::Kind::kRegistry:
      if (file.mode & kOthers) return error("permissions", seen, "chmod 0600 " + file.path);
      return std::nullopt;
    case FileFacts::Kind::kStateFolder:
      if (file.mode & kOthersWrite)
        return error("permissions", seen + ": any user can put keys there", "chmod 0750 " + file.path);
      return std::nullopt;
    case FileFacts::Kind::kSettings:
      if (file.mode & kOthersWrite) {
        return error("permissions", seen + ": any user can change the settings", "chmod 0640 " + file.path);
      }
      if (file.has_secret && file.mode & kOthersRead) {
        return warning("permissions", seen + " and holds a token: every user on this machine can read it",
                       "chmod 0640 " + file.path + " (owner root, group railgun)");
      }
      return std::nullopt;
  }
  return std::nullopt;
}

Finding judge_disk(const DiskFacts& disk) {
  const std::string name = "disk: " + disk.purpose;
  if (disk.error) {
    if (disk.error->code == Errc::kDenied) return unknown(name, disk.error->text, "run this as root");
    return error(name, disk.error->text, "create the directory: install -d -o railgun -g railgun -m 0750 " + disk.path);
  }
  const std::string seen = bytes_text(disk.free_bytes) + " free in " + disk.path;
  if (disk.is_read_only)
    return error(name, disk.path + " is on a file system that is mounted read-only", "remount it read-write");
  if (disk.free_bytes < kNoDisk || (disk.total_files > 0 && disk.free_files == 0)) {
    return error(
        name, seen + (disk.total_files > 0 && disk.free_files == 0 ? ", and no free inode" : "") + ": full",
        disk.purpose == "state" ? "free some space: without it no certificate can be renewed" : "free some space");
  }
  if (disk.free_bytes < kLittleDisk) return warning(name, seen, "free some space");
  return fine(name, seen);
}

}  // namespace

Findings judge_clock(const ClockFacts& facts) {
  const std::string now = date(facts.now);
  if (facts.certificate && facts.certificate->not_before > facts.now) {
    return {error("clock",
                  now + ", but this daemon's certificate is valid only from " + date(facts.certificate->not_before),
                  "correct the clock: timedatectl set-ntp true")};
  }
  for (const ClockFacts::Other& other : facts.others) {
    const Duration difference = std::chrono::abs(Duration(other.time - facts.now));
    if (difference < kClockWarning) continue;
    const std::string seen =
        now + ", but " + other.who + " reports " + date(other.time) + ": " + span(difference) + " apart";
    const std::string advice = "find out which of the two clocks is wrong, and correct it: timedatectl set-ntp true";
    if (difference >= kClockError) return {error("clock", seen, advice)};
    return {warning("clock", seen, advice)};
  }
  const std::string agrees = facts.others.empty() ? "" : "; agrees with " + facts.others.front().who;
  if (!facts.is_synchronized)
    return {unknown("clock", now + agrees + "; the kernel does not report whether the clock is synchronized")};
  if (!*facts.is_synchronized) {
    return {warning("clock", now + agrees + "; no time service synchronizes the clock",
                    "timedatectl set-ntp true, or install chrony: certificates need a correct clock")};
  }
  return {
      fine("clock", now + ", synchronized by a time service (error at most " + span(facts.max_error) + ")" + agrees)};
}

Findings judge_certificates(const CertificateCheck& facts) {
  if (!facts.wan_tls) {
    return {error("certificate", "wan.tls = 0: anyone can connect to the link and read the traffic",
                  "set wan.tls = 1; 0 is for tests only")};
  }
  if (!facts.certificate && !facts.error) {
    return {
        error("certificate", "none: no link can be established",
              facts.role == config::Role::kListener
                  ? "railgunctl activate TOKEN (create it on the sender: railgunctl railgun create NAME --host HOST); "
                    "or set cert.file, key.file and link.ca_file"
                  : "railgunctl railgun create NAME --host HOST creates the authority; or set cert.file, key.file "
                    "and link.ca_file")};
  }
  Findings findings;
  if (facts.certificate) findings.push_back(judge_certificate(facts));
  if (facts.authority) findings.push_back(judge_authority(facts));
  if (facts.error && facts.error->code == Errc::kDenied) {
    findings.push_back(unknown("private key", facts.error->text, "run this as root"));
  } else if (facts.error) {
    findings.push_back(
        error("private key", facts.error->text, "railgunctl activate TOKEN creates a new key and certificate"));
  } else {
    findings.push_back(fine("private key", "matches the certificate"));
  }
  return findings;
}

Findings judge_visitor_certificates(const Result<tls::CertificateFolder>& folder, WallTime now) {
  const char* const kName = "tls.directory";
  if (!folder && folder.error().code == Errc::kDenied)
    return {unknown(kName, folder.error().text, "run this as root, or as the daemon's user")};
  if (!folder) return {error(kName, folder.error().text, "create it and put certificates into it (railgund(8))")};
  Findings findings;
  for (const std::string& text : folder->warnings)
    findings.push_back(warning(kName, text, "correct this, then: railgunctl reload"));
  for (const tls::VisitorCertificate& each : folder->certificates) {
    const std::int64_t days = tls::days_left(each.facts, now);
    const std::string seen = join(each.facts.dns_names) + " (" + each.facts.key_type +
                             "): " + (days < 0 ? "expired" : std::to_string(days) + " days left") + "; " + each.file;
    if (days >= tls::kFewDaysLeft) {
      findings.push_back(fine(kName, seen));
    } else {
      const std::string advice = "renew it, then: railgunctl reload";
      findings.push_back(days < 0 ? error(kName, seen, advice) : warning(kName, seen, advice));
    }
  }
  if (folder->certificates.empty())
    findings.push_back(error(kName, "no certificate that can be used: connections to listen.tls are refused",
                             "put one there, then: railgunctl reload"));
  return findings;
}

Findings judge_kernel(const KernelFacts& facts) { return {judge_slow_start(facts), judge_congestion(facts)}; }

Findings judge_limits(const LimitFacts& facts) { return {judge_file_limit(facts), judge_memory(facts)}; }

Findings judge_files(const std::vector<FileFacts>& files) {
  Findings findings;
  for (const FileFacts& file : files) {
    if (auto finding = judge_file(file)) findings.push_back(*std::move(finding));
  }
  if (findings.empty())
    findings.push_back(fine("permissions", "correct for " + count_text(files.size()) + " files and directories"));
  return findings;
}

Findings judge_disks(const std::vector<DiskFacts>& disks) {
  Findings findings;
  for (const DiskFacts& disk : disks) findings.push_back(judge_disk(disk));
  return findings;
}

}  // namespace railgun::ctl
