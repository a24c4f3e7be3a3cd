#include "railgund/activation/registry.h"

#include <algorithm>
#include <utility>

#include "railgund/base/field.h"
#include "railgund/base/hash.h"
#include "railgund/base/text.h"
#include "railgund/control/json_fields.h"
#include "railgund/control/railgun_fields.h"
#include "railgund/tls/certificate.h"
#include "railgund/tls/digest.h"

namespace railgun::activation {

void fields(auto& visit, IssuedCertificate& value) {
  visit("serial", value.serial);
  visit("listener", value.listener);
  visit("address", value.address);
  visit("until", value.until);
  visit("out", value.is_revoked);
}
void fields(auto& visit, RegistryEntry& value) {
  visit("railgun", value.railgun);
  visit("secret_hash", value.secret_hash);
  visit("certificates", value.certificates);
}

namespace {

using control::Railgun;
using control::RailgunStatus;

constexpr int kFormatVersion = 1;

std::string hash_of(ByteView secret) { return to_hex(ByteView(tls::sha256(secret))); }

std::int64_t count(WallTime time) { return time.time_since_epoch().count(); }

std::unexpected<Error> deny(const std::string& why) {
  return fail(Errc::kDenied, "Activation Failed: Invalid or missing railgun token or tag (" + why + ")");
}

std::unexpected<Error> not_found(const std::string& name) {
  return fail(Errc::kNotFound, "no railgun is called " + name);
}

// Lists in the railgun what its certificates say.
void summarize(RegistryEntry& entry) {
  Railgun& railgun = entry.railgun;
  railgun.addresses.clear();
  railgun.serials.clear();
  for (const IssuedCertificate& certificate : entry.certificates) {
    if (certificate.is_revoked) continue;
    railgun.serials.push_back(certificate.serial);
    const bool is_known =
        std::find(railgun.addresses.begin(), railgun.addresses.end(), certificate.address) != railgun.addresses.end();
    if (!certificate.address.empty() && !is_known) railgun.addresses.push_back(certificate.address);
  }
}

// Registries of version 0.1.0 name serial numbers alone.
void add_missing_certificates(RegistryEntry& entry) {
  for (std::size_t i = 0; i < entry.railgun.serials.size(); ++i) {
    const std::string& serial = entry.railgun.serials[i];
    const auto& addresses = entry.railgun.addresses;
    entry.certificates.push_back(
        {.serial = serial, .listener = serial, .address = i < addresses.size() ? addresses[i] : std::string{}});
  }
}

// Removes certificates that have been renewed and have expired. The last one of a listener stays: a machine that was
// off for long is still known.
void forget_expired(std::vector<IssuedCertificate>& certificates, WallTime now) {
  std::erase_if(certificates, [&, all = certificates](const IssuedCertificate& old) {
    return old.until != 0 && old.until < count(now) &&
           std::any_of(
               all.begin(), all.end(),
               [&](const IssuedCertificate& other) {
                 return other.listener == old.listener && other.until > old.until;
               });
  });
}

// The entry that has this certificate, or null.
template <typename Entries>
auto find_holder(Entries& entries, const std::string& serial) -> decltype(entries.data()) {
  const auto found = std::find_if(entries.begin(), entries.end(), [&](const RegistryEntry& entry) {
    return std::any_of(entry.certificates.begin(), entry.certificates.end(),
                       [&](const IssuedCertificate& certificate) { return certificate.serial == serial; });
  });
  return found == entries.end() ? nullptr : &*found;
}

}  // namespace

Result<Registry> Registry::parse(std::string_view text) {
  const auto damaged = [] { return fail(Errc::kMalformed, "is damaged; restore it from a backup, or move it away"); };
  const auto json = control::parse_object(text);
  if (!json || !json->contains("entries") || !(*json)["entries"].is_array()) return damaged();
  Registry registry;
  for (const auto& item : (*json)["entries"]) {
    if (!item.is_object() || !item.contains("secret_hash") || !item.contains("railgun")) return damaged();
    RegistryEntry entry;
    control::Reader reader(item);
    fields(reader, entry);
    if (reader.bad_field() != nullptr) return damaged();
    // A status that this version does not know must not be taken for another.
    const auto& status = item["railgun"]["status"];
    if (status != control::name_of(entry.railgun.status)) return damaged();
    if (!item.contains("certificates")) add_missing_certificates(entry);
    registry.entries_.push_back(std::move(entry));
  }
  return registry;
}

std::string Registry::format() const {
  nlohmann::json list = nlohmann::json::array();
  for (RegistryEntry entry : entries_) {
    control::Writer writer;
    fields(writer, entry);
    list.push_back(writer.take());
  }
  return control::dump({{"version", kFormatVersion}, {"entries", std::move(list)}}) + '\n';
}

// Deleted entries stay because of their certificates, but their names are free.
RegistryEntry* Registry::find(const std::string& name) {
  const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const RegistryEntry& entry) {
    return entry.railgun.name == name && entry.railgun.status != RailgunStatus::kDeleted;
  });
  return found == entries_.end() ? nullptr : &*found;
}

