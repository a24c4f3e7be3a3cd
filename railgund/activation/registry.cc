#include "railgund/activation/registry.h"

#include <algorithm>
#include <utility>

#include "railgund/activation/state_file.h"
#include "railgund/base/field.h"
#include "railgund/base/hash.h"
#include "railgund/control/json_fields.h"
#include "railgund/tls/digest.h"

namespace railgun::activation {

// The part of an entry that is in no message.
struct Certificates {
  std::vector<IssuedCertificate> certificates{};
};
void fields(auto& visit, IssuedCertificate& value) {
  visit("serial", value.serial);
  visit("listener", value.listener);
  visit("address", value.address);
  visit("until", value.until);
  visit("out", value.is_out);
}
void fields(auto& visit, Certificates& value) { visit("certificates", value.certificates); }

namespace {

using control::Railgun;

std::string hash_of(ByteView secret) { return to_hex(ByteView(tls::sha256(secret))); }

std::int64_t count(WallTime time) { return time.time_since_epoch().count(); }

std::unexpected<Error> refuse(const std::string& why) {
  return fail(Errc::kDenied, "Activation Failed: Invalid or missing railgun token or tag (" + why + ")");
}

// What the railgun says of its certificates.
void sum_up(RegistryEntry& entry) {
  Railgun& railgun = entry.railgun;
  railgun.addresses.clear();
  railgun.serials.clear();
  for (const IssuedCertificate& certificate : entry.certificates) {
    if (certificate.is_out) continue;
    railgun.serials.push_back(certificate.serial);
    const bool known =
        std::find(railgun.addresses.begin(), railgun.addresses.end(), certificate.address) != railgun.addresses.end();
    if (!certificate.address.empty() && !known) railgun.addresses.push_back(certificate.address);
  }
}

}  // namespace

Result<Registry> Registry::load(std::string path) {
  Registry registry(std::move(path));
  const auto text = read_state_file(registry.path_);
  if (!text && text.error().code == Errc::kNotFound) return registry;
  if (!text) return std::unexpected(text.error());
  const auto broken = [&] {
    return fail(Errc::kMalformed, registry.path_ + ": is damaged; restore it from a backup, or move it away");
  };
  const auto json = control::parse_object(*text);
  if (!json || !json->contains("entries") || !(*json)["entries"].is_array()) return broken();
  for (const auto& item : (*json)["entries"]) {
    if (!item.is_object() || !item.contains("secret_hash") || !item["secret_hash"].is_string() ||
        !item.contains("railgun"))
      return broken();
    auto railgun = control::from_json<Railgun>(control::dump(item["railgun"]));
    if (!railgun) return broken();
    RegistryEntry entry{*std::move(railgun), item["secret_hash"].get<std::string>(), {}};
    Certificates held;
    control::Reader reader(item);
    fields(reader, held);
    if (reader.bad_field() != nullptr) return broken();
    entry.certificates = std::move(held.certificates);
    // Books of version 0.1.0 name serial numbers alone.
    for (std::size_t i = 0; entry.certificates.size() < entry.railgun.serials.size() && !item.contains("certificates");
         ++i) {
      const std::string& serial = entry.railgun.serials[i];
      const auto& addresses = entry.railgun.addresses;
      entry.certificates.push_back(
          {.serial = serial, .listener = serial, .address = i < addresses.size() ? addresses[i] : std::string{}});
    }
    registry.entries_.push_back(std::move(entry));
  }
  return registry;
}

Result<void> Registry::save(std::vector<RegistryEntry> entries) {
  nlohmann::json list = nlohmann::json::array();
  for (const RegistryEntry& entry : entries) {
    Certificates held{entry.certificates};
    control::Writer writer;
    fields(writer, held);
    nlohmann::json item = writer.take();
    item["secret_hash"] = entry.secret_hash;
    item["railgun"] = nlohmann::json::parse(control::to_json(entry.railgun), nullptr, false);
    list.push_back(std::move(item));
  }
  const nlohmann::json json = {{"version", 1}, {"entries", std::move(list)}};
  if (auto written = write_state_file(path_, control::dump(json) + '\n'); !written) return written;
  entries_ = std::move(entries);
  return {};
}

// Deleted entries stay in the book for their certificates, but their names are free.
const RegistryEntry* Registry::find(const std::string& name) const {
  const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const RegistryEntry& e) {
    return e.railgun.name == name && e.railgun.status != "D";
  });
  return found == entries_.end() ? nullptr : &*found;
}

