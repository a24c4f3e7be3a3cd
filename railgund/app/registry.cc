#include "railgund/app/registry.h"

#include <algorithm>
#include <array>

#include <openssl/sha.h>

#include "railgund/app/state_file.h"
#include "railgund/base/field.h"
#include "railgund/base/hash.h"
#include "railgund/control/json_fields.h"

namespace railgun::app {
namespace {

using control::Railgun;

std::string hash_of(ByteView secret) {
  std::array<std::uint8_t, SHA256_DIGEST_LENGTH> digest{};
  SHA256(secret.data(), secret.size(), digest.data());
  return to_hex(ByteView(digest));
}

std::int64_t count(WallTime time) { return time.time_since_epoch().count(); }

std::unexpected<Error> refuse(const std::string& why) {
  return fail(Errc::kDenied, "Activation Failed: Invalid or missing railgun token or tag (" + why + ")");
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
    registry.entries_.push_back({*std::move(railgun), item["secret_hash"].get<std::string>()});
  }
  return registry;
}

Result<void> Registry::save(std::vector<RegistryEntry> entries) {
  nlohmann::json list = nlohmann::json::array();
  for (const RegistryEntry& entry : entries) {
    list.push_back({{"secret_hash", entry.secret_hash},
                    {"railgun", nlohmann::json::parse(control::to_json(entry.railgun), nullptr, false)}});
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

template <typename Change>
Result<Railgun> Registry::change(const std::string& name, Change change) {
  const RegistryEntry* entry = find(name);
  if (entry == nullptr) return fail(Errc::kNotFound, "no railgun is called " + name);
  std::vector<RegistryEntry> entries = entries_;
  RegistryEntry& changed = entries[static_cast<std::size_t>(entry - entries_.data())];
  change(changed.railgun);
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
  entries.push_back({railgun, hash_of(secret)});
  if (auto saved = save(std::move(entries)); !saved) return std::unexpected(saved.error());
  return railgun;
}

Result<Railgun> Registry::show(const std::string& name) const {
  const RegistryEntry* entry = find(name);
  if (entry == nullptr) return fail(Errc::kNotFound, "no railgun is called " + name);
  return entry->railgun;
}

Result<Railgun> Registry::set_enabled(const std::string& name, bool enabled) {
  return change(name, [&](Railgun& railgun) { railgun.enabled = enabled; });
}

Result<Railgun> Registry::remove(const std::string& name) {
  return change(name, [](Railgun& railgun) {
    railgun.status = "D";
    railgun.addresses.clear();
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
  if (railgun.status == "D") return refuse("the railgun was deleted");
  if (!railgun.enabled) return refuse("the railgun is disabled");
  if (railgun.uses_left == 0) return refuse("the token was used already");
  if (count(now) >= railgun.expires) return refuse("the token has expired");
  return railgun;
}

Result<void> Registry::activated(const std::string& name, const std::string& address, const std::string& serial,
                                 WallTime now) {
  const auto changed = change(name, [&](Railgun& railgun) {
    railgun.status = "V";
    railgun.uses_left -= railgun.uses_left > 0 ? 1 : 0;
    railgun.activated = count(now);
    railgun.serials.push_back(serial);
    const bool known =
        std::find(railgun.addresses.begin(), railgun.addresses.end(), address) != railgun.addresses.end();
    if (!address.empty() && !known) railgun.addresses.push_back(address);
  });
  return changed ? Result<void>{} : std::unexpected(changed.error());
}

Result<Railgun> Registry::check_certificate(const std::string& serial) const {
  for (const RegistryEntry& entry : entries_) {
    const auto& serials = entry.railgun.serials;
    if (std::find(serials.begin(), serials.end(), serial) == serials.end()) continue;
    if (entry.railgun.status == "D") return refuse("the railgun was deleted");
    if (!entry.railgun.enabled) return refuse("the railgun is disabled");
    return entry.railgun;
  }
  return refuse("no such certificate");
}

Result<void> Registry::renewed(const std::string& name, const std::string& serial) {
  const auto changed = change(name, [&](Railgun& railgun) {
    railgun.serials.push_back(serial);
    if (railgun.serials.size() > kMaxCertificates) railgun.serials.erase(railgun.serials.begin());
  });
  return changed ? Result<void>{} : std::unexpected(changed.error());
}

std::set<std::string> Registry::refused_serials() const {
  std::set<std::string> refused;
  for (const RegistryEntry& entry : entries_) {
    if (entry.railgun.status == "D" || !entry.railgun.enabled)
      refused.insert(entry.railgun.serials.begin(), entry.railgun.serials.end());
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

}  // namespace railgun::app