Result<Railgun> Registry::create(const std::string& name, const std::vector<std::string>& hosts, std::uint32_t uses,
                                 WallTime expires, ByteView secret, WallTime now) {
  if (find(name) != nullptr) return fail(Errc::kInvalid, "a railgun called " + name + " exists already");
  if (entries_.size() >= kMaxEntries)
    return fail(Errc::kUnavailable, "there are 1000 railguns already, including deleted ones");
  Railgun railgun{.name = name, .uses_left = uses, .created = count(now), .expires = count(expires)};
  for (const std::string& host : hosts) {
    railgun.hosts.push_back(lower_ascii(host));
    // Its certificate would be taken for a sender's.
    if (railgun.hosts.back() == tls::kSenderName)
      return fail(Errc::kInvalid, railgun.hosts.back() + " is no host that a listener can serve");
  }
  entries_.push_back({.railgun = railgun, .secret_hash = hash_of(secret)});
  return railgun;
}

Result<Railgun> Registry::show(const std::string& name) const {
  const auto has_name = [&](const RegistryEntry& entry) { return entry.railgun.name == name; };
  const auto is_there = [&](const RegistryEntry& entry) {
    return has_name(entry) && entry.railgun.status != RailgunStatus::kDeleted;
  };
  if (const auto found = std::find_if(entries_.begin(), entries_.end(), is_there); found != entries_.end())
    return found->railgun;
  // Of deleted ones, the last.
  const auto deleted = std::find_if(entries_.rbegin(), entries_.rend(), has_name);
  if (deleted == entries_.rend()) return not_found(name);
  return deleted->railgun;
}

Result<Railgun> Registry::set_enabled(const std::string& name, bool enabled) {
  RegistryEntry* const entry = find(name);
  if (entry == nullptr) return not_found(name);
  entry->railgun.enabled = enabled;
  return entry->railgun;
}

Result<Railgun> Registry::remove(const std::string& name) {
  RegistryEntry* const entry = find(name);
  if (entry == nullptr) return not_found(name);
  entry->railgun.status = RailgunStatus::kDeleted;
  entry->railgun.deactivated = 0;
  for (IssuedCertificate& certificate : entry->certificates) certificate.is_revoked = true;
  summarize(*entry);
  return entry->railgun;
}

control::Railguns Registry::list() const {
  control::Railguns all;
  for (const RegistryEntry& entry : entries_) all.railguns.push_back(entry.railgun);
  return all;
}

Result<Railgun> Registry::check_token(ByteView secret, WallTime now) const {
  const std::string hash = hash_of(secret);
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const RegistryEntry& entry) { return entry.secret_hash == hash; });
  if (found == entries_.end()) return deny("no such token");
  const Railgun& railgun = found->railgun;
  if (railgun.status == RailgunStatus::kDeleted) {
    return deny(railgun.deactivated > 0
                    ? "the token was used, and the railgun deactivated by its listener: make another"
                    : "the railgun was deleted");
  }
  if (!railgun.enabled) return deny("the railgun is disabled");
  if (railgun.uses_left == 0) return deny("the token was used already");
  if (count(now) >= railgun.expires) return deny("the token has expired");
  return railgun;
}

