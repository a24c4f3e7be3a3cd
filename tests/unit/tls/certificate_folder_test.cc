#include "railgund/tls/certificate_folder.h"

#include <filesystem>

#include <sys/stat.h>

#include "tests/unit/temporary_folder.h"
#include "tests/unit/tls/pair.h"

namespace railgun::tls {
namespace {

class Folder : public testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) {
    ASSERT_EQ(::chmod(temporary.write(name, text).c_str(), 0600), 0);
  }
  CertificateFolder load() {
    auto loaded = load_certificate_folder(folder);
    EXPECT_TRUE(loaded) << loaded.error().text;
    return loaded ? *loaded : CertificateFolder{};
  }
  std::vector<std::string> names() {
    std::vector<std::string> all;
    for (const VisitorCertificate& certificate : load().certificates) all.push_back(certificate.facts.dns_names.at(0));
    return all;
  }

  const test::TemporaryFolder temporary;
  const std::filesystem::path& folder = temporary.path();
  const KeyAndCertificate authority = make_authority();
  const Identity one = make_identity(authority, {"one.example"}), two = make_identity(authority, {"two.example"}),
                 three = make_identity(authority, {"three.example"});
};

TEST_F(Folder, HasPairsOfFilesAndFoldersOfCertbot) {
  write("b.pem", one.certificates);
  write("b.key", one.key);
  write("c.crt", two.certificates + two.key);
  write("a/fullchain.pem", three.certificates + authority.certificate);
  write("a/privkey.pem", three.key);
  EXPECT_EQ(names(), (std::vector<std::string>{"three.example", "one.example", "two.example"}));
  EXPECT_TRUE(load().warnings.empty());
}

TEST_F(Folder, TheOneCalledDefaultIsFirst) {
  write("a.pem", one.certificates + one.key);
  write("default.pem", two.certificates + two.key);
  EXPECT_EQ(names(), (std::vector<std::string>{"two.example", "one.example"}));
}

TEST_F(Folder, IgnoresWhatIsNoCertificate) {
  write("README", "hello");
  write("a.json", "{}");
  write("a.issuer.crt", authority.certificate);
  write(".hidden.pem", "x");
  write("other/file", "x");
  write("a.key", one.key);
  EXPECT_TRUE(load().certificates.empty());
  EXPECT_TRUE(load().warnings.empty());
}

TEST_F(Folder, LeavesOutWhatCannotBeUsedAndSaysWhy) {
  write("a.pem", one.certificates);
  write("a.key", two.key);
  write("b.pem", "hello");
  write("b.key", one.key);
  write("c.pem", one.certificates);
  write("d/fullchain.pem", one.certificates);
  write("e.pem", three.certificates + three.key);
  const std::string at = folder.string() + "/";
  const CertificateFolder loaded = load();
  ASSERT_EQ(loaded.certificates.size(), 1U);
  EXPECT_EQ(loaded.certificates[0].file, at + "e.pem");
  ASSERT_EQ(loaded.warnings.size(), 4U);
  EXPECT_EQ(loaded.warnings[0],
            "certificate left out: " + at + "a.pem with " + at + "a.key: the key does not belong to the certificate");
  EXPECT_TRUE(loaded.warnings[1].starts_with("certificate left out: " + at + "b.pem: not a PEM certificate"));
  EXPECT_EQ(loaded.warnings[2],
            "certificate left out: " + at + "c.pem: has no private key, and " + at + "c.key is not there");
  EXPECT_EQ(loaded.warnings[3], "certificate left out: " + at + "d/privkey.pem: no such file");
}

TEST_F(Folder, WarnsOfAKeyThatEverybodyMayRead) {
  write("a.pem", one.certificates + one.key);
  ASSERT_EQ(::chmod((folder / "a.pem").c_str(), 0644), 0);
  const CertificateFolder loaded = load();
  EXPECT_EQ(loaded.certificates.size(), 1U);
  EXPECT_EQ(loaded.warnings.size(), 1U);
}

TEST_F(Folder, ThatIsNotThereIsAnError) {
  const auto missing = load_certificate_folder(folder / "missing");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().text, (folder / "missing").string() + ": no such folder");
  write("file", "x");
  EXPECT_EQ(load_certificate_folder(folder / "file").error().code, Errc::kInvalid);
}

}  // namespace
}  // namespace railgun::tls
