#include "railgund/tls/certificate_folder.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include <openssl/err.h>

#include "railgund/base/file.h"
#include "railgund/tls/context_parts.h"
#include "railgund/tls/openssl_handles.h"

namespace railgun::tls {
namespace {

constexpr std::size_t kMostNames = 20'000;        // of files and folders in one folder
constexpr std::size_t kMaxFileBytes = 256 << 10;  // of a certificate with its chain, or a key
constexpr std::string_view kDefaultName = "default";

struct Files {
  std::string name;
  std::string certificate, key;  // paths
};

bool has_key(std::string_view pem) { return pem.find("PRIVATE KEY-----") != std::string_view::npos; }

// NAME of NAME.pem and NAME.crt.
std::optional<std::string> name_of_certificate(std::string_view file) {
  if (file.ends_with(".issuer.crt")) return std::nullopt;  // lego writes the chain a second time
  if (!file.ends_with(".pem") && !file.ends_with(".crt")) return std::nullopt;
  return std::string(file.substr(0, file.size() - 4));
}

std::vector<Files> find_files(const std::string& folder, const std::vector<std::string>& entries) {
  const std::set<std::string_view> present(entries.begin(), entries.end());
  std::vector<Files> found;
  for (const std::string& entry : entries) {
    const std::string path = folder + "/" + entry;
    if (const auto name = name_of_certificate(entry)) {
      const bool has_own_key = present.contains(*name + ".key");
      found.push_back({*name, path, has_own_key ? folder + "/" + *name + ".key" : path});
    } else if (const auto inside = list_folder(path, kMostNames)) {
      // Only what looks like one: a folder may have others beside it.
      if (std::find(inside->begin(), inside->end(), "fullchain.pem") != inside->end())
        found.push_back({entry, path + "/fullchain.pem", path + "/privkey.pem"});
    } else if (inside.error().code == Errc::kDenied) {
      found.push_back({entry, path + "/fullchain.pem", path + "/privkey.pem"});
    }
  }
  std::stable_partition(found.begin(), found.end(), [](const Files& files) { return files.name == kDefaultName; });
  return found;
}

Result<VisitorCertificate> load(const Files& files) {
  auto certificates = read_file(files.certificate, kMaxFileBytes);
  if (!certificates) return std::unexpected(certificates.error());
  std::string key = *certificates;
  if (files.key != files.certificate) {
    auto read = read_file(files.key, kMaxFileBytes);
    if (!read) return std::unexpected(read.error());
    key = std::move(*read);
  } else if (!has_key(key)) {
    return fail(Errc::kInvalid, files.certificate + ": has no private key, and " +
                                    files.certificate.substr(0, files.certificate.size() - 4) + ".key is not there");
  }
  auto facts = certificate_facts(*certificates);
  if (!facts) return fail(facts.error().code, files.certificate + ": " + facts.error().text);
  // The context that will use it, for what only OpenSSL can tell: a foreign key, an algorithm that is too weak.
  const auto trial = make_context(TLS1_2_VERSION);
  if (!trial) return std::unexpected(trial.error());
  if (auto used = use_identity(trial->get(), *certificates, key); !used)
    return fail(used.error().code, files.certificate + " with " + files.key + ": " + used.error().text);
  return VisitorCertificate{files.certificate, std::move(*certificates), std::move(key), std::move(*facts)};
}

}  // namespace

Result<CertificateFolder> load_certificate_folder(const std::string& path) {
  const auto entries = list_folder(path, kMostNames);
  if (!entries) return std::unexpected(entries.error());
  CertificateFolder folder;
  for (const Files& files : find_files(path, *entries)) {
    auto loaded = load(files);
    if (!loaded) {
      folder.warnings.push_back("certificate left out: " + loaded.error().text);
      continue;
    }
    if (auto warning = key_file_warning(files.key)) folder.warnings.push_back(std::move(*warning));
    folder.certificates.push_back(std::move(*loaded));
  }
  return folder;
}

}  // namespace railgun::tls
