#include "railgund/tls/context.h"

#include <filesystem>

#include <sys/stat.h>

#include "tests/unit/temporary_folder.h"
#include "tests/unit/tls/pair.h"

namespace railgun::tls {
namespace {

class Files : public testing::Test {
 protected:
  std::string file(const std::string& name, const std::string& text) { return temporary.write(name, text); }

  const test::TemporaryFolder temporary;
  const std::filesystem::path& folder = temporary.path();
  const KeyAndCertificate authority = make_authority();
  const Identity identity = make_identity(authority, {"one.example"});
};

TEST_F(Files, MakeAnIdentity) {
  const auto loaded =
      load_identity(file("cert", identity.certificates), file("key", identity.key), file("ca", identity.authorities));
  ASSERT_TRUE(loaded) << loaded.error().text;
  EXPECT_TRUE(make_link_context(*loaded));
}

TEST_F(Files, ErrorsNameTheFileAndTheReason) {
  const std::string certificate = file("cert", identity.certificates), key = file("key", identity.key),
                    authorities = file("ca", identity.authorities), garbage = file("garbage", "hello"),
                    empty = file("empty", "");
  const std::string missing = folder / "missing";
  EXPECT_EQ(load_identity(missing, key, authorities).error().text, "certificate " + missing + ": no such file");
  EXPECT_EQ(load_identity(certificate, missing, authorities).error().code, Errc::kNotFound);
  EXPECT_EQ(load_identity(certificate, key, folder).error().text,
            "certificate authority " + folder.string() + ": is a folder, not a file");
  EXPECT_TRUE(
      load_identity(garbage, key, authorities).error().text.starts_with("certificate " + garbage + " is not PEM"));
  EXPECT_TRUE(
      load_identity(certificate, garbage, authorities).error().text.starts_with("key " + garbage + " is not a PEM"));
  EXPECT_EQ(load_identity(certificate, key, empty).error().code, Errc::kInvalid);
  EXPECT_EQ(load_identity("", key, authorities).error().text, "no certificate is set");
}

TEST_F(Files, AKeyThatEverybodyReadsIsWarnedOf) {
  const std::string key = file("key", identity.key);
  ASSERT_EQ(::chmod(key.c_str(), 0640), 0);
  EXPECT_FALSE(key_file_warning(key));
  ASSERT_EQ(::chmod(key.c_str(), 0644), 0);
  ASSERT_TRUE(key_file_warning(key));
  EXPECT_NE(key_file_warning(key)->find(key), std::string::npos);
}

TEST_F(Files, KeyAndCertificateMustBelongTogether) {
  Identity mixed = identity;
  mixed.key = make_identity(authority, {"two.example"}).key;
  EXPECT_EQ(make_link_context(mixed).error().text, "the key does not belong to the certificate");
  Identity alone = identity;
  alone.authorities = "";
  EXPECT_EQ(make_link_context(alone).error().code, Errc::kInvalid);
}

TEST_F(Files, OriginsAreCheckedByTheBundle) {
  const Identity web = make_identity(authority, {"www.example"});
  const auto server_context = make_server_context(web.certificates, web.key);
  ASSERT_TRUE(server_context);
  const auto trusted = make_origin_context({.verify = true, .bundle_file = file("ca", authority.certificate)});
  const auto strange =
      make_origin_context({.verify = true, .bundle_file = file("ca2", make_authority("other").certificate)});
  ASSERT_TRUE(trusted && strange);
  for (const auto& [context, name, accepted] :
       {std::tuple{*trusted, "www.example", true}, {*trusted, "x.example", false}, {*strange, "www.example", false}}) {
    Engine client = Engine::client(context, name);
    Engine server = Engine::server(*server_context);
    EXPECT_EQ(!converse(client, server).client, accepted) << name;
  }
  const std::string missing = folder / "missing";
  EXPECT_EQ(make_origin_context({.verify = true, .bundle_file = missing}).error().text,
            "ca.bundle " + missing + ": no such file");
}

}  // namespace
}  // namespace railgun::tls