Result<void> Registry::add(const std::string& name, IssuedCertificate certificate, WallTime now, bool is_new) {
  RegistryEntry* const entry = find(name);
  if (entry == nullptr) return not_found(name);
  std::vector<IssuedCertificate> all = entry->certificates;
  all.push_back(std::move(certificate));
  forget_expired(all, now);
  if (all.size() > kMaxCertificates) {
    return fail(Errc::kUnavailable, "railgun " + name + " has 1000 certificates already: make another railgun");
  }
  entry->certificates = std::move(all);
  if (is_new) {
    Railgun& railgun = entry->railgun;
    railgun.status = RailgunStatus::kVerified;
    railgun.uses_left -= railgun.uses_left > 0 ? 1 : 0;
    railgun.activated = count(now);
    railgun.deactivated = 0;
  }
  summarize(*entry);
  return {};
}

Result<void> Registry::activated(const std::string& name, const std::string& address, const std::string& serial,
                                 WallTime until, WallTime now) {
  return add(name, {.serial = serial, .listener = serial, .address = address, .until = count(until)}, now, true);
}

Result<Railgun> Registry::check_certificate(const std::string& serial) const {
  const RegistryEntry* const entry = find_holder(entries_, serial);
  if (entry == nullptr) return deny("no such certificate");
  const Railgun& railgun = entry->railgun;
  if (railgun.status == RailgunStatus::kDeleted && railgun.deactivated == 0) return deny("the railgun was deleted");
  for (const IssuedCertificate& certificate : entry->certificates) {
    if (certificate.serial == serial && certificate.is_revoked) return deny("its listener has deactivated it");
  }
  if (!railgun.enabled) return deny("the railgun is disabled");
  return railgun;
}

Result<void> Registry::renewed(const std::string& name, const std::string& old, const std::string& serial,
                               WallTime until, WallTime now) {
  IssuedCertificate fresh{.serial = serial, .listener = serial, .until = count(until)};
  if (const RegistryEntry* const entry = find(name)) {
    for (const IssuedCertificate& certificate : entry->certificates) {
      if (certificate.serial != old) continue;
      fresh.listener = certificate.listener;
      fresh.address = certificate.address;
    }
  }
  return add(name, std::move(fresh), now, false);
}

Result<Railgun> Registry::deactivated(const std::string& serial, WallTime now) {
  if (const auto checked = check_certificate(serial); !checked) return checked;
  RegistryEntry& entry = *find_holder(entries_, serial);
  std::string listener;
  for (const IssuedCertificate& certificate : entry.certificates) {
    if (certificate.serial == serial) listener = certificate.listener;
  }
  bool is_last = true;
  for (IssuedCertificate& certificate : entry.certificates) {
    if (certificate.listener == listener) certificate.is_revoked = true;
    is_last = is_last && certificate.is_revoked;
  }
  if (is_last) {
    Railgun& railgun = entry.railgun;
    const bool token_is_spent = railgun.uses_left == 0 || count(now) >= railgun.expires;
    railgun.status = token_is_spent ? RailgunStatus::kDeleted : RailgunStatus::kWaiting;
    railgun.deactivated = count(now);
  }
  summarize(entry);
  return entry.railgun;
}

std::set<std::string> Registry::revoked_serials() const {
  std::set<std::string> revoked;
  for (const RegistryEntry& entry : entries_) {
    const bool all = entry.railgun.status == RailgunStatus::kDeleted || !entry.railgun.enabled;
    for (const IssuedCertificate& certificate : entry.certificates) {
      if (all || certificate.is_revoked) revoked.insert(certificate.serial);
    }
  }
  return revoked;
}

std::vector<config::Site> Registry::sites() const {
  std::vector<config::Site> sites;
  for (const RegistryEntry& entry : entries_) {
    if (entry.railgun.status != RailgunStatus::kVerified || !entry.railgun.enabled) continue;
    for (const std::string& host : entry.railgun.hosts) {
      auto site = std::find_if(sites.begin(), sites.end(), [&](const config::Site& s) { return s.host == host; });
      if (site == sites.end())
        site = sites.insert(sites.end(), config::Site{.host = host, .listeners = {}, .origin = {}});
      for (const std::string& address : entry.railgun.addresses) {
        const auto endpoint = parse_endpoint(address, 0);
        const auto& known = site->listeners;
        if (!endpoint || std::find(known.begin(), known.end(), *endpoint) != known.end()) continue;
        site->listeners.push_back(*endpoint);
      }
    }
  }
  return sites;
}

}  // namespace railgun::activation