const RegistryEntry* Registry::holder(const std::string& serial) const {
  const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const RegistryEntry& entry) {
    return std::any_of(entry.certificates.begin(), entry.certificates.end(),
                       [&](const IssuedCertificate& certificate) { return certificate.serial == serial; });
  });
  return found == entries_.end() ? nullptr : &*found;
}

template <typename Change>
Result<Railgun> Registry::change(const RegistryEntry* entry, const std::string& name, Change change) {
  if (entry == nullptr) return fail(Errc::kNotFound, "no railgun is called " + name);
  std::vector<RegistryEntry> entries = entries_;
  RegistryEntry& changed = entries[static_cast<std::size_t>(entry - entries_.data())];
  change(changed);
  sum_up(changed);
  Railgun railgun = changed.railgun;
  if (auto saved = save(std::move(entries)); !saved) return std::unexpected(saved.error());
  return railgun;
}

Result<Railgun> Registry::create(const std::string& name, const std::vector<std::string>& hosts, std::uint32_t uses,
                                 WallTime expires, ByteView secret, WallTime now) {
  if (find(name) != nullptr) return fail(Errc::kInvalid, "a railgun called " + name + " exists already");
  if (entries_.size() >= kMaxEntries)
    return fail(Errc::kUnavailable, "there are 1000 railguns already, deleted ones counted");
  Railgun railgun{.name = name, .status = "INI", .uses_left = uses, .created = count(now), .expires = count(expires)};
  for (const std::string& host : hosts) railgun.hosts.push_back(lower_ascii(host));
  std::vector<RegistryEntry> entries = entries_;
  entries.push_back({railgun, hash_of(secret), {}});
  if (auto saved = save(std::move(entries)); !saved) return std::unexpected(saved.error());
  return railgun;
}

Result<Railgun> Registry::show(const std::string& name) const {
  if (const RegistryEntry* entry = find(name)) return entry->railgun;
  // Of those that are over, the last.
  const auto over =
      std::find_if(entries_.rbegin(), entries_.rend(), [&](const RegistryEntry& e) { return e.railgun.name == name; });
  if (over == entries_.rend()) return fail(Errc::kNotFound, "no railgun is called " + name);
  return over->railgun;
}

Result<Railgun> Registry::set_enabled(const std::string& name, bool enabled) {
  return change(find(name), name, [&](RegistryEntry& entry) { entry.railgun.enabled = enabled; });
}

Result<Railgun> Registry::remove(const std::string& name) {
  return change(find(name), name, [](RegistryEntry& entry) {
    entry.railgun.status = "D";
    entry.railgun.deactivated = 0;
    for (IssuedCertificate& certificate : entry.certificates) certificate.is_out = true;
  });
}

control::Railguns Registry::list() const {
  control::Railguns all;
  for (const RegistryEntry& entry : entries_) all.railguns.push_back(entry.railgun);
  return all;
}

Result<Railgun> Registry::check_token(ByteView secret, WallTime now) const {
  const std::string hash = hash_of(secret);
  const auto found =
      std::find_if(entries_.begin(), entries_.end(), [&](const RegistryEntry& e) { return e.secret_hash == hash; });
  if (found == entries_.end()) return refuse("no such token");
  const Railgun& railgun = found->railgun;
  if (railgun.status == "D") {
    return refuse(railgun.deactivated > 0
                      ? "the token was used, and the railgun deactivated by its listener: make another"
                      : "the railgun was deleted");
  }
  if (!railgun.enabled) return refuse("the railgun is disabled");
  if (railgun.uses_left == 0) return refuse("the token was used already");
  if (count(now) >= railgun.expires) return refuse("the token has expired");
  return railgun;
}

Result<void> Registry::add(const std::string& name, IssuedCertificate certificate, WallTime now, bool is_new) {
  const RegistryEntry* entry = find(name);
  if (entry == nullptr) return fail(Errc::kNotFound, "no railgun is called " + name);
  std::vector<IssuedCertificate> all = entry->certificates;
  all.push_back(std::move(certificate));
  // The last one of a listener stays when it has ended: a machine that was off for long is still known.
  std::erase_if(all, [&, held = all](const IssuedCertificate& old) {
    return old.until != 0 && old.until < count(now) &&
           std::any_of(
               held.begin(), held.end(),
               [&](const IssuedCertificate& other) {
                 return other.listener == old.listener && other.until > old.until;
               });
  });
  if (all.size() > kMaxCertificates) {
    return fail(Errc::kUnavailable, "railgun " + name + " has 1000 certificates already: make another railgun");
  }
  const auto changed = change(entry, name, [&](RegistryEntry& changing) {
    changing.certificates = std::move(all);
    if (!is_new) return;
    Railgun& railgun = changing.railgun;
    railgun.status = "V";
    railgun.uses_left -= railgun.uses_left > 0 ? 1 : 0;
    railgun.activated = count(now);
    railgun.deactivated = 0;
  });
  return changed ? Result<void>{} : std::unexpected(changed.error());
}

Result<void> Registry::activated(const std::string& name, const std::string& address, const std::string& serial,
                                 WallTime until, WallTime now) {
  return add(name, {.serial = serial, .listener = serial, .address = address, .until = count(until)}, now, true);
}

Result<Railgun> Registry::check_certificate(const std::string& serial) const {
  const RegistryEntry* entry = holder(serial);
  if (entry == nullptr) return refuse("no such certificate");
  if (entry->railgun.status == "D" && entry->railgun.deactivated == 0) return refuse("the railgun was deleted");
  for (const IssuedCertificate& certificate : entry->certificates) {
    if (certificate.serial == serial && certificate.is_out) return refuse("its listener has deactivated it");
  }
  if (!entry->railgun.enabled) return refuse("the railgun is disabled");
  return entry->railgun;
}

Result<void> Registry::renewed(const std::string& name, const std::string& old, const std::string& serial,
                               WallTime until, WallTime now) {
  IssuedCertificate fresh{.serial = serial, .listener = serial, .until = count(until)};
  const RegistryEntry* entry = find(name);
  if (entry != nullptr) {
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
  const RegistryEntry* entry = holder(serial);
  return change(entry, entry->railgun.name, [&](RegistryEntry& changing) {
    std::string listener;
    for (const IssuedCertificate& certificate : changing.certificates) {
      if (certificate.serial == serial) listener = certificate.listener;
    }
    bool is_last = true;
    for (IssuedCertificate& certificate : changing.certificates) {
      if (certificate.listener == listener) certificate.is_out = true;
      is_last = is_last && certificate.is_out;
    }
    if (!is_last) return;
    Railgun& railgun = changing.railgun;
    const bool is_over = railgun.uses_left == 0 || count(now) >= railgun.expires;
    railgun.status = is_over ? "D" : "INI";
    railgun.deactivated = count(now);
  });
}

std::set<std::string> Registry::refused_serials() const {
  std::set<std::string> refused;
  for (const RegistryEntry& entry : entries_) {
    const bool all = entry.railgun.status == "D" || !entry.railgun.enabled;
    for (const IssuedCertificate& certificate : entry.certificates) {
      if (all || certificate.is_out) refused.insert(certificate.serial);
    }
  }
  return refused;
}

std::vector<config::Site> Registry::sites() const {
  std::vector<config::Site> sites;
  for (const RegistryEntry& entry : entries_) {
    if (entry.railgun.status != "V" || !entry.railgun.enabled) continue;
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
